import numpy as np
import pytest

from ml.core.camera import Camera
from ml.core.masks import iou
from ml.engines.compact.engine import inflate
from ml.evaluation import single_photo
from ml.evaluation.single_photo import Example, Result
from ml.mesh import marching_cubes
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster
from ml.photo.cutout import SIZE
from ml.training import posing, render, shapes
from tests.ml.evaluation.conftest import OBJECT, VIEW


@pytest.fixture(scope="module")
def inflated(example: Example) -> Mesh:
    return marching_cubes.extract(inflate(example.cutout), 64)


@pytest.fixture(scope="module")
def result(example: Example) -> Result:
    scored = single_photo.score_example(example, inflate)
    assert scored is not None
    return scored


def test_an_example_fills_the_frame_like_a_cutout(example: Example) -> None:
    rows, columns = np.nonzero(example.cutout.alpha > 0.5)
    longer = max(np.ptp(rows), np.ptp(columns)) / SIZE
    assert longer == pytest.approx(0.85, abs=0.01)


def test_an_example_is_reproducible(example: Example) -> None:
    again = single_photo.make_example(shapes.generate(OBJECT), VIEW)
    assert np.array_equal(again.cutout.rgba, example.cutout.rgba)
    assert np.array_equal(again.truth, example.truth)


def test_an_engine_is_scored_in_the_photos_own_camera(example: Example, result: Result) -> None:
    assert result.silhouette > 0.9
    assert result.elevation_error == pytest.approx(abs(example.elevation))
    assert 0.05 < result.exact.f[1] <= 1.0
    assert result.aligned.f[1] >= result.exact.f[1] - 0.1


def test_the_silhouette_of_a_model_matches_its_cutout(example: Example, inflated: Mesh) -> None:
    mask = single_photo.silhouette(inflated, Camera())
    assert iou(mask, example.cutout.alpha > 0.5) > 0.85


def test_the_true_shape_fills_the_same_bins_as_its_training_target() -> None:
    mesh = shapes.generate(1)
    posed = posing.pose(mesh.vertices, mesh.faces, 0.0, 20.0)
    truth = render.cast_target(Caster(posed.vertices, posed.faces), posed, mesh.colors).occupancy
    offset = np.array([0.0, 0.0, posed.distance], np.float32)
    canonical = (posed.vertices - offset) * np.float32(posed.to_canonical)
    camera = Camera(elevation=20.0)
    upright = (canonical @ camera.axes().numpy()).astype(np.float32)
    model = Mesh(upright, posed.faces[:, ::-1].astype(np.int32), np.zeros_like(upright))
    assert iou(single_photo.occupancy(model, camera), truth) > 0.99


def test_occupancies_overlap_where_the_model_is_filled(example: Example, inflated: Mesh) -> None:
    filled = single_photo.occupancy(inflated, Camera())
    assert filled.shape == example.occupancy.shape
    assert 0.0 < iou(filled, example.occupancy) < 1.0


def test_the_table_has_a_row_for_each_engine(result: Result) -> None:
    lines = single_photo.table({"inflated": single_photo.summary([result])}).splitlines()
    assert len(lines) == 3 and lines[2].startswith("| inflated | ")
