from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.core.camera import Camera
from ml.core.images import composite
from ml.errors import Stopped
from ml.files import frame_name
from ml.mesh import marching_cubes, repair
from ml.photo.posed_photo import PosedPhoto
from ml.render import turntable, video
from ml.render.mesh_renderer import PreparedModel, prepare, render
from ml.texture import bake
from ml.texture.bake import TexturedMesh
from tests.ml.scenes import AnalyticScene, cutout_of


@pytest.fixture(scope="module")
def scene() -> AnalyticScene:
    return AnalyticScene()


@pytest.fixture(scope="module")
def model(scene: AnalyticScene) -> TexturedMesh:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.texture.unwrap.TIME_LIMIT", 0)
        mesh = repair.finish(marching_cubes.extract(scene, 128), 10_000)
        return bake.bake(mesh, scene, [PosedPhoto(cutout_of(scene), scene.camera)], 512)


@pytest.fixture(scope="module")
def prepared(model: TexturedMesh) -> PreparedModel:
    return prepare(model)


@pytest.fixture(scope="module")
def turn(prepared: PreparedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("turn")
    turntable.write(prepared, folder, count=12, size=96, elevation=15.0)
    return folder


def frame(folder: Path, index: int) -> NDArray[Any]:
    with Image.open(folder / frame_name(index)) as picture:
        return np.asarray(picture)


def middle(mask: NDArray[Any]) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean() / mask.shape[1]), float(rows.mean() / mask.shape[0])


def is_blue(rgba: NDArray[Any]) -> NDArray[Any]:
    return (rgba[..., 3] > 200) & (rgba[..., 2] > 1.5 * rgba[..., 0].astype(float)) & (rgba[..., 2] > 90)


def is_green(rgba: NDArray[Any]) -> NDArray[Any]:
    return (rgba[..., 3] > 200) & (rgba[..., 1] > 1.5 * rgba[..., 0].astype(float)) & (rgba[..., 1] > 90)


def test_the_rendering_matches_the_exact_picture(prepared: PreparedModel, scene: AnalyticScene) -> None:
    found = turntable.compare_with_photo(prepared, cutout_of(scene), scene.camera)
    assert found["silhouette_iou"] > 0.98
    assert found["psnr_db"] > 28.0


def test_a_wrong_camera_does_not_match_the_photo(prepared: PreparedModel, scene: AnalyticScene) -> None:
    found = turntable.compare_with_photo(prepared, cutout_of(scene), Camera(elevation=10.0, azimuth=90.0))
    assert found["silhouette_iou"] < 0.9
    assert found["psnr_db"] < 20.0


def test_the_first_frame_is_seen_from_the_side_of_the_photo(turn: Path) -> None:
    first = frame(turn, 0)
    assert first.shape == (96, 96, 4)
    nose, egg = middle(is_blue(first)), middle(is_green(first))
    assert nose[0] < 0.5 < egg[0]
    assert egg[1] < nose[1]


def test_the_view_from_behind_is_mirrored_and_hides_the_front(turn: Path) -> None:
    back = frame(turn, 6)
    assert is_blue(back).sum() < 0.2 * is_blue(frame(turn, 0)).sum()
    assert middle(is_green(back))[0] < 0.5


def test_the_camera_turns_to_the_right_of_the_picture(turn: Path) -> None:
    """After a quarter turn the camera is at +y: the nose at the front is seen on the left."""
    assert middle(is_blue(frame(turn, 3)))[0] < 0.3


def test_no_frame_cuts_off_the_model_and_borders_are_transparent(turn: Path) -> None:
    for index in range(12):
        alpha = frame(turn, index)[..., 3]
        border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        assert border.max() == 0
        assert alpha.max() == 255


def test_edges_are_antialiased(turn: Path) -> None:
    alpha = frame(turn, 1)[..., 3]
    assert ((alpha > 0) & (alpha < 255)).sum() > 20


def test_the_model_fills_the_frame_in_its_widest_view(turn: Path) -> None:
    spans = []
    for index in range(12):
        rows, columns = np.nonzero(frame(turn, index)[..., 3])
        spans.append(max(np.ptp(rows), np.ptp(columns)) / 96)
    assert max(spans) > 0.75


def test_the_poster_is_a_transparent_webp(turn: Path) -> None:
    with Image.open(turn / "poster.webp") as poster:
        assert poster.format == "WEBP"
        assert poster.mode == "RGBA"
        assert poster.size == (512, 512)


def probe(path: Path) -> str:
    run = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True, check=False
    )
    return run.stderr


def test_the_video_is_h264_that_every_browser_plays(turn: Path) -> None:
    info = probe(turn / "render.mp4")
    assert "h264" in info
    assert "yuv420p" in info
    assert "96x96" in info
    data = (turn / "render.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def decoded(path: Path, size: int) -> NDArray[Any]:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path), "-f", "rawvideo"]
    run = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    return np.frombuffer(run.stdout, np.uint8).reshape(-1, size, size, 3)


def test_the_video_shows_every_frame_once_on_the_light_background(turn: Path) -> None:
    pixels = decoded(turn / "render.mp4", 96)
    assert len(pixels) == 12
    assert np.abs(pixels[:, 0, 0].astype(int) - np.array(video.BACKGROUND)).max() <= 3
    frames = np.stack([composite(frame(turn, index), video.BACKGROUND) for index in range(12)]).astype(int)
    differences = np.array([[np.abs(shown - written).mean() for written in frames] for shown in pixels.astype(int)])
    assert differences.argmin(axis=1).tolist() == list(range(12))
    assert differences.diagonal().max() < 6.0


def test_the_video_loops_without_a_jump(turn: Path) -> None:
    pixels = decoded(turn / "render.mp4", 96).astype(float)
    steps = np.abs(pixels - np.roll(pixels, -1, axis=0)).mean(axis=(1, 2, 3))
    assert steps[-1] < 1.2 * steps[:-1].max()
    assert steps[-1] > 0.5 * steps[:-1].min()


def test_odd_sides_lose_a_pixel(tmp_path: Path) -> None:
    video.write([np.full((65, 65, 4), 255, np.uint8)], tmp_path / "odd.mp4")
    assert "64x64" in probe(tmp_path / "odd.mp4")


def test_a_failure_of_ffmpeg_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ffmpeg could not write"):
        video.write([np.zeros((64, 64, 4), np.uint8)], tmp_path / "no such folder" / "video.mp4")


def test_shading_changes_brightness_but_not_the_silhouette(prepared: PreparedModel) -> None:
    plain, shaded = render(prepared, Camera(15.0), 128, shaded=False), render(prepared, Camera(15.0), 128)
    assert np.array_equal(plain[..., 3], shaded[..., 3])
    assert np.abs(plain[..., :3].astype(int) - shaded[..., :3]).max() > 10


def test_a_model_outside_the_picture_is_not_drawn(prepared: PreparedModel) -> None:
    assert not render(prepared, Camera(15.0, target=(0.0, 0.0, 40.0), distance=30.0), 64).any()


def test_progress_is_reported_up_to_one(prepared: PreparedModel, tmp_path: Path) -> None:
    steps: list[float] = []
    turntable.write(prepared, tmp_path, count=2, size=64, elevation=0.0, on_step=steps.append)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0


def test_a_turn_can_be_stopped_between_frames(prepared: PreparedModel, tmp_path: Path) -> None:
    def stop(fraction: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        turntable.write(prepared, tmp_path, count=40, size=64, elevation=0.0, on_step=stop)
    assert len(list(tmp_path.glob("render_*.png"))) < 40
    assert not (tmp_path / "render.mp4").exists()


def test_a_rendering_of_the_scene_matches_that_of_its_model(
    scene: AnalyticScene, prepared: PreparedModel, turn: Path, tmp_path: Path
) -> None:
    turntable.write(prepared, tmp_path, count=3, size=96, elevation=15.0, volume=turntable.Volume(scene, prepared))
    for ours, theirs in ((0, 0), (1, 4), (2, 8)):
        volume, surface = frame(tmp_path, ours), frame(turn, theirs)
        inside, outside = surface[..., 3] > 250, surface[..., 3] < 5
        assert (volume[inside, 3] > 128).mean() > 0.9
        assert (volume[outside, 3] < 128).mean() > 0.98
        both = inside & (volume[..., 3] > 250)
        assert np.abs(volume[both, :3].astype(float) - surface[both, :3]).mean() < 40


def test_a_rendering_of_the_scene_has_the_colours_of_the_texture(
    scene: AnalyticScene, model: TexturedMesh, tmp_path: Path
) -> None:
    purple = prepare(replace(model, texture=np.full_like(model.texture, (90, 20, 120))))
    turntable.write(purple, tmp_path, count=1, size=64, elevation=15.0, volume=turntable.Volume(scene, purple))
    shown = frame(tmp_path, 0)
    assert 0 < (shown[..., 3] < 128).sum() < 64 * 64
    assert np.abs(shown[shown[..., 3] > 0][:, :3].astype(int) - (90, 20, 120)).max() <= 1


def test_a_background_colour_makes_frames_opaque(prepared: PreparedModel, turn: Path, tmp_path: Path) -> None:
    turntable.write(prepared, tmp_path, count=1, size=96, elevation=15.0, background="#204060")
    painted, clear = frame(tmp_path, 0), frame(turn, 0)
    assert (painted[..., 3] == 255).all()
    assert (painted[clear[..., 3] == 0, :3] == (0x20, 0x40, 0x60)).all()
    whole = clear[..., 3] == 255
    assert (painted[whole, :3] == clear[whole, :3]).all()
