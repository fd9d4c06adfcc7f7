"""Rays on the device hit what embree hits."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from ml.engines.compact.network import GRID
from ml.mesh import ray_intervals
from ml.mesh.raycast import Caster
from ml.training import posing, shapes
from ml.training.gpu import ray_casting, triangles
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
    mesh = triangles.prepare(torch.from_numpy(view.vertices[view.faces])[None].to(device))
    rays = torch.from_numpy(directions)[None].to(device)
    found, _ = ray_casting.all_hits(mesh, torch.zeros_like(rays), rays, truth.shape[1], step=2e-4)
    agree = np.isclose(found[0].cpu().numpy(), truth, rtol=1e-4, atol=1e-4).all(axis=1)
    assert agree.mean() > 0.995  # rays along an edge may go either way
    assert (faces[:, 0] >= 0).any()


def test_the_inside_of_a_mesh_is_counted_as_embrees_hits_count_it(device: torch.device) -> None:
    view = posed(3)
    directions = unit_depth_rays(GRID // 4, view.focal)
    caster = Caster(view.vertices, view.faces)
    _, faces = ray_intervals.all_hits(caster, np.zeros_like(directions), directions)
    mesh = triangles.prepare(torch.from_numpy(view.vertices[view.faces])[None].to(device))
    rays = torch.from_numpy(directions)[None].to(device)
    inside = ray_casting.inside_after(mesh, rays, torch.from_numpy(faces.astype(np.int64))[None].to(device))
    assert (inside[0].cpu().numpy() == ray_intervals.inside_after(caster, directions, faces)).all()


def test_padding_is_never_hit() -> None:
    mesh = triangles.prepare(torch.ones(1, 5, 3, 3))
    rays = torch.nn.functional.normalize(torch.randn(1, 50, 3), dim=-1)
    rays[0, 0] = torch.tensor([1.0, 1.0, 1.0])
    assert not ray_casting.occluded(mesh, torch.zeros_like(rays), rays, torch.ones(1, 50, dtype=torch.bool)).any()


def test_a_hit_before_the_given_distance_is_passed_over() -> None:
    near = torch.tensor([[-1.0, -1.0, 1.0], [3.0, -1.0, 1.0], [-1.0, 3.0, 1.0]])
    mesh = triangles.prepare(torch.stack([near, near * 2.0])[None])
    ray = torch.tensor([[[0.0, 0.0, 1.0]]])
    distance, face = ray_casting.nearest_hits(mesh, torch.zeros_like(ray), ray, torch.full((1, 1), 1.5))
    assert (float(distance), int(face)) == (2.0, 1)


@pytest.mark.skipif(find_spec("triton") is None, reason="Triton is only there with torch for CUDA")
def test_the_fused_kernel_finds_the_same_hits() -> None:
    """In Triton's interpreter where there is no GPU; it must be chosen before Triton is imported."""
    code = (
        "import torch; from ml.training.gpu import ray_casting as r, triangles, triton_casting as t;"
        "torch.manual_seed(0); d = 'cuda' if torch.cuda.is_available() else 'cpu';"
        "corners = (torch.randn(2, 70, 1, 3) + 0.5 * torch.randn(2, 70, 3, 3) + torch.tensor([0.0, 0.0, 4.0])).to(d);"
        "corners[:, -3:] = 1.0; tri = triangles.prepare(corners);"
        "rays = (torch.randn(2, 150, 3) * 0.3 + torch.tensor([0.0, 0.0, 1.0])).to(d);"
        "start, after = 0.1 * rays.flip(2), torch.rand(2, 150).to(d); after[0, :70] = torch.inf;"
        "a, b = r._nearest(tri, start, rays, after), t.nearest(tri, start, rays, after);"
        "assert (a[1] >= 0).float().mean() > 0.3; assert torch.equal(a[1], b[1]);"
        "assert torch.allclose(a[0], b[0], rtol=1e-4)"
    )
    interpreter = {} if torch.cuda.is_available() else {"TRITON_INTERPRET": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | interpreter, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_a_kernel_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_casting, "_kernel", ray_casting._nearest)
    ray_casting.choose_kernel("compiled")
    assert ray_casting._kernel is not ray_casting._nearest
    ray_casting.choose_kernel("plain")
    assert ray_casting._kernel is ray_casting._nearest
