from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import mcubes
import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.engines.triposr import render
from ml.engines.triposr.scene import TriplaneScene
from ml.mesh import marching_cubes
from ml.scene import ray_marching

CAMERA = Camera(elevation=10.0, azimuth=30.0)


def psnr(ours: Tensor, theirs: Tensor) -> float:
    return float(-10.0 * torch.log10((ours - theirs).square().mean()))


def without_density(scene: TriplaneScene) -> TriplaneScene:
    matrix, bias = scene.layers[-1]
    return replace(scene, layers=(*scene.layers[:-1], (matrix * 0.0, bias * 0.0 - 30.0)))


def test_the_fast_view_is_the_dense_view(chair: TriplaneScene) -> None:
    (fast,) = render.views(chair, [CAMERA], 64)
    dense = render.dense(chair, *CAMERA.rays(64)).view(64, 64, 3)
    assert float(dense.min()) < 0.5
    assert psnr(fast, dense) > 40.0


def test_the_fast_view_queries_the_scene_far_less(chair: TriplaneScene) -> None:
    queried: list[int] = []
    original = TriplaneScene.decode

    def counting(scene: TriplaneScene, points: Tensor) -> Tensor:
        queried.append(len(points))
        return original(scene, points)

    with patch.object(TriplaneScene, "decode", counting):
        list(render.views(chair, [Camera(azimuth=12.0 * index) for index in range(4)], 32))
    assert 0 < sum(queried) < 0.1 * 257**3


def test_an_empty_scene_is_white(chair: TriplaneScene) -> None:
    (picture,) = render.views(without_density(chair), [CAMERA], 16)
    assert float(picture.min()) > 0.999


def test_a_ray_that_misses_the_cube_is_white(chair: TriplaneScene) -> None:
    origins, directions = torch.tensor([[3.0, 0.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0]])
    assert render.dense(chair, origins, directions).tolist() == [[1.0, 1.0, 1.0]]


def test_a_ray_along_an_axis_is_clipped_to_the_cube() -> None:
    rays = ray_marching.clip(torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([[-1.0, 0.0, 0.0]]))
    assert bool(rays.valid)
    assert torch.allclose(torch.cat([rays.near, rays.far]), torch.tensor([2.0 - 0.999 * RADIUS, 2.0 + 0.999 * RADIUS]))


def test_coarse_to_fine_finds_the_surface_of_the_dense_grid(chair: TriplaneScene) -> None:
    grid = 96
    axis = torch.linspace(-RADIUS, RADIUS, grid + 1)
    at = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).view(-1, 3)
    dense, _ = mcubes.marching_cubes(chair.density(at).view([grid + 1] * 3).numpy(), chair.threshold)
    cell = 2.0 * RADIUS / grid
    theirs, ours = dense * cell - RADIUS, marching_cubes.extract(chair, grid).vertices
    assert cKDTree(ours).query(theirs)[0].max() < 0.5 * cell
    assert cKDTree(theirs).query(ours)[0].max() < 0.5 * cell
    assert np.isfinite(ours).all()
