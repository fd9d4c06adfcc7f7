"""Packed meshes on the device, and batches of them: deformed, posed before a camera, ready to be rendered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ml.core.camera import DISTANCE, FIELD_OF_VIEW
from ml.training.posing import FOREGROUND_RATIO

DEFAULT_FOCAL = 1.0 / float(np.tan(np.radians(FIELD_OF_VIEW) / 2.0))
"""Of the canonical camera, in half pictures."""


@dataclass(frozen=True)
class PackedMeshes:
    """All training meshes in three tensors; mesh i owns the rows between its offsets.

    `vertices` (ΣV, 3) float32 with longest side 2 around the origin, z up, front to +x; `faces` (ΣF, 3) int64 local to
    the mesh, wound outwards; `colors` (ΣF, 3) float32 sRGB. `vertex_offsets`, `face_offsets` (N + 1,) int64.
    """

    vertices: Tensor
    faces: Tensor
    colors: Tensor
    vertex_offsets: Tensor
    face_offsets: Tensor
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class MeshBatch:
    """B meshes padded to V vertices and F faces; padding faces have no area (all corners at one vertex).

    `vertices` (B, V, 3); `used` (B, V) bool; `faces` (B, F, 3) int64; `colors` (B, F, 3).
    """

    vertices: Tensor
    used: Tensor
    faces: Tensor
    colors: Tensor

    def corners(self, vertices: Tensor) -> Tensor:
        """(B, F, 3, 3) corners of the faces when the vertices stand at `vertices` (B, V, 3)."""
        batch = torch.arange(len(vertices), device=vertices.device)[:, None, None]
        return vertices[batch, self.faces]


@dataclass(frozen=True)
class PosedBatch:
    """A batch before its cameras, in camera space: right, up, depth, the camera at the origin (left-handed).

    `vertices` (B, V, 3); `elevation`, `fov`, `azimuth` in degrees, `focal` in half pictures, `distance` of the middle,
    `to_canonical`: factor from a depth offset to canonical units, all (B,). See `ml.training.posing.View`.
    """

    vertices: Tensor
    elevation: Tensor
    fov: Tensor
    azimuth: Tensor
    focal: Tensor
    distance: Tensor
    to_canonical: Tensor


def load(path: Path, device: torch.device) -> PackedMeshes:
    """Read a pack that `ml.training.gpu.pack` wrote."""
    with np.load(path) as archive:
        pack = {key: archive[key] for key in archive.files}
    return PackedMeshes(
        vertices=_tensor(pack["vertices"], torch.float32, device) * (2.0 / 65535.0) - 1.0,
        faces=_tensor(pack["faces"], torch.int64, device),
        colors=_tensor(pack["face_colors"], torch.float32, device) / 255.0,
        vertex_offsets=_tensor(pack["vertex_offset"], torch.int64, device),
        face_offsets=_tensor(pack["face_offset"], torch.int64, device),
        names=tuple(str(name) for name in pack["names"]),
    )


def _tensor(values: np.ndarray, kind: torch.dtype, device: torch.device) -> Tensor:
    return torch.from_numpy(values.astype(np.int64)).to(device=device, dtype=kind)


def gather(packed: PackedMeshes, chosen: Tensor, max_vertices: int, max_faces: int) -> MeshBatch:
    """The meshes with numbers `chosen` (B,) as one padded batch."""
    vertex_rows, used = _rows(packed.vertex_offsets, chosen, max_vertices)
    face_rows, real = _rows(packed.face_offsets, chosen, max_faces)
    faces = torch.where(real[..., None], packed.faces[face_rows], 0)
    vertices = torch.where(used[..., None], packed.vertices[vertex_rows], packed.vertices[vertex_rows[:, :1]])
    return MeshBatch(vertices, used, faces, packed.colors[face_rows])


def _rows(offsets: Tensor, chosen: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """(B, size) rows of the chosen meshes, and which of them are theirs; the rest repeat the first row."""
    first, count = offsets[chosen], offsets[chosen + 1] - offsets[chosen]
    steps = torch.arange(size, device=offsets.device)
    real = steps < count[:, None]
    return first[:, None] + torch.where(real, steps, 0), real


def centred(vertices: Tensor, used: Tensor) -> Tensor:
    """(B, V, 3) with the box of the used vertices centred and its longest side 2."""
    low, high = _bounds(vertices, used)
    return (vertices - (low + high)[:, None] / 2.0) * (2.0 / (high - low).amax(dim=-1).clamp_min(1e-9))[:, None, None]


def _bounds(values: Tensor, used: Tensor) -> tuple[Tensor, Tensor]:
    """Least and greatest (B, K) of (B, V, K) values over the used vertices."""
    far = torch.where(used[..., None], values, torch.inf), torch.where(used[..., None], values, -torch.inf)
    return far[0].amin(dim=1), far[1].amax(dim=1)


def pose(batch: MeshBatch, vertices: Tensor, azimuth: Tensor, elevation: Tensor, fov: Tensor) -> PosedBatch:
    """Pose (B, V, 3) `vertices` so that the longer side of each picture fills 0.85 of its frame, centred.

    The batched form of `ml.training.posing.pose`; angles (B,) in degrees.
    """
    local = vertices @ camera_axes(azimuth, elevation).transpose(1, 2)
    low, high = _bounds(local, batch.used)
    local = local - (low + high)[:, None] / 2.0
    extent = torch.where(batch.used[..., None], local.abs(), 0.0).amax(dim=(1, 2)).clamp_min(1e-6)
    local = local / extent[:, None, None]
    focal = 1.0 / torch.tan(torch.deg2rad(fov) / 2.0)
    distance = _fit_distance(local, batch.used, focal)
    to_canonical = DISTANCE / DEFAULT_FOCAL / (distance / focal)
    local = _centred_in_picture(local, batch.used, focal, distance)
    depth = torch.zeros_like(local)
    depth[..., 2] = distance[:, None]
    return PosedBatch(local + depth, elevation, fov, azimuth, focal, distance, to_canonical)


def camera_axes(azimuth: Tensor, elevation: Tensor) -> Tensor:
    """(B, 3, 3) rows right, up and forward of cameras that look at the origin, as `ml.core.camera.Camera.axes`."""
    around, height = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    sin_a, cos_a, sin_e, cos_e = around.sin(), around.cos(), height.sin(), height.cos()
    zero = torch.zeros_like(around)
    right = torch.stack([-sin_a, cos_a, zero], dim=-1)
    up = torch.stack([-cos_a * sin_e, -sin_a * sin_e, cos_e], dim=-1)
    forward = torch.stack([-cos_a * cos_e, -sin_a * cos_e, -sin_e], dim=-1)
    return torch.stack([right, up, forward], dim=1)


def _picture_bounds(local: Tensor, used: Tensor, focal: Tensor, distance: Tensor) -> tuple[Tensor, Tensor]:
    """Least and greatest picture coordinates (B, 2) of objects at a distance."""
    picture = focal[:, None, None] * local[..., :2] / (local[..., 2:] + distance[:, None, None])
    return _bounds(picture, used)


def _fit_distance(local: Tensor, used: Tensor, focal: Tensor) -> Tensor:
    """(B,) by bisection: the distance at which the picture has the wanted size."""
    nearest = torch.where(used, local[..., 2], torch.inf).amin(dim=1)
    low, high = -nearest + 0.05, torch.full_like(focal, 60.0)
    for _ in range(22):
        middle = (low * high).sqrt()
        first, last = _picture_bounds(local, used, focal, middle)
        too_large = (last - first).amax(dim=-1) > 2.0 * FOREGROUND_RATIO
        low, high = torch.where(too_large, middle, low), torch.where(too_large, high, middle)
    return high


def _centred_in_picture(local: Tensor, used: Tensor, focal: Tensor, distance: Tensor) -> Tensor:
    """Shifted sideways until the picture's box is centred."""
    for _ in range(6):
        first, last = _picture_bounds(local, used, focal, distance)
        shift = (first + last) / 2.0 * (distance / focal)[:, None]
        local = torch.cat([local[..., :2] - shift[:, None], local[..., 2:]], dim=-1)
    return local
