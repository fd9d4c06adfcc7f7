"""The whole way of a photo: every file, the report, stopping, and leaving nothing behind."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy.spatial import cKDTree

import ml
from ml import files
from ml.core.images import to_linear
from ml.engines import Engine, load_scene
from ml.engines.compact.engine import CompactEngine
from ml.errors import ReconstructionError, Stopped
from ml.mesh import marching_cubes
from ml.mesh.mesh import Mesh
from ml.photo.cutout import Cutout
from ml.pipeline.reconstruct import Reconstruction, reconstruct
from ml.recipe import MAX_PHOTOS
from ml.scene.protocol import Scene
from ml.stages import STAGE_NAMES
from ml.texture import relief
from tests.ml.conftest import SMALL
from tests.ml.glb_files import gltf_of, stored_colors

CONTRACT = {file.name for file in files.result_files()} | {files.frame_name(index) for index in range(3)}


def test_every_file_of_the_contract_is_written(result: Reconstruction, result_dir: Path) -> None:
    assert {path.name for path in result_dir.iterdir()} == CONTRACT
    assert set(result.files) == CONTRACT
    assert all((result_dir / name).stat().st_size > 0 for name in result.files)


def test_the_pictures_have_the_expected_sizes(result: Reconstruction, result_dir: Path) -> None:
    sizes = {files.INPUT: (512, 512), files.CUTOUT: (512, 512), files.TEXTURE: (128, 128), "render_000.png": (64, 64)}
    for name, size in sizes.items():
        with Image.open(result_dir / name) as picture:
            assert picture.size == size


def test_the_cutout_does_not_contain_the_background(result: Reconstruction, result_dir: Path) -> None:
    with Image.open(result_dir / files.CUTOUT) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0)) == (0, 0, 0, 0)


def test_the_models_can_be_loaded_and_are_watertight(result: Reconstruction, result_dir: Path) -> None:
    assert trimesh.load_mesh(result_dir / files.STL).is_watertight
    for name in (files.GLB, files.PREVIEW, files.OBJ):
        assert len(trimesh.load_mesh(result_dir / name).faces) > 100


def test_the_preview_has_the_colours_of_the_model_on_all_sides(result: Reconstruction, result_dir: Path) -> None:
    preview, model = (trimesh.load_mesh(result_dir / name, process=False) for name in (files.PREVIEW, files.GLB))
    texture = np.asarray(Image.open(result_dir / files.TEXTURE))
    visual: Any = model.visual
    column, row = (visual.uv * [1, -1] + [0, 1]).clip(0.0, 0.999).T * len(texture)
    painted = to_linear(texture[row.astype(int), column.astype(int)] / np.float32(255.0))
    ours, theirs = ((mesh.vertices - mesh.bounds[0]) / mesh.extents.max() for mesh in (preview, model))
    difference = np.abs(stored_colors(result_dir / files.PREVIEW) - painted[cKDTree(theirs).query(ours)[1]]).mean(
        axis=1
    )
    for side in (preview.vertices[:, 2] < -0.02, preview.vertices[:, 2] > 0.02):
        assert side.sum() > 50
        assert np.median(difference[side]) < 0.02


def test_the_report_says_what_no_photo_shows(result: Reconstruction) -> None:
    found = result.report["unseen"]
    assert 0.3 < found["share"] < 0.9
    assert set(found["sides"]) == {"right", "back", "left"}
    assert found["sides"]["back"] > 0.1


def test_the_scene_is_stored_for_a_remix(result: Reconstruction, result_dir: Path) -> None:
    assert load_scene(result_dir / files.SCENE).threshold == 0.5


def test_the_report_records_engine_background_and_recipe(result: Reconstruction, result_dir: Path) -> None:
    report = json.loads((result_dir / files.REPORT).read_text())
    assert report == result.report
    assert report["engine"] == result.engine == "compact"
    assert report["background"] == "transparency"
    assert report["photo"] == {"width": 320, "height": 320}
    assert report["recipe"]["grid"] == 40
    assert report["versions"]["torch"].startswith("2.")


def test_the_report_contains_the_advice_on_the_photo(result: Reconstruction) -> None:
    (entry,) = [entry for entry in result.report["notes"] if entry["code"] == "too_small"]
    assert "pixels long" in entry["message"]


@pytest.mark.parametrize(("quality", "count"), [("draft", 1), ("standard", 2)])
def test_a_relief_in_the_photo_is_in_the_glb_of_all_but_drafts(
    tmp_path: Path, mushroom_png: bytes, monkeypatch: pytest.MonkeyPatch, quality: str, count: int
) -> None:
    tilt = np.zeros((relief.SIZE, relief.SIZE, 3), np.float32)
    monkeypatch.setattr(relief, "find", lambda lit, photo: relief.Relief(tilt))
    reconstruct([mushroom_png], replace(SMALL, quality=quality), tmp_path)
    gltf = gltf_of(tmp_path / files.GLB)
    assert len(gltf["images"]) == count
    assert ("normalTexture" in gltf["materials"][0]) is (quality == "standard")


def test_a_model_that_is_larger_than_a_print_bed_gets_a_note(
    tmp_path: Path, mushroom_png: bytes, result: Reconstruction
) -> None:
    made = reconstruct([mushroom_png], replace(SMALL, height_mm=300.0), tmp_path)
    assert max(made.report["mesh"]["size_mm"]) == pytest.approx(300.0, abs=0.1)
    assert "larger_than_bed" in [entry["code"] for entry in made.report["notes"]]
    assert "larger_than_bed" not in [entry["code"] for entry in result.report["notes"]]


def test_the_report_lists_the_cost_of_each_stage(result: Reconstruction) -> None:
    stages = result.report["stages"]
    assert [stage["name"] for stage in stages] == list(STAGE_NAMES)
    assert all(stage["seconds"] >= 0.0 and stage["peak_mb"] > 10.0 for stage in stages)
    assert result.report["seconds"] == pytest.approx(sum(stage["seconds"] for stage in stages), abs=0.01)


def test_the_report_compares_the_model_with_the_photo(result: Reconstruction) -> None:
    assert result.report["self_check"]["silhouette_iou"] > 0.9
    assert result.report["mesh"]["watertight"]


def test_progress_goes_through_the_stages_in_order(tmp_path: Path, mushroom_png: bytes) -> None:
    steps: list[tuple[str, float]] = []
    reconstruct([mushroom_png], SMALL, tmp_path, on_progress=lambda stage, fraction: steps.append((stage, fraction)))
    stages = [stage for stage, _ in steps]
    assert list(dict.fromkeys(stages)) == list(STAGE_NAMES)
    assert stages == sorted(stages, key=STAGE_NAMES.index)
    for name in STAGE_NAMES:
        fractions = [fraction for stage, fraction in steps if stage == name]
        assert fractions == sorted(fractions)
        assert (fractions[0], fractions[-1]) == (0.0, 1.0)


def test_the_preview_is_published_before_the_surface_is_finished(tmp_path: Path, mushroom_png: bytes) -> None:
    seen: dict[str, bool] = {}

    def check(stage: str, fraction: float) -> None:
        seen.setdefault(f"{stage} {fraction:.1f}", (tmp_path / files.PREVIEW).exists())

    reconstruct([mushroom_png], SMALL, tmp_path, on_progress=check)
    assert not seen["surface 0.0"]
    assert seen["surface 0.2"]


def test_early_files_are_announced_once_they_are_complete(tmp_path: Path, mushroom_png: bytes) -> None:
    events: list[str | tuple[str, bytes]] = []
    made = reconstruct(
        [mushroom_png],
        SMALL,
        tmp_path,
        on_progress=lambda stage, fraction: events.append(f"{stage} {fraction:.1f}"),
        on_file=lambda name: events.append((name, (tmp_path / name).read_bytes())),
    )
    early = [event for event in events if isinstance(event, tuple)]
    assert [name for name, _ in early] == [files.CUTOUT, files.PREVIEW]
    assert all((tmp_path / name).read_bytes() == data for name, data in early)
    assert events.index(early[0]) < events.index("scene 0.0")
    assert events.index(early[1]) < events.index("mesh 0.0")
    assert {files.CUTOUT, files.PREVIEW} <= set(made.files)


@pytest.mark.parametrize("stage", STAGE_NAMES)
def test_a_run_can_be_stopped_in_every_stage_and_leaves_no_file(
    tmp_path: Path, mushroom_png: bytes, stage: str
) -> None:
    reached: list[str] = []
    with pytest.raises(Stopped):
        reconstruct(
            [mushroom_png],
            SMALL,
            tmp_path / "out",
            on_progress=lambda name, _: reached.append(name),
            should_stop=lambda: stage in reached,
        )
    assert reached[-1] == stage
    assert not (tmp_path / "out").exists()


def test_a_failure_does_not_touch_other_files(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ReconstructionError) as error:
        reconstruct([b"not a photo"], SMALL, tmp_path)
    assert error.value.code == "unsupported_type"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@dataclass(frozen=True)
class HungryEngine:
    """Needs more memory than there is."""

    name: str = "hungry"
    weights_hash: str = ""

    def infer(self, cutout: Cutout) -> Scene:
        raise MemoryError


def test_running_out_of_memory_is_reported_with_its_code(tmp_path: Path, mushroom_png: bytes) -> None:
    with pytest.raises(ReconstructionError) as error:
        reconstruct([mushroom_png], SMALL, tmp_path / "out", engine=HungryEngine())
    assert error.value.code == "out_of_memory"
    assert not (tmp_path / "out").exists()


@dataclass(frozen=True)
class NamedEngine:
    """The compact engine under another name."""

    name: str = "other"
    weights_hash: str = "abc"

    def infer(self, cutout: Cutout) -> Scene:
        return CompactEngine().infer(cutout)


def test_the_report_names_the_engine(tmp_path: Path, mushroom_png: bytes) -> None:
    engine: Engine = NamedEngine()
    made = reconstruct([mushroom_png], SMALL, tmp_path, engine=engine)
    assert (made.engine, made.report["engine"], made.report["weights_hash"]) == ("other", "other", "abc")


@pytest.mark.parametrize("count", [0, MAX_PHOTOS + 1])
def test_no_photos_or_too_many_are_rejected(tmp_path: Path, mushroom_png: bytes, count: int) -> None:
    with pytest.raises(ReconstructionError) as error:
        reconstruct([mushroom_png] * count, SMALL, tmp_path / "out")
    assert error.value.code == "invalid_recipe"
    assert not (tmp_path / "out").exists()


def test_every_photo_gets_a_cutout(tmp_path: Path, mushroom_png: bytes) -> None:
    made = reconstruct([mushroom_png] * 2, replace(SMALL, sides=("front", "right")), tmp_path)
    assert {"cutout.png", "cutout_1.png"} <= set(made.files)
    assert (tmp_path / "cutout_1.png").stat().st_size > 0
    small = [entry["message"] for entry in made.report["notes"] if entry["code"] == "too_small"]
    assert [message[:8] for message in small] == ["Photo 1:", "Photo 2:"]


def test_the_report_contains_the_camera_of_the_photo(result: Reconstruction) -> None:
    (photo,) = result.report["shots"]
    assert (photo["file"], photo["side"]) == ("cutout.png", "front")
    assert photo["camera"]["azimuth"] == 0.0 and photo["camera"]["target"] == [0.0, 0.0, 0.0]


def test_the_package_exports_its_public_names() -> None:
    assert ml.reconstruct is reconstruct
    assert ml.Reconstruction is Reconstruction
    with pytest.raises(AttributeError):
        ml.nothing_of_the_kind  # noqa: B018


def test_if_memory_runs_out_a_coarser_model_is_made_and_a_note_says_so(
    tmp_path: Path, mushroom_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    grids: list[int] = []
    extract = marching_cubes.extract

    def extract_within_memory(scene: Scene, grid: int, *rest: Any, **options: Any) -> Mesh:
        grids.append(grid)
        if grid > 100:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return extract(scene, grid, *rest, **options)

    monkeypatch.setattr(marching_cubes, "extract", extract_within_memory)
    made = reconstruct([mushroom_png], replace(SMALL, grid=160), tmp_path)
    assert grids[-1] == 80
    assert "coarser_grid" in [entry["code"] for entry in made.report["notes"]]
