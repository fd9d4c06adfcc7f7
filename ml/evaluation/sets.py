"""The objects that engines are judged on: held-out meshes of a folder, or generated ones unlike those of training."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from ml.evaluation.single_photo import Example, examples
from ml.training import dataset, meshes, shapes

SEED = 977
"""Of the generated objects; training counts its seeds from one."""


def solid_sets(folder: Path | None, count: int, held_out_only: bool) -> dict[str, Iterable[meshes.Solid]]:
    """The objects to judge on: a folder's meshes, else generated objects of known and of new families."""
    if folder:
        solids = (each for each in meshes.from_folder(folder) if not held_out_only or meshes.held_out(each.name))
        return {f"meshes of {folder.name}": islice(solids, count)}
    known, new = dataset.generated(SEED), dataset.generated(SEED + 1, shapes.HELD_OUT)
    return {
        "generated, families of training": islice(known, count),
        "generated, families that training never saw": islice(new, count),
    }


def example_sets(folder: Path | None, count: int, held_out_only: bool) -> dict[str, list[Example]]:
    """One seeded view of each object of `solid_sets`."""
    return {title: list(examples(each)) for title, each in solid_sets(folder, count, held_out_only).items()}
