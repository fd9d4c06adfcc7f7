from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.errors import ReconstructionError
from ml.mesh import adaptive_grid, marching_cubes
from ml.mesh.geometry import face_volumes, is_closed_manifold
from ml.scene.query import CHUNK
from tests.ml.scenes import RED, AnalyticScene, FieldScene, Part, ball

LEG = AnalyticScene(
    (Part("box", (0.0, 0.0, 0.3), (0.3, 0.3, 0.1), RED), Part("box", (0.11, 0.07, -0.2), (0.008, 0.008, 0.5), RED))
)
"""A slab on a leg that is thinner than a cell of the coarse grid."""


@dataclass(frozen=True)
class CountingScene(AnalyticScene):
    counts: tuple[list[int], ...] = ()

    def density(self, points: Tensor) -> Tensor:
        self.counts[0].append(len(points))
        return super().density(points)


@dataclass(frozen=True)
class OnePointScene(FieldScene):
    """Dense only at the origin."""

    def density(self, points: Tensor) -> Tensor:
        return torch.where(points.norm(dim=1) < 1e-3, 100.0, 0.0)


@pytest.fixture(scope="module", autouse=True)
def _few_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def dense(scene: AnalyticScene, cells: int) -> NDArray[Any]:
    steps = torch.linspace(-scene.radius, scene.radius, cells + 1)
    points = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij"), dim=-1).reshape(-1, 3)
    return scene.density(points).numpy().reshape((cells + 1,) * 3)


def test_a_ball_has_the_right_radius_position_and_volume() -> None:
    mesh = marching_cubes.extract(ball(0.4, (0.1, -0.2, 0.3)), 96)
    distance = np.linalg.norm(mesh.vertices - np.array([0.1, -0.2, 0.3]), axis=1)
    assert np.abs(distance - 0.4).max() < 5e-4
    assert np.isclose(face_volumes(mesh.vertices, mesh.faces).sum(), 4 / 3 * np.pi * 0.4**3, rtol=3e-3)


def test_normals_point_outwards() -> None:
    mesh = marching_cubes.extract(ball(0.4), 64)
    outwards = mesh.vertices / np.linalg.norm(mesh.vertices, axis=1, keepdims=True)
    assert (mesh.normals * outwards).sum(axis=1).min() > 0.97


def test_vertices_are_on_the_isosurface() -> None:
    scene = AnalyticScene()
    mesh = marching_cubes.extract(scene, 128)
    off = scene._distances(torch.from_numpy(mesh.vertices)).amin(dim=1).abs()
    assert float(off.median()) < 1e-4
    assert float(off.quantile(0.95)) < 2e-3


@pytest.mark.parametrize("grid", [48, 96, 100, 160])
def test_the_adaptive_grid_agrees_with_the_dense_grid(grid: int) -> None:
    scene = AnalyticScene()
    found = adaptive_grid.sample(scene, grid, scene.threshold)
    assert found.shape == (grid + 1,) * 3
    assert np.array_equal(found > scene.threshold, dense(scene, grid) > scene.threshold)


def test_a_part_thinner_than_a_coarse_cell_is_followed_to_its_end() -> None:
    mesh = marching_cubes.extract(LEG, 256)
    assert abs(mesh.vertices[:, 2].min() + 0.7) < 2e-3


def test_a_small_fraction_of_the_grid_is_sampled() -> None:
    scene = CountingScene(counts=([],))
    marching_cubes.extract(scene, 256)
    assert sum(scene.counts[0]) < 0.12 * 257**3
    assert max(scene.counts[0]) <= CHUNK


def test_the_surface_is_closed_where_the_scene_touches_the_cube() -> None:
    scene = AnalyticScene((Part("box", (0.87, 0.87, 0.0), (0.5, 0.5, 2.0), RED),))
    mesh = marching_cubes.extract(scene, 64)
    assert is_closed_manifold(mesh.faces)
    assert np.abs(mesh.vertices).max() < scene.radius + 2 * scene.radius / 64


def test_a_higher_threshold_gives_a_smaller_mesh() -> None:
    scene = ball(0.4)
    inner = marching_cubes.extract(scene, 64, threshold=scene.threshold * 4).vertices
    expected = 0.4 - np.log(4) / scene.sharpness
    assert np.abs(np.linalg.norm(inner, axis=1) - expected).max() < 2e-3


@pytest.mark.parametrize(
    "scene",
    [FieldScene(value=0.0), FieldScene(value=100.0), FieldScene(value=float("nan")), OnePointScene()],
    ids=["empty", "full", "nan", "one cell"],
)
def test_a_scene_without_a_surface_is_rejected(scene: FieldScene) -> None:
    with pytest.raises(ReconstructionError) as caught:
        marching_cubes.extract(scene, 64)
    assert caught.value.code == "empty_scene"


def test_progress_is_reported_up_to_one() -> None:
    steps: list[float] = []
    marching_cubes.extract(ball(), 128, on_step=steps.append)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
