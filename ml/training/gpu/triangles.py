"""Batches of triangle meshes prepared for ray casting, in Plücker coordinates. Padding is a triangle of no area."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

EDGE = -1e-6
"""Barycentric tolerance: a ray between two triangles that share an edge must not slip through."""


@dataclass(frozen=True)
class Triangles:
    """A batch of B meshes of F triangles, prepared for casting.

    `normals` (B, F, 3): edge1 × edge2, not of unit length. `offsets` (B, F): normal · first corner.
    `first`, `second` (B, F, 6): coefficients of the barycentric coordinates for rays (moment, direction).
    `counts` (B,) int32: faces of each mesh, without the padding at their end.
    """

    normals: Tensor
    offsets: Tensor
    first: Tensor
    second: Tensor
    counts: Tensor


def prepare(corners: Tensor) -> Triangles:
    """(B, F, 3, 3) corners -> coefficients for `nearest_hits`."""
    origin, edge1, edge2 = corners[:, :, 0], corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]
    normals = torch.linalg.cross(edge1, edge2)
    first = torch.cat([edge2, -torch.linalg.cross(edge2, origin)], dim=-1)
    second = torch.cat([-edge1, torch.linalg.cross(edge1, origin)], dim=-1)
    numbers = torch.arange(1, corners.shape[1] + 1, device=corners.device, dtype=torch.int32)
    counts = torch.where((normals != 0.0).any(dim=-1), numbers, 0).amax(dim=1)
    return Triangles(normals, (normals * origin).sum(-1), first, second, counts)
