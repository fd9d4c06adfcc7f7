"""The search for a camera that an engine only assumed: exact pictures of an asymmetric toy from known places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.core.camera import Camera
from ml.mesh import marching_cubes
from ml.mesh import repair as meshes
from ml.mesh.mesh import Mesh
from ml.multiview import camera_fit
from ml.multiview.camera_fit import Fit
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.pipeline import reconstruct as pipeline
from ml.texture.projection import MIN_SILHOUETTE_IOU
from tests.ml.conftest import SMALL, encoded
from tests.ml.scenes import RED, AnalyticScene, Part, SceneEngine, ball, cutout_of

ASSUMED = Camera(assumed=True)
PLACES = [
    Camera(12.0, 8.0, 1.8, target=(0.0, 0.05, -0.04)),
    Camera(28.0, -23.0, 2.1, target=(0.0, -0.06, 0.03)),
    Camera(-16.0, 26.0, 1.95, target=(0.0, 0.02, 0.07)),
]


@pytest.fixture(scope="module")
def toy() -> Mesh:
    return meshes.finish(marching_cubes.extract(AnalyticScene(), 96), 4_000)


def taken_by(camera: Camera) -> Cutout:
    return cutout_of(AnalyticScene(camera=camera), 192)


@pytest.mark.parametrize("place", PLACES)
def test_a_moved_camera_is_found_again(toy: Mesh, place: Camera) -> None:
    found = camera_fit.fit(toy, taken_by(place), ASSUMED)
    assert abs(found.camera.azimuth - place.azimuth) < 2.0
    assert abs(found.camera.elevation - place.elevation) < 2.0
    assert found.overlap > 0.97


def test_where_the_camera_was_right_it_stays(toy: Mesh) -> None:
    found = camera_fit.fit(toy, taken_by(Camera()), ASSUMED)
    assert abs(found.camera.azimuth) + abs(found.camera.elevation) < 2.0
    assert found.overlap > 0.97


def test_a_ball_is_not_turned_for_nothing() -> None:
    scene = ball(0.5)
    mesh = meshes.finish(marching_cubes.extract(scene, 64), 2_000)
    found = camera_fit.fit(mesh, cutout_of(replace(scene, camera=Camera(distance=2.2)), 192), ASSUMED)
    assert abs(found.camera.azimuth) + abs(found.camera.elevation) < 10.0
    assert found.camera.distance == pytest.approx(2.2, abs=0.03)


def test_a_shot_takes_the_camera_that_fits(toy: Mesh) -> None:
    (shot,) = camera_fit.fitted(toy, [PosedPhoto(taken_by(PLACES[0]), ASSUMED)])
    assert shot.camera.azimuth == pytest.approx(PLACES[0].azimuth, abs=2.0)
    assert not shot.camera.assumed


def test_a_camera_that_the_engine_saw_is_left_alone(toy: Mesh) -> None:
    shots = (PosedPhoto(taken_by(PLACES[0]), Camera(5.0)),)
    assert camera_fit.fitted(toy, shots) == shots


def hopeless() -> Cutout:
    """A thin cross: no side of the toy looks like it."""
    bars = (Part("box", (0, 0, 0), (0.02, 0.5, 0.02), RED), Part("box", (0, 0, 0), (0.02, 0.02, 0.5), RED))
    return cutout_of(AnalyticScene(bars, camera=Camera()), 192)


def test_where_nothing_fits_the_shot_keeps_its_camera(toy: Mesh) -> None:
    shots = (PosedPhoto(hopeless(), ASSUMED),)
    assert camera_fit.fit(toy, hopeless(), ASSUMED).overlap < MIN_SILHOUETTE_IOU
    assert camera_fit.fitted(toy, shots) == shots


def test_an_empty_cutout_fits_nothing(toy: Mesh) -> None:
    empty = Cutout(np.zeros((64, 64, 4), np.uint8), (0, 0, 64, 64), "none")
    assert camera_fit.fit(toy, empty, ASSUMED) == Fit(ASSUMED, 0.0)


def photo_of(cutout: Cutout) -> bytes:
    return encoded(Image.fromarray(cutout.rgba))


def test_the_pipeline_paints_through_the_fitted_camera_and_reports_it(tmp_path: Path) -> None:
    engine = SceneEngine(AnalyticScene(camera=ASSUMED))
    made = pipeline.reconstruct([photo_of(taken_by(PLACES[1]))], SMALL, tmp_path, engine=engine)
    (shot,) = made.report["shots"]
    assert shot["camera"]["azimuth"] == pytest.approx(PLACES[1].azimuth, abs=4.0)
    assert made.report["self_check"]["silhouette_iou"] > 0.9
    assert pipeline.NOT_PAINTED not in made.report["notes"]


def test_the_pipeline_says_so_when_no_camera_fits(tmp_path: Path) -> None:
    engine = SceneEngine(AnalyticScene(camera=ASSUMED))
    made = pipeline.reconstruct([photo_of(hopeless())], SMALL, tmp_path, engine=engine)
    assert pipeline.NOT_PAINTED in made.report["notes"]
    assert made.report["shots"][0]["camera"]["assumed"]
