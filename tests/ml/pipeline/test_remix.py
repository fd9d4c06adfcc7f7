"""Remixes: another model from the scene of an earlier result, without the network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from ml import engines, files
from ml.errors import ReconstructionError
from ml.photo import decode
from ml.pipeline.reconstruct import Reconstruction, remix
from tests.ml.conftest import SMALL
from tests.ml.serve.test_engine_server import messages_for

CHANGED = replace(SMALL, engine="auto", foreground_ratio=0.6, remove_background=False, faces=600, height_mm=42.0)
AFTER_THE_SCENE = ["surface", "mesh", "texture", "views", "export"]
MODELS = (files.GLB, files.OBJ, files.STL, files.TEXTURE, files.PREVIEW, files.SCENE, files.INPUT, files.CUTOUT)


@pytest.fixture(scope="module")
def no_network(result: Reconstruction) -> Iterator[None]:
    """Choosing an engine or opening a photo fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(engines, "choose")
        patch.delattr(decode, "open_photo")
        yield


@pytest.fixture(scope="module")
def events() -> list[str]:
    return []


@pytest.fixture(scope="module")
def changed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("changed")


@pytest.fixture(scope="module")
def changed(
    result: Reconstruction, result_dir: Path, changed_dir: Path, events: list[str], no_network: None
) -> Reconstruction:
    """A remix with other settings, some of which shaped the scene."""
    return remix(
        result_dir, CHANGED, changed_dir, on_progress=lambda stage, _: events.append(stage), on_file=events.append
    )


def test_settings_of_the_model_change(changed: Reconstruction, changed_dir: Path) -> None:
    mesh = trimesh.load_mesh(changed_dir / files.STL)
    assert mesh.extents.max() == pytest.approx(42.0, abs=0.01)
    assert len(mesh.faces) <= 600


def test_settings_that_shaped_the_scene_are_kept(changed: Reconstruction) -> None:
    recipe = changed.report["recipe"]
    assert (recipe["engine"], recipe["foreground_ratio"], recipe["remove_background"]) == ("compact", 0.85, True)


def test_a_remix_starts_at_the_surface_and_announces_early_files(changed: Reconstruction, events: list[str]) -> None:
    assert list(dict.fromkeys(events)) == [files.CUTOUT, "surface", files.PREVIEW, *AFTER_THE_SCENE[1:]]
    assert [stage["name"] for stage in changed.report["stages"]] == AFTER_THE_SCENE


def test_the_report_describes_the_source(changed: Reconstruction, result: Reconstruction) -> None:
    assert changed.report["remixed"] is True
    assert result.report["remixed"] is False
    for name in ("engine", "weights_hash", "photo", "background", "shots"):
        assert changed.report[name] == result.report[name]
    assert changed.engine == "compact"


def test_a_remix_writes_the_same_files_as_a_first_model(changed: Reconstruction, result: Reconstruction) -> None:
    assert changed.files == result.files


def test_a_remix_of_a_remix_with_the_first_recipe_reproduces_the_first_files(
    changed: Reconstruction, changed_dir: Path, result_dir: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(changed_dir, copied)
    remix(copied, SMALL, tmp_path / "again")
    for name in MODELS:
        assert (tmp_path / "again" / name).read_bytes() == (result_dir / name).read_bytes(), name


def test_a_remix_can_put_the_model_on_a_plate(result: Reconstruction, result_dir: Path, tmp_path: Path) -> None:
    made = remix(result_dir, replace(SMALL, base="plate"), tmp_path)
    mesh = made.report["mesh"]
    assert (mesh["stands"], mesh["parts"]) == (True, result.report["mesh"]["parts"])
    assert mesh["faces"] > result.report["mesh"]["faces"]
    assert made.report["self_check"]["silhouette_iou"] > 0.9
    printed = trimesh.load_mesh(tmp_path / files.STL)
    assert max(printed.extents) == pytest.approx(100.0, abs=0.01)
    assert mesh["size_mm"] == pytest.approx(printed.extents[[1, 0, 2]], abs=0.02)


def test_the_engine_server_remixes_the_folder_named_in_the_request(
    result: Reconstruction, result_dir: Path, tmp_path: Path
) -> None:
    messages = messages_for([], tmp_path, source=str(result_dir))
    assert messages[-1]["done"]["report"]["remixed"] is True
    assert messages[-1]["done"]["report"]["shots"] == result.report["shots"]


def test_a_remix_can_render_the_scene_itself_on_a_coloured_background(
    result: Reconstruction, result_dir: Path, tmp_path: Path
) -> None:
    made = remix(result_dir, replace(SMALL, renderer="nerf", background="#ffffff"), tmp_path)
    assert made.report["recipe"]["renderer"] == "nerf"
    assert (tmp_path / files.GLB).exists()
    for name in ("render_000.png", files.POSTER):
        ours, theirs = pixels(tmp_path / name), pixels(result_dir / name)
        assert ours[..., 3].min() == 255
        assert (ours[0, 0] == 255).all()
        red = (ours[..., 0].astype(int) - ours[..., 2]) > 90
        assert 0.6 < red.sum() / ((theirs[..., 0].astype(int) - theirs[..., 2]) > 90).sum() < 1.6


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"))


@pytest.mark.parametrize("missing", [files.SCENE, files.REPORT, files.CUTOUT, files.INPUT])
def test_a_source_with_a_missing_file_is_rejected(
    result: Reconstruction, result_dir: Path, tmp_path: Path, missing: str
) -> None:
    shutil.copytree(result_dir, tmp_path / "source")
    (tmp_path / "source" / missing).unlink()
    assert_unusable(tmp_path / "source", tmp_path / "out")


@pytest.mark.parametrize("broken", [files.SCENE, files.REPORT, files.CUTOUT])
def test_a_damaged_source_is_rejected(result: Reconstruction, result_dir: Path, tmp_path: Path, broken: str) -> None:
    shutil.copytree(result_dir, tmp_path / "source")
    (tmp_path / "source" / broken).write_bytes(b"{}")
    assert_unusable(tmp_path / "source", tmp_path / "out")


def test_a_report_that_names_a_file_outside_its_folder_is_rejected(
    result: Reconstruction, result_dir: Path, tmp_path: Path
) -> None:
    shutil.copytree(result_dir, tmp_path / "source")
    shutil.copy(result_dir / files.CUTOUT, tmp_path / "secret.png")
    report = json.loads((result_dir / files.REPORT).read_text())
    report["shots"][0]["file"] = "../secret.png"
    (tmp_path / "source" / files.REPORT).write_text(json.dumps(report))
    assert_unusable(tmp_path / "source", tmp_path / "out")


def assert_unusable(source: Path, out_dir: Path) -> None:
    with pytest.raises(ReconstructionError) as error:
        remix(source, SMALL, out_dir)
    assert error.value.code == "source_unusable"
    assert not out_dir.exists()


def test_a_remix_into_the_folder_of_its_source_is_rejected(result: Reconstruction, result_dir: Path) -> None:
    before = {path.name for path in result_dir.iterdir()}
    with pytest.raises(ReconstructionError, match="different folder"):
        remix(result_dir, SMALL, result_dir)
    assert {path.name for path in result_dir.iterdir()} == before


def test_the_depth_changes_without_the_network(
    result: Reconstruction, result_dir: Path, tmp_path: Path, no_network: None
) -> None:
    deeper = remix(result_dir, replace(SMALL, depth=1.5), tmp_path)
    before, after = (trimesh.load_mesh(folder / files.STL) for folder in (result_dir, tmp_path))
    ratios = [(mesh.extents[1] / mesh.extents[0]) for mesh in (before, after)]
    assert ratios[1] / ratios[0] > 1.25
    flat, deep = (trimesh.load_mesh(folder / files.PREVIEW).extents for folder in (result_dir, tmp_path))
    assert (deep[2] / deep[0]) / (flat[2] / flat[0]) > 1.25
    assert deeper.report["recipe"]["depth"] == 1.5
    assert deeper.report["self_check"]["silhouette_iou"] > 0.9


def test_the_photos_light_can_be_kept(
    result: Reconstruction, result_dir: Path, tmp_path: Path, no_network: None
) -> None:
    lit = remix(result_dir, replace(SMALL, relight=False), tmp_path)
    assert (lit.report["recipe"]["relight"], result.report["recipe"]["relight"]) == (False, True)
    assert np.any(
        np.asarray(Image.open(tmp_path / files.TEXTURE)) != np.asarray(Image.open(result_dir / files.TEXTURE))
    )
    assert lit.report["self_check"]["psnr_db"] > 25.0 and result.report["self_check"]["psnr_db"] > 25.0
