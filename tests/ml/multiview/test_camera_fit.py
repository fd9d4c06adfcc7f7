"""Estimation of an assumed camera from exact pictures of an asymmetric toy with known cameras."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.core.camera import Camera
from ml.mesh import marching_cubes, repair
from ml.mesh.mesh import Mesh
from ml.multiview import camera_fit
from ml.multiview.camera_fit import Fit
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.pipeline import reconstruct as pipeline
from ml.pipeline.reconstruct import Reconstruction
from ml.texture.projection import MIN_SILHOUETTE_IOU
from tests.ml.conftest import SMALL, encoded
from tests.ml.scenes import RED, AnalyticScene, Part, SceneEngine, ball, cutout_of

ASSUMED = Camera(assumed=True)
CAMERAS = [
    Camera(12.0, 8.0, 1.8, target=(0.0, 0.05, -0.04)),
    Camera(28.0, -23.0, 2.1, target=(0.0, -0.06, 0.03)),
    Camera(-16.0, 26.0, 1.95, target=(0.0, 0.02, 0.07)),
]


@pytest.fixture(scope="module")
def toy() -> Mesh:
    return repair.finish(marching_cubes.extract(AnalyticScene(), 96), 4_000)


def photographed_by(camera: Camera) -> Cutout:
    return cutout_of(AnalyticScene(camera=camera), 192)


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_displaced_camera_is_recovered(toy: Mesh, camera: Camera) -> None:
    found = camera_fit.fit(toy, photographed_by(camera), ASSUMED)
    assert abs(found.camera.azimuth - camera.azimuth) < 2.0
    assert abs(found.camera.elevation - camera.elevation) < 2.0
    assert found.iou > 0.97


def test_a_correct_camera_is_kept(toy: Mesh) -> None:
    found = camera_fit.fit(toy, photographed_by(Camera()), ASSUMED)
    assert abs(found.camera.azimuth) + abs(found.camera.elevation) < 2.0
    assert found.iou > 0.97


def test_the_angles_of_a_symmetric_object_are_kept() -> None:
    scene = ball(0.5)
    mesh = repair.finish(marching_cubes.extract(scene, 64), 2_000)
    found = camera_fit.fit(mesh, cutout_of(replace(scene, camera=Camera(distance=2.2)), 192), ASSUMED)
    assert abs(found.camera.azimuth) + abs(found.camera.elevation) < 10.0
    assert found.camera.distance == pytest.approx(2.2, abs=0.03)


def test_a_photo_gets_the_estimated_camera(toy: Mesh) -> None:
    (shot,) = camera_fit.fit_assumed_cameras(toy, [PosedPhoto(photographed_by(CAMERAS[0]), ASSUMED)])
    assert shot.camera.azimuth == pytest.approx(CAMERAS[0].azimuth, abs=2.0)
    assert not shot.camera.assumed


def test_a_camera_that_the_engine_estimated_is_kept(toy: Mesh) -> None:
    shots = (PosedPhoto(photographed_by(CAMERAS[0]), Camera(5.0)),)
    assert camera_fit.fit_assumed_cameras(toy, shots) == shots


def unrelated_photo() -> Cutout:
    """A thin cross: the toy does not look like it from any side."""
    bars = (Part("box", (0, 0, 0), (0.02, 0.5, 0.02), RED), Part("box", (0, 0, 0), (0.02, 0.02, 0.5), RED))
    return cutout_of(AnalyticScene(bars, camera=Camera()), 192)


def test_a_photo_without_a_match_keeps_its_camera(toy: Mesh) -> None:
    shots = (PosedPhoto(unrelated_photo(), ASSUMED),)
    assert camera_fit.fit(toy, unrelated_photo(), ASSUMED).iou < MIN_SILHOUETTE_IOU
    assert camera_fit.fit_assumed_cameras(toy, shots) == shots


def test_an_empty_cutout_has_no_fit(toy: Mesh) -> None:
    empty = Cutout(np.zeros((64, 64, 4), np.uint8), (0, 0, 64, 64), "none")
    assert camera_fit.fit(toy, empty, ASSUMED) == Fit(ASSUMED, 0.0)


def codes_of(made: Reconstruction) -> list[str]:
    return [entry["code"] for entry in made.report["notes"]]


def photo_of(cutout: Cutout) -> bytes:
    return encoded(Image.fromarray(cutout.rgba))


def test_the_pipeline_projects_from_the_estimated_camera_and_reports_it(tmp_path: Path) -> None:
    engine = SceneEngine(AnalyticScene(camera=ASSUMED))
    made = pipeline.reconstruct([photo_of(photographed_by(CAMERAS[1]))], SMALL, tmp_path, engine=engine)
    (shot,) = made.report["shots"]
    assert shot["camera"]["azimuth"] == pytest.approx(CAMERAS[1].azimuth, abs=4.0)
    assert made.report["self_check"]["silhouette_iou"] > 0.9
    assert "not_painted" not in codes_of(made)


def test_the_pipeline_reports_when_no_camera_matches(tmp_path: Path) -> None:
    engine = SceneEngine(AnalyticScene(camera=ASSUMED))
    made = pipeline.reconstruct([photo_of(unrelated_photo())], SMALL, tmp_path, engine=engine)
    assert "not_painted" in codes_of(made)
    assert made.report["shots"][0]["camera"]["assumed"]
