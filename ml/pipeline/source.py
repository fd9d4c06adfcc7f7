"""What a model is made from once the network has spoken: scene and shots, kept with each result for a remix."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ml import files
from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import Shot
from ml.recipe import Recipe
from ml.scene import protocol as scenes
from ml.scene.protocol import Scene

FACTS = ("engine", "weights_hash", "photo", "background", "origin_notes", "shots")
"""What a remix's report says as its source's does."""


@dataclass(frozen=True)
class Origin:
    """Scene and shots (the main photo's first), and that part of the report which is about them: `FACTS`."""

    scene: Scene
    shots: tuple[Shot, ...]
    facts: dict[str, Any]


def save_picture(cutout: Cutout, number: int, folder: Path) -> None:
    """Write a photo's cutout without what was behind it, and what the network saw of the main photo."""
    visible = np.where(cutout.rgba[..., 3:] > 0, cutout.rgba, np.uint8(0))
    Image.fromarray(visible).save(folder / files.CUTOUTS[number])
    if number == 0:
        Image.fromarray(cutout.on_grey()).save(folder / files.INPUT)


def load(folder: Path) -> tuple[Origin, Recipe]:
    """Read the origin of an earlier result, and its recipe. Raises ReconstructionError(`source_unusable`)."""
    try:
        report = json.loads((folder / files.REPORT).read_text(encoding="utf-8"))
        facts = {name: report[name] for name in FACTS}
        shots = tuple(_shot(folder, each, facts["background"]) for each in facts["shots"])
        return Origin(scenes.load(folder / files.SCENE), shots, facts), Recipe.from_dict(report["recipe"])
    except (OSError, ValueError, KeyError, TypeError, ReconstructionError) as error:
        raise ReconstructionError("source_unusable") from error


def copy_files(source: Path, folder: Path) -> tuple[str, ...]:
    """Copy what the next remix will need, the scene and the photos' pictures; their names. Raises `source_unusable`."""
    names = (files.SCENE, files.INPUT, *(name for name in files.CUTOUTS if (source / name).exists()))
    try:
        for name in names:
            shutil.copyfile(source / name, folder / name)
    except FileNotFoundError as error:
        raise ReconstructionError("source_unusable") from error
    return names


def with_shots(made_from: Origin, shots: Sequence[Shot]) -> Origin:
    """The same origin with other cameras of its photos, in the report's facts, too."""
    return replace(made_from, shots=tuple(shots), facts=made_from.facts | {"shots": [each.to_dict() for each in shots]})


def _shot(folder: Path, entry: dict[str, Any], method: str) -> Shot:
    """A shot as the report names it; its colours beyond the silhouette are gone, and nobody asks for them."""
    name = files.CUTOUTS[files.CUTOUTS.index(entry["file"])]
    with Image.open(folder / name, formats=("PNG",)) as picture:
        rgba = np.asarray(picture.convert("RGBA"))
    height, width = rgba.shape[:2]
    return Shot.from_dict(entry, Cutout(rgba, (0, 0, width, height), method))
