"""Ray casting against batches of triangle meshes by testing every triangle: simple, exact, and fast on a GPU.

Triangles are compared in Plücker coordinates, so that a test is four dot products. Padding is a triangle of no area.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ml.training.gpu.triangles import EDGE, Triangles

NO_HIT = -1
"""Face number of a ray that hits nothing."""
TESTS_PER_CHUNK = 1 << 25
"""Ray-triangle tests whose intermediate results are held at once when nothing is compiled (about 1 GB)."""
TESTS_PER_FUSED_CHUNK = 1 << 30
"""The same for torch's compiler: should it hold some of them after all, they fit into a GPU's memory."""


def nearest_hits(triangles: Triangles, origins: Tensor, directions: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """First hit beyond distance `after` (B, N) along rays (B, N, 3): distances (B, N) and faces (B, N).

    Distances count in lengths of the direction; inf and −1 where nothing is hit. Rays whose `after` is infinite cost
    nothing in Triton where their neighbours are alike.
    """
    batch, faces = triangles.offsets.shape
    chunk = max(1, _tests // (batch * faces))
    parts = [
        _kernel(triangles, *(values[:, start : start + chunk] for values in (origins, directions, after)))
        for start in range(0, origins.shape[1], chunk)
    ]
    return torch.cat([part[0] for part in parts], dim=1), torch.cat([part[1] for part in parts], dim=1)


def _nearest(triangles: Triangles, origins: Tensor, directions: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """`nearest_hits` in one piece (Möller and Trumbore 1997, with the triple products regrouped)."""
    moments = torch.linalg.cross(origins, directions)
    rays = torch.cat([moments, directions], dim=-1)
    facing = -_dots(directions, triangles.normals)
    scale = 1.0 / torch.where(facing.abs() < 1e-12, torch.full_like(facing, torch.inf), facing)
    first, second = _dots(rays, triangles.first) * scale, _dots(rays, triangles.second) * scale
    distance = (_dots(origins, triangles.normals) - triangles.offsets[:, None]) * scale
    inside = (first >= EDGE) & (second >= EDGE) & (first + second <= 1.0 - EDGE) & (scale != 0.0)
    distance = torch.where(inside & (distance > after[..., None]), distance, torch.inf)
    nearest, face = distance.min(dim=-1)
    return nearest, torch.where(nearest.isfinite(), face, NO_HIT)


Kernel = Callable[[Triangles, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
_kernel: Kernel = _nearest
_tests: int = TESTS_PER_CHUNK


KERNELS = ("triton", "compiled", "plain")
"""Written in Triton (which comes with torch for CUDA), made by torch's compiler, or not fused."""


def choose_kernel(name: str) -> None:
    """Take one of KERNELS from now on. The first two hold nothing but the nearest hit in memory."""
    global _kernel, _tests
    if name == "triton":
        from ml.training.gpu import triton_casting

        _kernel, _tests = triton_casting.nearest, triton_casting.MOST_TESTS
    elif name == "compiled":
        _kernel, _tests = torch.compile(_nearest), TESTS_PER_FUSED_CHUNK
    else:
        _kernel, _tests = _nearest, TESTS_PER_CHUNK


def _dots(rays: Tensor, coefficients: Tensor) -> Tensor:
    """(B, N, K) · (B, F, K) -> (B, N, F), written out so that a compiler fuses it with what follows."""
    total = rays[:, :, None, 0] * coefficients[:, None, :, 0]
    for index in range(1, rays.shape[-1]):
        total = total + rays[:, :, None, index] * coefficients[:, None, :, index]
    return total


def occluded(triangles: Triangles, origins: Tensor, directions: Tensor, wanted: Tensor) -> Tensor:
    """(B, N) bool: whether anything lies along each ray that is `wanted` (B, N)."""
    after = torch.where(wanted, 0.0, torch.inf)
    return nearest_hits(triangles, origins, directions, after)[1] != NO_HIT


def all_hits(
    triangles: Triangles, origins: Tensor, directions: Tensor, layers: int, step: float
) -> tuple[Tensor, Tensor]:
    """The first `layers` hits along each ray in order: distances and faces (B, N, layers), padded with inf and −1.

    A ray moves on by `step` after each hit, as in `ml.mesh.ray_intervals`, so doubled faces count once.
    """
    after = torch.zeros_like(origins[..., 0])
    distances, faces = [], []
    for _ in range(layers):
        distance, face = nearest_hits(triangles, origins, directions, after)
        distances.append(distance)
        faces.append(face)
        after = distance + step
    return torch.stack(distances, dim=-1), torch.stack(faces, dim=-1)


def inside_after(triangles: Triangles, directions: Tensor, faces: Tensor) -> Tensor:
    """(B, N, L) bool: whether a ray is inside the object right after each hit; entering counts +1, leaving −1.

    The rule of `ml.mesh.ray_intervals.inside_after`: the count never falls below zero, and nothing is inside after the
    last hit.
    """
    batch = torch.arange(len(faces), device=faces.device)[:, None, None]
    normals = triangles.normals[batch, faces.clamp_min(0)]
    facing = (normals * directions[:, :, None]).sum(-1)
    steps = torch.where(faces == NO_HIT, 0, torch.where(facing < 0, 1, -1))
    depth = torch.zeros_like(steps[..., 0])
    inside = torch.zeros_like(faces, dtype=torch.bool)
    last = (faces != NO_HIT).sum(dim=-1) - 1
    for layer in range(faces.shape[-1]):
        depth = (depth + steps[..., layer]).clamp_min(0)
        inside[..., layer] = (depth > 0) & (layer < last)
    return inside & (faces != NO_HIT)
