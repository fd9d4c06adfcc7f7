"""Rendered samples in the memory of the device: filled while training runs, the oldest replaced by the newest."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import torch
from torch import Tensor

from ml.core.camera import FIELD_OF_VIEW
from ml.training.gpu.augmenting import Sample
from ml.training.gpu.deforming import deformed
from ml.training.gpu.materials import recolored, uniform_on
from ml.training.gpu.meshes import MeshBatch, PackedMeshes, gather, pose
from ml.training.gpu.rendering import Rendered, render

ARRAYS = tuple(item.name for item in fields(Rendered) if item.name != "valid")
BYTES_PER_SAMPLE = 135_000
"""Picture, cover, packed occupancy, depths, back, angles."""


@dataclass
class Cache:
    """A ring of up to `capacity` samples. `made` counts all that were ever put in."""

    capacity: int
    arrays: Sample = field(default_factory=dict)
    made: int = 0

    def __len__(self) -> int:
        return min(self.made, self.capacity)

    def add(self, rendered: Rendered) -> None:
        """Put in the valid samples of a rendered batch."""
        fresh = {name: getattr(rendered, name)[rendered.valid] for name in ARRAYS}
        count = int(rendered.valid.sum())
        if not self.arrays:
            self.arrays = {name: _storage(values, self.capacity) for name, values in fresh.items()}
        rows = (torch.arange(count, device=rendered.valid.device) + self.made) % self.capacity
        for name, values in fresh.items():
            self.arrays[name][rows] = values
        self.made += count

    def draw(self, count: int, random: torch.Generator) -> Sample:
        """`count` random samples."""
        rows = torch.randint(len(self), (count,), generator=random, device=random.device)
        return self.rows(rows)

    def rows(self, rows: Tensor) -> Sample:
        """The samples in these rows."""
        return {name: values[rows] for name, values in self.arrays.items()}


def _storage(values: Tensor, capacity: int) -> Tensor:
    return torch.empty((capacity, *values.shape[1:]), dtype=values.dtype, device=values.device)


def render_batch(packed: PackedMeshes, chosen: Tensor, random: torch.Generator, *, augment: bool) -> Rendered:
    """A random view of each chosen mesh; with `augment` of a deformed and recoloured relative of it."""
    size = (int(_longest(packed.vertex_offsets)), int(_longest(packed.face_offsets)))
    batch = gather(packed, chosen, *size)
    vertices = batch.vertices
    if augment:
        batch, vertices = deformed(batch, random)
        batch = MeshBatch(batch.vertices, batch.used, batch.faces, recolored(batch.colors, random))
    return render(batch, vertices, pose(batch, vertices, *random_angles(len(chosen), random)), random)


def _longest(offsets: Tensor) -> Tensor:
    return (offsets[1:] - offsets[:-1]).max()


def random_angles(count: int, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Azimuth, elevation, field of view in degrees, (count,) each: the distribution of `posing.random_angles`."""
    uniform, shape = uniform_on(random), (count,)
    usual = (torch.randn(count, generator=random, device=random.device) * 12.0 + 14.0).clamp(-10.0, 35.0)
    elevation = torch.where(uniform(shape, 0.0, 1.0) < 0.6, usual, uniform(shape, -10.0, 35.0))
    fov = torch.where(uniform(shape, 0.0, 1.0) < 0.5, FIELD_OF_VIEW, uniform(shape, 18.0, 55.0))
    return uniform(shape, 0.0, 360.0), elevation, fov
