"""The whole way of a photo: every file, the report, stopping, and leaving nothing behind."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import trimesh
from PIL import Image

import ml
from ml import files
from ml.engines import Engine, load_scene
from ml.engines.compact.engine import CompactEngine
from ml.errors import ReconstructionError, Stopped
from ml.mesh.mesh import Mesh
from ml.photo.cutout import Cutout
from ml.pipeline import reconstruct as pipeline
from ml.pipeline.reconstruct import Reconstruction, reconstruct
from ml.recipe import MAX_PHOTOS
from ml.scene.protocol import Scene
from ml.stages import STAGE_NAMES
from tests.ml.conftest import SMALL

CONTRACT = {each.name for each in files.result_files()} | {files.frame_name(index) for index in range(3)}


def test_it_writes_every_file_of_the_contract(result: Reconstruction, result_dir: Path) -> None:
    assert {each.name for each in result_dir.iterdir()} == CONTRACT
    assert set(result.files) == CONTRACT
    assert all((result_dir / name).stat().st_size > 0 for name in result.files)


def test_the_pictures_have_their_sizes(result: Reconstruction, result_dir: Path) -> None:
    sizes = {files.INPUT: (512, 512), files.CUTOUT: (512, 512), files.TEXTURE: (128, 128), "render_000.png": (64, 64)}
    for name, size in sizes.items():
        with Image.open(result_dir / name) as picture:
            assert picture.size == size


def test_the_cutout_says_nothing_about_what_was_behind(result: Reconstruction, result_dir: Path) -> None:
    with Image.open(result_dir / files.CUTOUT) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0)) == (0, 0, 0, 0)


def test_the_models_can_be_loaded_and_are_closed(result: Reconstruction, result_dir: Path) -> None:
    assert trimesh.load(result_dir / files.STL).is_watertight
    for name in (files.GLB, files.PREVIEW, files.OBJ):
        assert len(trimesh.load(result_dir / name, force="mesh").faces) > 100


def test_the_scene_is_kept_for_another_mesh(result: Reconstruction, result_dir: Path) -> None:
    assert load_scene(result_dir / files.SCENE).threshold == 0.5


def test_the_report_tells_what_was_done(result: Reconstruction, result_dir: Path) -> None:
    report = json.loads((result_dir / files.REPORT).read_text())
    assert report == result.report
    assert report["engine"] == result.engine == "compact"
    assert report["background"] == "transparency"
    assert report["photo"] == {"width": 320, "height": 320}
    assert report["recipe"]["grid"] == 40
    assert report["versions"]["torch"].startswith("2.")


def test_the_report_tells_each_stages_cost(result: Reconstruction) -> None:
    stages = result.report["stages"]
    assert [each["name"] for each in stages] == list(STAGE_NAMES)
    assert all(each["seconds"] >= 0.0 and each["peak_mb"] > 10.0 for each in stages)
    assert result.report["seconds"] == pytest.approx(sum(each["seconds"] for each in stages), abs=0.01)


def test_the_report_checks_the_model_against_the_photo(result: Reconstruction) -> None:
    assert result.report["self_check"]["silhouette_iou"] > 0.9
    assert result.report["mesh"]["watertight"]


def test_progress_walks_the_stages_in_order(tmp_path: Path, mushroom_png: bytes) -> None:
    told: list[tuple[str, float]] = []
    reconstruct([mushroom_png], SMALL, tmp_path, on_progress=lambda stage, share: told.append((stage, share)))
    stages = [stage for stage, _ in told]
    assert list(dict.fromkeys(stages)) == list(STAGE_NAMES)
    assert stages == sorted(stages, key=STAGE_NAMES.index)
    for name in STAGE_NAMES:
        shares = [share for stage, share in told if stage == name]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_the_preview_is_there_before_the_surface_is_done(tmp_path: Path, mushroom_png: bytes) -> None:
    seen: dict[str, bool] = {}

    def look(stage: str, share: float) -> None:
        seen.setdefault(f"{stage} {share:.1f}", (tmp_path / files.PREVIEW).exists())

    reconstruct([mushroom_png], SMALL, tmp_path, on_progress=look)
    assert not seen["surface 0.0"]
    assert seen["surface 0.2"]


def test_early_files_are_told_of_once_they_lie_whole_in_their_place(tmp_path: Path, mushroom_png: bytes) -> None:
    told: list[str | tuple[str, bytes]] = []
    made = reconstruct(
        [mushroom_png],
        SMALL,
        tmp_path,
        on_progress=lambda stage, share: told.append(f"{stage} {share:.1f}"),
        on_file=lambda name: told.append((name, (tmp_path / name).read_bytes())),
    )
    early = [each for each in told if isinstance(each, tuple)]
    assert [name for name, _ in early] == [files.CUTOUT, files.PREVIEW]
    assert all((tmp_path / name).read_bytes() == data for name, data in early)
    assert told.index(early[0]) < told.index("scene 0.0")
    assert told.index(early[1]) < told.index("mesh 0.0")
    assert {files.CUTOUT, files.PREVIEW} <= set(made.files)


@pytest.mark.parametrize("stage", STAGE_NAMES)
def test_it_stops_in_every_stage_and_leaves_nothing(tmp_path: Path, mushroom_png: bytes, stage: str) -> None:
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


def test_a_failure_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ReconstructionError) as refused:
        reconstruct([b"not a photo"], SMALL, tmp_path)
    assert refused.value.code == "unsupported_type"
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


@dataclass(frozen=True)
class HungryEngine:
    """Asks for more memory than there is."""

    name: str = "hungry"
    weights_hash: str = ""

    def infer(self, cutout: Cutout) -> Scene:
        raise MemoryError


def test_running_out_of_memory_has_its_own_code(tmp_path: Path, mushroom_png: bytes) -> None:
    with pytest.raises(ReconstructionError) as refused:
        reconstruct([mushroom_png], SMALL, tmp_path / "out", engine=HungryEngine())
    assert refused.value.code == "out_of_memory"
    assert not (tmp_path / "out").exists()


@dataclass(frozen=True)
class NamedEngine:
    """The compact engine under another name."""

    name: str = "other"
    weights_hash: str = "abc"

    def infer(self, cutout: Cutout) -> Scene:
        return CompactEngine().infer(cutout)


def test_the_engine_that_made_it_is_named(tmp_path: Path, mushroom_png: bytes) -> None:
    engine: Engine = NamedEngine()
    made = reconstruct([mushroom_png], SMALL, tmp_path, engine=engine)
    assert (made.engine, made.report["engine"], made.report["weights_hash"]) == ("other", "other", "abc")


@pytest.mark.parametrize("count", [0, MAX_PHOTOS + 1])
def test_a_number_of_photos_out_of_range_is_refused(tmp_path: Path, mushroom_png: bytes, count: int) -> None:
    with pytest.raises(ReconstructionError) as refused:
        reconstruct([mushroom_png] * count, SMALL, tmp_path / "out")
    assert refused.value.code == "invalid_recipe"
    assert not (tmp_path / "out").exists()


def test_several_photos_give_a_cutout_each(tmp_path: Path, mushroom_png: bytes) -> None:
    made = reconstruct([mushroom_png] * 2, replace(SMALL, sides=("front", "right")), tmp_path)
    assert {"cutout.png", "cutout_1.png"} <= set(made.files)
    assert (tmp_path / "cutout_1.png").stat().st_size > 0


def test_the_report_names_the_photos_camera(result: Reconstruction) -> None:
    (shot,) = result.report["shots"]
    assert (shot["file"], shot["side"]) == ("cutout.png", "front")
    assert shot["camera"]["azimuth"] == 0.0 and shot["camera"]["target"] == [0.0, 0.0, 0.0]


def test_the_package_offers_its_public_names() -> None:
    assert ml.reconstruct is reconstruct
    assert ml.Reconstruction is Reconstruction
    with pytest.raises(AttributeError):
        ml.nothing_of_the_kind  # noqa: B018


def test_memory_that_runs_short_once_gives_a_coarser_model_and_says_so(
    tmp_path: Path, mushroom_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    grids: list[int] = []
    extract = pipeline.marching_cubes.extract

    def short_of_memory(scene: Scene, grid: int, *rest: object) -> Mesh:
        grids.append(grid)
        if grid > 100:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return extract(scene, grid, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline.marching_cubes, "extract", short_of_memory)
    made = reconstruct([mushroom_png], replace(SMALL, grid=160), tmp_path)
    assert grids[-1] == 80
    assert pipeline.COARSER in made.report["notes"]
