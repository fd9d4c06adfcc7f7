"""Relatives of the training meshes: stretched, tapered, swollen, bent, twisted, warped, mirrored; still upright."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.training.gpu.materials import chance, uniform_on
from ml.training.gpu.meshes import MeshBatch, centred

LATTICE = 4
"""Control points per axis of the free-form deformation (Sederberg and Parry 1986)."""
LATTICE_STRENGTH = 0.12
"""Standard deviation of a control point's offset, in units of the object's half size."""


def deformed(batch: MeshBatch, random: torch.Generator) -> tuple[MeshBatch, Tensor]:
    """The batch with mirrored objects wound anew, and new vertices (B, V, 3), centred, longest side 2."""
    uniform, count = uniform_on(random), len(batch.vertices)
    shape = (count, 1, 1)
    vertices = batch.vertices
    stretch = (torch.randn(count, 1, 3, generator=random, device=vertices.device) * 0.2).exp()
    vertices = torch.where(chance(0.7, shape, random), vertices * stretch, vertices)
    vertices = torch.where(chance(0.2, shape, random), _tapered(vertices, uniform((count, 1), -0.35, 0.35)), vertices)
    vertices = torch.where(chance(0.3, shape, random), _swollen(vertices, random), vertices)
    vertices = torch.where(chance(0.15, shape, random), _twisted(vertices, uniform((count, 1), -0.6, 0.6)), vertices)
    vertices = torch.where(chance(0.15, shape, random), _bent(vertices, uniform((count, 1), -0.35, 0.35)), vertices)
    vertices = torch.where(chance(0.3, shape, random), _warped(vertices, random), vertices)
    mirrored = chance(0.5, shape, random)
    vertices = torch.where(mirrored, vertices * torch.tensor([1.0, -1.0, 1.0], device=vertices.device), vertices)
    faces = torch.where(mirrored, batch.faces.flip(2), batch.faces)
    return MeshBatch(batch.vertices, batch.used, faces, batch.colors), centred(vertices, batch.used)


def _tapered(vertices: Tensor, strength: Tensor) -> Tensor:
    """Wider towards the top or the base."""
    scale = 1.0 + strength * vertices[..., 2] / 2.0
    return torch.stack([vertices[..., 0] * scale, vertices[..., 1] * scale, vertices[..., 2]], dim=-1)


def _swollen(vertices: Tensor, random: torch.Generator) -> Tensor:
    """In gentle waves wider and narrower along the height, higher and lower along the length; the base stays flat."""
    low = vertices[..., 2].amin(dim=1, keepdim=True)
    wide, high = _wave(vertices[..., 2], random), _wave(vertices[..., 0], random)
    height = low + (vertices[..., 2] - low) * high
    return torch.stack([vertices[..., 0] * wide, vertices[..., 1] * wide, height], dim=-1)


def _wave(positions: Tensor, random: torch.Generator) -> Tensor:
    """A factor between 0.7 and 1.3 for each position (B, V)."""
    uniform, count = uniform_on(random), len(positions)
    phase = positions * uniform((count, 1), 1.0, 4.0) + uniform((count, 1), 0.0, 2.0 * torch.pi)
    return 1.0 + uniform((count, 1), 0.0, 0.3) * phase.sin()


def _twisted(vertices: Tensor, strength: Tensor) -> Tensor:
    """Turned around the upright axis, the more the higher; `strength` in radians per half size."""
    angle = strength * vertices[..., 2]
    x, y, z = vertices.unbind(dim=-1)
    return torch.stack([x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos(), z], dim=-1)


def _bent(vertices: Tensor, strength: Tensor) -> Tensor:
    """The upright axis becomes a parabola towards the front or the back."""
    height = vertices[..., 2] - vertices[..., 2].amin(dim=1, keepdim=True)
    return torch.stack([vertices[..., 0] + strength * height**2 / 2.0, vertices[..., 1], vertices[..., 2]], dim=-1)


def _warped(vertices: Tensor, random: torch.Generator) -> Tensor:
    """Moved by a smooth random field: offsets of 4³ control points, read trilinearly."""
    shape = (len(vertices), 3, LATTICE, LATTICE, LATTICE)
    field = torch.randn(shape, generator=random, device=vertices.device) * LATTICE_STRENGTH
    found = F.grid_sample(field, vertices[:, None, None], padding_mode="border", align_corners=True)
    return vertices + found[:, :, 0, 0].transpose(1, 2)
