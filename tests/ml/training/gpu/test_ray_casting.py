"""Rays on the device hit what embree hits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ml.engines.compact.network import GRID
from ml.mesh import ray_intervals
from ml.mesh.raycast import Caster
from ml.training import posing, shapes
from ml.training.gpu import ray_casting
from ml.training.gpu.pack import thinned
from ml.training.render import unit_depth_rays

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def posed(seed: int) -> posing.PosedMesh:
    mesh = thinned(shapes.generate(seed), 300)
    return posing.pose(mesh.vertices, mesh.faces, azimuth=37.0 * seed, elevation=3.0 * (seed % 9))


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device(request.param)


@pytest.mark.parametrize("seed", range(1, 21))
def test_every_surface_along_a_ray_is_where_embree_finds_it(seed: int, device: torch.device) -> None:
    view = posed(seed)
    directions = unit_depth_rays(GRID // 4, view.focal)
    truth, faces = ray_intervals.all_hits(Caster(view.vertices, view.faces), np.zeros_like(directions), directions, 4)
    triangles = ray_casting.prepare(torch.from_numpy(view.vertices[view.faces])[None].to(device))
    rays = torch.from_numpy(directions)[None].to(device)
    found, _ = ray_casting.all_hits(triangles, torch.zeros_like(rays), rays, truth.shape[1], step=2e-4)
    agree = np.isclose(found[0].cpu().numpy(), truth, rtol=1e-4, atol=1e-4).all(axis=1)
    assert agree.mean() > 0.995  # rays along an edge may go either way
    assert (faces[:, 0] >= 0).any()


def test_the_inside_of_a_mesh_is_counted_as_embrees_hits_count_it(device: torch.device) -> None:
    view = posed(3)
    directions = unit_depth_rays(GRID // 4, view.focal)
    caster = Caster(view.vertices, view.faces)
    _, faces = ray_intervals.all_hits(caster, np.zeros_like(directions), directions)
    triangles = ray_casting.prepare(torch.from_numpy(view.vertices[view.faces])[None].to(device))
    rays = torch.from_numpy(directions)[None].to(device)
    inside = ray_casting.inside_after(triangles, rays, torch.from_numpy(faces.astype(np.int64))[None].to(device))
    assert (inside[0].cpu().numpy() == ray_intervals.inside_after(caster, directions, faces)).all()


def test_padding_is_never_hit() -> None:
    triangles = ray_casting.prepare(torch.ones(1, 5, 3, 3))
    rays = torch.nn.functional.normalize(torch.randn(1, 50, 3), dim=-1)
    rays[0, 0] = torch.tensor([1.0, 1.0, 1.0])
    assert not ray_casting.occluded(triangles, torch.zeros_like(rays), rays).any()


def test_a_hit_before_the_given_distance_is_passed_over() -> None:
    near = torch.tensor([[-1.0, -1.0, 1.0], [3.0, -1.0, 1.0], [-1.0, 3.0, 1.0]])
    triangles = ray_casting.prepare(torch.stack([near, near * 2.0])[None])
    ray = torch.tensor([[[0.0, 0.0, 1.0]]])
    distance, face = ray_casting.nearest_hits(triangles, torch.zeros_like(ray), ray, torch.full((1, 1), 1.5))
    assert (float(distance), int(face)) == (2.0, 1)
