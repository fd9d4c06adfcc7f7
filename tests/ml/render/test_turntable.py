from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from ml.core.camera import Camera
from ml.core.images import composite
from ml.errors import Stopped
from ml.files import frame_name
from ml.mesh import marching_cubes
from ml.mesh import repair as meshes
from ml.photo.posed_photo import PosedPhoto
from ml.render import turntable, video
from ml.render.mesh_renderer import Subject, draw
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
        solid = meshes.finish(marching_cubes.extract(scene, 128), 10_000)
        return bake.bake(solid, scene, [PosedPhoto(cutout_of(scene), scene.camera)], 512)


@pytest.fixture(scope="module")
def subject(model: TexturedMesh) -> Subject:
    return Subject.of(model)


@pytest.fixture(scope="module")
def turn(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("turn")
    turntable.turntable(subject, folder, count=12, size=96, elevation=15.0)
    return folder


def frame(folder: Path, index: int) -> np.ndarray:
    with Image.open(folder / frame_name(index)) as picture:
        return np.asarray(picture)


def middle(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean() / mask.shape[1]), float(rows.mean() / mask.shape[0])


def is_blue(rgba: np.ndarray) -> np.ndarray:
    return (rgba[..., 3] > 200) & (rgba[..., 2] > 1.5 * rgba[..., 0].astype(float)) & (rgba[..., 2] > 90)


def is_green(rgba: np.ndarray) -> np.ndarray:
    return (rgba[..., 3] > 200) & (rgba[..., 1] > 1.5 * rgba[..., 0].astype(float)) & (rgba[..., 1] > 90)


def test_the_render_matches_the_exact_picture(subject: Subject, scene: AnalyticScene) -> None:
    found = turntable.self_check(subject, cutout_of(scene), scene.camera)
    assert found["silhouette_iou"] > 0.98
    assert found["psnr_db"] > 28.0


def test_the_self_check_notices_a_wrong_camera(subject: Subject, scene: AnalyticScene) -> None:
    found = turntable.self_check(subject, cutout_of(scene), Camera(elevation=10.0, azimuth=90.0))
    assert found["silhouette_iou"] < 0.9
    assert found["psnr_db"] < 20.0


def test_the_first_frame_shows_the_photo_side(turn: Path) -> None:
    first = frame(turn, 0)
    assert first.shape == (96, 96, 4)
    nose, egg = middle(is_blue(first)), middle(is_green(first))
    assert nose[0] < 0.5 < egg[0]
    assert egg[1] < nose[1]


def test_the_back_hides_the_nose_and_mirrors_the_rest(turn: Path) -> None:
    back = frame(turn, 6)
    assert is_blue(back).sum() < 0.2 * is_blue(frame(turn, 0)).sum()
    assert middle(is_green(back))[0] < 0.5


def test_azimuth_grows_towards_picture_right(turn: Path) -> None:
    """A quarter turn later the camera stands over +y: the nose, in front, is seen at the left."""
    assert middle(is_blue(frame(turn, 3)))[0] < 0.3


def test_no_frame_cuts_the_model_off_and_corners_are_transparent(turn: Path) -> None:
    for index in range(12):
        alpha = frame(turn, index)[..., 3]
        border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        assert border.max() == 0
        assert alpha.max() == 255


def test_edges_are_soft(turn: Path) -> None:
    alpha = frame(turn, 1)[..., 3]
    assert ((alpha > 0) & (alpha < 255)).sum() > 20


def test_the_model_fills_the_frame_at_some_moment(turn: Path) -> None:
    spans = []
    for index in range(12):
        rows, columns = np.nonzero(frame(turn, index)[..., 3])
        spans.append(max(np.ptp(rows), np.ptp(columns)) / 96)
    assert max(spans) > 0.75


def test_the_poster_is_a_picture_with_transparency(turn: Path) -> None:
    with Image.open(turn / "poster.webp") as poster:
        assert poster.format == "WEBP"
        assert poster.mode == "RGBA"
        assert poster.size == (512, 512)


def probe(path: Path) -> str:
    run = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True, check=False
    )
    return run.stderr


def test_the_film_is_h264_that_everyone_plays(turn: Path) -> None:
    said = probe(turn / "render.mp4")
    assert "h264" in said
    assert "yuv420p" in said
    assert "96x96" in said
    data = (turn / "render.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def decoded(path: Path, size: int) -> np.ndarray:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path), "-f", "rawvideo"]
    run = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    return np.frombuffer(run.stdout, np.uint8).reshape(-1, size, size, 3)


def test_the_film_shows_every_frame_once_on_the_light_background(turn: Path) -> None:
    film = decoded(turn / "render.mp4", 96)
    assert len(film) == 12
    assert np.abs(film[:, 0, 0].astype(int) - np.array(video.BACKGROUND)).max() <= 3
    frames = np.stack([composite(frame(turn, index), video.BACKGROUND) for index in range(12)]).astype(int)
    apart = np.array([[np.abs(shown - made).mean() for made in frames] for shown in film.astype(int)])
    assert apart.argmin(axis=1).tolist() == list(range(12))
    assert apart.diagonal().max() < 6.0


def test_the_film_loops_without_a_jump(turn: Path) -> None:
    film = decoded(turn / "render.mp4", 96).astype(float)
    steps = np.abs(film - np.roll(film, -1, axis=0)).mean(axis=(1, 2, 3))
    assert steps[-1] < 1.2 * steps[:-1].max()
    assert steps[-1] > 0.5 * steps[:-1].min()


def test_odd_sides_are_made_even(tmp_path: Path) -> None:
    video.write([np.full((65, 65, 4), 255, np.uint8)], tmp_path / "odd.mp4")
    assert "64x64" in probe(tmp_path / "odd.mp4")


def test_a_film_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ffmpeg could not write"):
        video.write([np.zeros((64, 64, 4), np.uint8)], tmp_path / "no such folder" / "film.mp4")


def test_shading_changes_brightness_but_not_the_silhouette(subject: Subject) -> None:
    plain, shaded = draw(subject, Camera(15.0), 128, shaded=False), draw(subject, Camera(15.0), 128)
    assert np.array_equal(plain[..., 3], shaded[..., 3])
    assert np.abs(plain[..., :3].astype(int) - shaded[..., :3]).max() > 10


def test_a_model_beside_the_picture_leaves_it_empty(subject: Subject) -> None:
    assert not draw(subject, Camera(15.0, target=(0.0, 0.0, 40.0), distance=30.0), 64).any()


def test_it_reports_progress_up_to_one(subject: Subject, tmp_path: Path) -> None:
    steps: list[float] = []
    turntable.turntable(subject, tmp_path, count=2, size=64, elevation=0.0, on_step=steps.append)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0


def test_a_stop_between_frames_ends_the_turn(subject: Subject, tmp_path: Path) -> None:
    def stop(fraction: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        turntable.turntable(subject, tmp_path, count=40, size=64, elevation=0.0, on_step=stop)
    assert len(list(tmp_path.glob("render_*.png"))) < 40
    assert not (tmp_path / "render.mp4").exists()


def test_the_scene_itself_is_drawn_where_its_model_stands(
    scene: AnalyticScene, subject: Subject, turn: Path, tmp_path: Path
) -> None:
    turntable.turntable(subject, tmp_path, count=3, size=96, elevation=15.0, scene=scene)
    for ours, theirs in ((0, 0), (1, 4), (2, 8)):
        cloud, solid = frame(tmp_path, ours), frame(turn, theirs)
        inside, outside = solid[..., 3] > 250, solid[..., 3] < 5
        assert (cloud[inside, 3] > 128).mean() > 0.9
        assert (cloud[outside, 3] < 128).mean() > 0.98
        both = inside & (cloud[..., 3] > 250)
        assert np.abs(cloud[both, :3].astype(float) - solid[both, :3]).mean() < 40


def test_a_background_colour_leaves_nothing_transparent(subject: Subject, turn: Path, tmp_path: Path) -> None:
    turntable.turntable(subject, tmp_path, count=1, size=96, elevation=15.0, background="#204060")
    painted, clear = frame(tmp_path, 0), frame(turn, 0)
    assert (painted[..., 3] == 255).all()
    assert (painted[clear[..., 3] == 0, :3] == (0x20, 0x40, 0x60)).all()
    whole = clear[..., 3] == 255
    assert (painted[whole, :3] == clear[whole, :3]).all()
