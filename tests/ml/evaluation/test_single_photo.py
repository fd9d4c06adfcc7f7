import numpy as np
import pytest

from ml.core.camera import Camera
from ml.core.masks import iou
from ml.engines.compact.engine import inflate
from ml.evaluation import score, single_photo
from ml.mesh import marching_cubes
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster
from ml.photo.cutout import SIZE
from ml.training import posing, render, shapes
from ml.training.meshes import Solid
from tests.ml.training.solids import ball, cube


@pytest.fixture(scope="module")
def example():
    return single_photo.example(shapes.generate(1), 7)


@pytest.fixture(scope="module")
def points():
    made = shapes.generate(4)
    return score.boxed(score.outer_points(made.vertices, made.faces, count=4000))


def nested() -> Solid:
    """A ball with a smaller ball inside."""
    outer, inner = ball(1.0), ball(0.3)
    faces = np.concatenate([outer.faces, inner.faces + len(outer.vertices)])
    colors = np.concatenate([outer.colors, inner.colors])
    return Solid("nested", np.concatenate([outer.vertices, inner.vertices]), faces, colors)


def test_a_shape_scores_full_marks_against_itself():
    one, two = (score.outer_points(cube().vertices, cube().faces, seed=seed) for seed in (0, 1))
    assert score.compare(one, two).f[1] > 0.999
    assert score.compare(one, two).chamfer < 0.03


def test_a_shape_far_from_the_truth_scores_nothing(points):
    assert score.compare(points + np.float32(5.0), points).f == (0.0, 0.0, 0.0)


def test_half_a_shape_scores_two_thirds(points):
    half = points[points[:, 2] > np.median(points[:, 2])]
    assert score.compare(half, points).f[0] == pytest.approx(2 / 3, abs=0.06)


def test_points_lie_on_the_outer_surface_alone():
    shape = nested()
    found = score.outer_points(shape.vertices, shape.faces)
    assert len(found) == score.POINTS
    assert np.linalg.norm(found, axis=1).min() > 0.9


def test_alignment_undoes_a_turn_and_a_shift(points):
    moved = points @ score.yaw(75.0).T + np.float32([0.1, -0.05, 0.0])
    assert score.compare(moved, points).f[0] < 0.7
    assert score.compare(score.aligned(moved, points), points).f[0] > 0.98


def test_boxing_centres_and_scales_to_two(points):
    boxed = score.boxed(points * np.float32(7.0) + np.float32(3.0))
    assert np.allclose(boxed, score.boxed(points), atol=1e-4)
    assert np.ptp(boxed, axis=0).max() == pytest.approx(2.0, abs=1e-5)


def test_an_example_fills_the_frame_as_a_cutout_does(example):
    rows, columns = np.nonzero(example.cutout.alpha > 0.5)
    longer = max(np.ptp(rows), np.ptp(columns)) / SIZE
    assert longer == pytest.approx(0.85, abs=0.01)


def test_an_example_is_reproducible(example):
    again = single_photo.example(shapes.generate(1), 7)
    assert np.array_equal(again.cutout.rgba, example.cutout.rgba)
    assert np.array_equal(again.truth, example.truth)


def test_an_engine_is_judged_in_the_photos_own_camera(example):
    found = single_photo.judge(example, inflate)
    assert found is not None
    assert found.silhouette > 0.9
    assert found.elevation_error == pytest.approx(abs(example.elevation))
    assert 0.05 < found.exact.f[1] <= 1.0
    assert found.aligned.f[1] >= found.exact.f[1] - 0.1


def test_a_silhouette_looks_like_the_cutout(example):
    scene = inflate(example.cutout)
    seen = single_photo.silhouette(marching_cubes.extract(scene, 64), scene.camera)
    assert iou(seen, example.cutout.alpha > 0.5) > 0.85


def test_the_true_shape_fills_the_bins_that_the_data_set_fills():
    solid = shapes.generate(1)
    view = posing.pose(solid.vertices, solid.faces, 0.0, 20.0)
    truth = render.cast_target(Caster(view.vertices, view.faces), view, solid.colors).occupancy
    placed = (view.vertices - np.float32([0.0, 0.0, view.distance])) * np.float32(view.to_canonical)
    camera = Camera(elevation=20.0)
    upright = (placed @ camera.axes().numpy()).astype(np.float32)
    mesh = Mesh(upright, view.faces[:, ::-1].astype(np.int32), np.zeros_like(upright))
    assert iou(single_photo.occupancy(mesh, camera), truth) > 0.99


def test_volumes_overlap_where_the_model_is_filled(example):
    scene = inflate(example.cutout)
    filled = single_photo.occupancy(marching_cubes.extract(scene, 64), scene.camera)
    assert filled.shape == example.occupancy.shape
    assert 0.0 < iou(filled, example.occupancy) < 1.0


def test_the_table_has_a_row_for_each_engine(example):
    found = single_photo.judge(example, inflate)
    assert found is not None
    lines = single_photo.table({"inflated": single_photo.summary([found])}).splitlines()
    assert len(lines) == 3 and lines[2].startswith("| inflated | ")
