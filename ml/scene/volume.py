"""A solid as a grid of densities, its outline as the photo shows it, and the colours of both sides."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.scene.sampled_field import SampledField, sampled_field

THRESHOLD = 0.5
SOFT = 0.06
"""Canonical distance from the surface at which the density reaches 0 (outside) or 1 (inside)."""

_DEPTH_SIDE, _DEPTH_STEPS = 160, 96
_BACK_BEGINS, _BACK_FULL = 0.03, 0.09
"""Canonical distance behind the first surface at which the back's colours begin, and where they are alone."""


def density_of(distance: Tensor) -> Tensor:
    """Signed canonical distance to the surface, positive inside -> density in [0, 1], 0.5 on the surface."""
    return (0.5 + distance / (2.0 * SOFT)).clamp(0.0, 1.0)


@dataclass(frozen=True, eq=False)
class VolumeScene:
    """A `Scene` from a grid.

    `grid`: (D, D, D) float16 density on linspace(-radius, radius) per axis, index order x, y, z.
    `front`: (S, S, 3) uint8 sRGB as seen from `camera`; its colours should go on beyond the silhouette.
    `back`: the same for what lies behind the first surface, in the photo's own left and right; None: as the front.
    `outline`: (T, T) float16 density of the silhouette as seen from `camera`: cuts the solid sharper than the grid.
    `colors`: (K, K, K, 3) uint8 sRGB on the same cube, where several photos gave them; then the pictures are not asked.
    """

    grid: Tensor
    front: Tensor
    back: Tensor | None = None
    outline: Tensor | None = None
    colors: Tensor | None = None
    camera: Camera = field(default_factory=Camera)
    radius: float = RADIUS
    threshold: float = THRESHOLD

    def density(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) density: trilinear in the grid, cut by the outline; 0 outside the cube."""
        solid = self._read(self._volume, points, "zeros")[0]
        if self._silhouette is None:
            return solid
        return torch.minimum(solid, _sample(self._silhouette, self.camera.project(points.float()))[0])

    def color(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N, 3) sRGB in [0, 1]: the colour of the pixel that each is seen in."""
        if self._palette is not None:
            return self._read(self._palette, points, "border").T
        seen = self.camera.project(points.float())
        front = _sample(_picture(self.front), seen)
        if self.back is None:
            return front.T
        behind = seen[:, 2] - _sample(self._first_depth, seen)[0]
        share = ((behind - _BACK_BEGINS) / (_BACK_FULL - _BACK_BEGINS)).clamp(0.0, 1.0)
        return (front + (_sample(_picture(self.back), seen) - front) * share).T

    def save(self, path: Path) -> None:
        """Write everything to one .npz; the pictures inside are lossless WebP."""
        arrays: dict[str, Any] = {
            "kind": np.array("volume"),
            "grid": self.grid.numpy(),
            "front": _encoded(self.front),
            "camera": np.array([self.camera.elevation, self.camera.azimuth, self.camera.distance, self.camera.fov]),
            "extent": np.array([self.radius, self.threshold]),
        }
        if self.back is not None:
            arrays["back"] = _encoded(self.back)
        if self.outline is not None:
            arrays["outline"] = self.outline.numpy()
        if self.colors is not None:
            arrays["colors"] = self.colors.numpy()
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def field(self) -> SampledField:
        """The scene prepared for rendering many views."""
        return sampled_field(self)

    @classmethod
    def load(cls, path: Path) -> VolumeScene:
        """Read what `save` wrote. Raises OSError, ValueError or KeyError when it is something else."""
        with np.load(path) as archive:
            radius, threshold = (float(value) for value in archive["extent"])
            return cls(
                grid=torch.from_numpy(archive["grid"]),
                front=_decoded(archive["front"]),
                back=_decoded(archive["back"]) if "back" in archive else None,
                outline=torch.from_numpy(archive["outline"]) if "outline" in archive else None,
                colors=torch.from_numpy(archive["colors"]) if "colors" in archive else None,
                camera=Camera(*archive["camera"].tolist()),
                radius=radius,
                threshold=threshold,
            )

    def _read(self, volume: Tensor, points: Tensor, beyond: str) -> Tensor:
        """(1, C, K, K, K) values over the cube at (N, 3) points -> (C, N), trilinear."""
        places = (points.float() / self.radius).flip(1)[None, None, None]
        return F.grid_sample(volume, places, padding_mode=beyond, align_corners=True)[0, :, 0, 0]

    @cached_property
    def _palette(self) -> Tensor | None:
        """(1, 3, K, K, K) colours in [0, 1]."""
        return None if self.colors is None else self.colors.permute(3, 0, 1, 2)[None].float() / 255.0

    @cached_property
    def _volume(self) -> Tensor:
        return self.grid.float()[None, None]

    @cached_property
    def _silhouette(self) -> Tensor | None:
        return None if self.outline is None else self.outline.float()[None]

    def _within_outline(self, points: Tensor) -> Tensor:
        """(N,) whether the outline lets anything be seen where the camera sees the points (N, 3)."""
        if self._silhouette is None:
            return torch.ones(len(points), dtype=torch.bool)
        return _sample(self._silhouette, self.camera.project(points))[0] > self.threshold

    @cached_property
    def _first_depth(self) -> Tensor:
        """(1, 160, 160) depth at which the view of each pixel first meets the solid; far where it meets nothing."""
        origins, directions = self.camera.rays(_DEPTH_SIDE)
        stretch = 1.0 / (directions @ self.camera.axes()[2])
        near = self.camera.distance - self.radius
        first = torch.full((len(directions),), self.camera.distance + self.radius)
        left = self._within_outline(origins + directions).nonzero()[:, 0]
        for depth in near + (torch.arange(_DEPTH_STEPS) + 0.5) / _DEPTH_STEPS * 2.0 * self.radius:
            points = origins[left] + directions[left] * (depth * stretch[left])[:, None]
            inside = self._read(self._volume, points, "zeros")[0] > self.threshold
            first[left[inside]] = depth
            left = left[~inside]
        square = first.view(1, 1, _DEPTH_SIDE, _DEPTH_SIDE)
        return -F.max_pool2d(-square, 3, stride=1, padding=1)[0]


def _sample(picture: Tensor, seen: Tensor) -> Tensor:
    """(C, S, S) picture at (N, 3) projected points -> (C, N), bilinear; beyond the picture its edge goes on."""
    places = seen[None, None, :, :2]
    return F.grid_sample(picture[None], places, padding_mode="border", align_corners=False)[0, :, 0]


def _picture(pixels: Tensor) -> Tensor:
    return pixels.permute(2, 0, 1).float() / 255.0


def _encoded(pixels: Tensor) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def _decoded(data: NDArray[np.uint8]) -> Tensor:
    with Image.open(io.BytesIO(data.tobytes()), formats=("WEBP",)) as image:
        return torch.from_numpy(np.array(image.convert("RGB")))
