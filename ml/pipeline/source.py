"""What a model is made from after inference: the scene and its photos, stored with each result for a remix."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ml import engines, files
from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.recipe import Recipe
from ml.scene.protocol import Scene

METADATA_KEYS = ("engine", "weights_hash", "photo", "background", "origin_notes", "shots")
"""Keys of the report that a remix copies from its source."""


@dataclass(frozen=True)
class Source:
    """The scene, the photos it was made from (the main one first), and their part of the report (`METADATA_KEYS`)."""

    scene: Scene
    photos: tuple[PosedPhoto, ...]
    metadata: dict[str, Any]


def save_cutout(cutout: Cutout, number: int, folder: Path) -> None:
    """Write a photo's cutout, black where it is transparent, and for the main photo (0) the network's input."""
    visible = np.where(cutout.rgba[..., 3:] > 0, cutout.rgba, np.uint8(0))
    Image.fromarray(visible).save(folder / files.CUTOUTS[number])
    if number == 0:
        Image.fromarray(cutout.on_grey()).save(folder / files.INPUT)


def load_source(folder: Path) -> tuple[Source, Recipe]:
    """Read the source and the recipe of an earlier result. Raises ReconstructionError(`source_unusable`)."""
    try:
        report = json.loads((folder / files.REPORT).read_text(encoding="utf-8"))
        metadata = {key: report[key] for key in METADATA_KEYS}
        photos = tuple(_load_photo(folder, entry, metadata["background"]) for entry in metadata["shots"])
        return Source(engines.load_scene(folder / files.SCENE), photos, metadata), Recipe.from_dict(report["recipe"])
    except (OSError, ValueError, KeyError, TypeError, ReconstructionError) as error:
        raise ReconstructionError("source_unusable") from error


def copy_source_files(earlier: Path, folder: Path) -> tuple[str, ...]:
    """Copy what the next remix will need, the scene and the pictures, and return their names.

    Raises ReconstructionError(`source_unusable`).
    """
    names = (files.SCENE, files.INPUT, *(name for name in files.CUTOUTS if (earlier / name).exists()))
    try:
        for name in names:
            shutil.copyfile(earlier / name, folder / name)
    except FileNotFoundError as error:
        raise ReconstructionError("source_unusable") from error
    return names


def with_photos(source: Source, photos: Sequence[PosedPhoto]) -> Source:
    """A copy with other photos (the same ones, other cameras), also in the metadata."""
    entries = [photo.to_dict() for photo in photos]
    return replace(source, photos=tuple(photos), metadata=source.metadata | {"shots": entries})


def _load_photo(folder: Path, entry: dict[str, Any], method: str) -> PosedPhoto:
    """The photo of a report entry. Its colours outside the silhouette were not stored, and nothing needs them."""
    name = files.CUTOUTS[files.CUTOUTS.index(entry["file"])]
    with Image.open(folder / name, formats=("PNG",)) as picture:
        rgba = np.asarray(picture.convert("RGBA"))
    height, width = rgba.shape[:2]
    return PosedPhoto.from_dict(entry, Cutout(rgba, (0, 0, width, height), method))
