"""The objects that engines are measured on: held-out meshes of a folder, or generated ones unlike the training data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from ml.evaluation.single_photo import Example, make_examples
from ml.training import dataset, meshes, shapes
from ml.training.conventions import is_held_out

SEED = 977
"""Of the generated objects; training seeds count from 1, so that no object is shared."""


def object_sets(folder: Path | None, count: int, held_out_only: bool) -> dict[str, Iterable[meshes.ColoredMesh]]:
    """`count` meshes of a folder, or as many generated objects of trained and of held-out families, by title."""
    if folder:
        objects = (mesh for mesh in meshes.load_folder(folder) if not held_out_only or is_held_out(mesh.name))
        return {f"meshes of {folder.name}": islice(objects, count)}
    known, new = dataset.generate_objects(SEED), dataset.generate_objects(SEED + 1, shapes.HELD_OUT)
    return {
        "generated, families seen in training": islice(known, count),
        "generated, held-out families": islice(new, count),
    }


def boxes(count: int) -> Iterator[meshes.ColoredMesh]:
    """Boxes of seeded proportions and colours: of these it is known which faces are flat."""
    for number in range(count):
        rng = np.random.default_rng(SEED + number)
        sides = rng.uniform(0.35, 1.0, 3)
        color = rng.uniform(0.2, 0.9, 3).astype(np.float32)
        part = shapes.parts.box(color, (float(sides[0]), float(sides[1]), float(sides[2])))
        yield meshes.normalized(shapes.join(f"box_{number}", [part]))


def example_sets(folder: Path | None, count: int, held_out_only: bool) -> dict[str, list[Example]]:
    """One seeded view of each object of `object_sets`."""
    sets = object_sets(folder, count, held_out_only)
    return {title: list(make_examples(objects)) for title, objects in sets.items()}
