"""Ray casting against batches of triangle meshes by testing every triangle: simple, exact, and fast on a GPU.

Triangles are compared in Plücker coordinates, so that a test is four dot products. Padding is a triangle of no area.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

EDGE = -1e-6
"""Barycentric tolerance: a ray between two triangles that share an edge must not slip through."""
NO_HIT = -1
"""Face number of a ray that hits nothing."""
TESTS_PER_CHUNK = 1 << 25
"""Ray-triangle tests whose intermediate results are held at once when nothing is compiled (about 1 GB)."""


@dataclass(frozen=True)
class Triangles:
    """A batch of B meshes of F triangles, prepared for casting.

    `normals` (B, F, 3): edge1 × edge2, not of unit length. `offsets` (B, F): normal · first corner.
    `first`, `second` (B, F, 6): coefficients of the barycentric coordinates for rays (moment, direction).
    """

    normals: Tensor
    offsets: Tensor
    first: Tensor
    second: Tensor


def prepare(corners: Tensor) -> Triangles:
    """(B, F, 3, 3) corners -> coefficients for `nearest_hits`."""
    origin, edge1, edge2 = corners[:, :, 0], corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    normals = torch.linalg.cross(edge1, edge2)
    first = torch.cat([edge2, -torch.linalg.cross(edge2, origin)], dim=-1)
    second = torch.cat([-edge1, torch.linalg.cross(edge1, origin)], dim=-1)
    return Triangles(normals, (normals * origin).sum(-1), first, second)


def nearest_hits(triangles: Triangles, origins: Tensor, directions: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """First hit beyond distance `after` (B, N) along rays (B, N, 3): distances (B, N) and faces (B, N).

    Distances count in lengths of the direction; inf and −1 where nothing is hit.
    """
    batch, faces = triangles.offsets.shape
    chunk = origins.shape[1] if _kernel is not _nearest else max(1, TESTS_PER_CHUNK // (batch * faces))
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


def compile_kernel() -> None:
    """From now on test all triangles in one fused kernel that keeps nothing but the nearest hit."""
    global _kernel
    _kernel = torch.compile(_nearest)


def _dots(rays: Tensor, coefficients: Tensor) -> Tensor:
    """(B, N, K) · (B, F, K) -> (B, N, F), written out so that a compiler fuses it with what follows."""
    total = rays[:, :, None, 0] * coefficients[:, None, :, 0]
    for index in range(1, rays.shape[-1]):
        total = total + rays[:, :, None, index] * coefficients[:, None, :, index]
    return total


def occluded(triangles: Triangles, origins: Tensor, directions: Tensor) -> Tensor:
    """(B, N) bool: whether anything lies along each ray."""
    return nearest_hits(triangles, origins, directions, torch.zeros_like(origins[..., 0]))[1] != NO_HIT


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
