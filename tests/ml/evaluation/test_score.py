import numpy as np
import pytest

from ml.core.images import Floats
from ml.evaluation import score
from ml.training import shapes
from ml.training.meshes import ColoredMesh
from tests.ml.training.primitives import ball, cube


@pytest.fixture(scope="module")
def points() -> Floats:
    mesh = shapes.generate(4)
    return score.normalized(score.outer_points(mesh.vertices, mesh.faces, count=4000))


def nested_balls() -> ColoredMesh:
    outer, inner = ball(1.0), ball(0.3)
    faces = np.concatenate([outer.faces, inner.faces + len(outer.vertices)])
    colors = np.concatenate([outer.colors, inner.colors])
    return ColoredMesh("nested", np.concatenate([outer.vertices, inner.vertices]), faces, colors)


def test_a_shape_scores_full_marks_against_itself() -> None:
    one, two = (score.outer_points(cube().vertices, cube().faces, seed=seed) for seed in (0, 1))
    assert score.compare(one, two).f[1] > 0.999
    assert score.compare(one, two).chamfer < 0.03


def test_a_shape_far_from_the_truth_scores_zero(points: Floats) -> None:
    assert score.compare(points + np.float32(5.0), points).f == (0.0, 0.0, 0.0)


def test_half_a_shape_scores_two_thirds(points: Floats) -> None:
    half = points[points[:, 2] > np.median(points[:, 2])]
    assert score.compare(half, points).f[0] == pytest.approx(2 / 3, abs=0.06)


def test_points_are_sampled_on_the_outer_surface_only() -> None:
    mesh = nested_balls()
    points = score.outer_points(mesh.vertices, mesh.faces)
    assert len(points) == score.POINTS
    assert np.linalg.norm(points, axis=1).min() > 0.9


def test_alignment_undoes_a_rotation_and_a_shift(points: Floats) -> None:
    shift = np.array([0.1, -0.05, 0.0], np.float32)
    moved = np.asarray(points @ score.yaw_rotation(75.0).T + shift, np.float32)
    assert score.compare(moved, points).f[0] < 0.7
    assert score.compare(score.aligned(moved, points), points).f[0] > 0.98


def test_normalizing_centres_and_scales_to_longest_side_2(points: Floats) -> None:
    normalized = score.normalized(points * np.float32(7.0) + np.float32(3.0))
    assert np.allclose(normalized, score.normalized(points), atol=1e-4)
    assert np.ptp(normalized, axis=0).max() == pytest.approx(2.0, abs=1e-5)
