"""The source of a model: stored with a result, read for a remix."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import engines, files
from ml.core.camera import Camera
from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.pipeline.source import METADATA_KEYS, Source, copy_source_files, load_source, save_cutout, with_photos
from ml.recipe import Recipe
from tests.ml.scenes import AnalyticScene

SCENE = AnalyticScene()
COLORED = np.full((512, 512, 4), 200, np.uint8)
COLORED[:100, :, 3] = 0
CUTOUT = Cutout(COLORED, (0, 0, 512, 512), "none")
PHOTO = PosedPhoto(CUTOUT, Camera(elevation=10.0))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A result, as far as a remix needs it."""
    metadata = dict.fromkeys(METADATA_KEYS, "none") | {"shots": [PHOTO.to_dict()]}
    save_cutout(CUTOUT, 0, tmp_path)
    (tmp_path / files.SCENE).touch()
    (tmp_path / files.REPORT).write_text(json.dumps(metadata | {"recipe": Recipe(faces=600).to_dict(), "seconds": 1.0}))
    monkeypatch.setattr(engines, "load_scene", lambda path: SCENE)
    return tmp_path


def test_colours_outside_the_silhouette_are_not_stored(folder: Path) -> None:
    with Image.open(folder / files.CUTOUT) as picture:
        pixels = np.asarray(picture)
    assert pixels[0, 0].tolist() == [0, 0, 0, 0]
    assert pixels[511, 511].tolist() == [200, 200, 200, 200]


def test_only_the_main_photo_is_stored_as_the_networks_input(tmp_path: Path) -> None:
    save_cutout(CUTOUT, 1, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cutout_1.png"]


def test_scene_photos_metadata_and_recipe_are_read(folder: Path) -> None:
    source, recipe = load_source(folder)
    assert recipe == Recipe(faces=600)
    assert source.scene is SCENE
    assert set(source.metadata) == set(METADATA_KEYS)
    (photo,) = source.photos
    assert photo.camera == PHOTO.camera
    assert np.array_equal(photo.cutout.alpha, CUTOUT.alpha)


def test_a_report_without_one_of_its_keys_is_unusable(folder: Path) -> None:
    report = json.loads((folder / files.REPORT).read_text())
    del report["weights_hash"]
    (folder / files.REPORT).write_text(json.dumps(report))
    with pytest.raises(ReconstructionError) as error:
        load_source(folder)
    assert error.value.code == "source_unusable"


def test_the_files_for_the_next_remix_are_copied(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    assert set(copy_source_files(folder, tmp_path / "next")) == {files.SCENE, files.INPUT, files.CUTOUT}
    assert (tmp_path / "next" / files.CUTOUT).read_bytes() == (folder / files.CUTOUT).read_bytes()


def test_new_cameras_are_also_entered_in_the_metadata() -> None:
    moved = replace(PHOTO, camera=Camera(azimuth=20.0))
    source = with_photos(Source(SCENE, (PHOTO,), {"engine": "compact", "shots": []}), [moved])
    assert source.photos == (moved,)
    assert source.metadata == {"engine": "compact", "shots": [moved.to_dict()]}
