"""A scene as a voxel grid of densities, cut by the photo's silhouette, with the colours of front and back."""

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
from ml.core.masks import silhouette_sdf
from ml.scene.first_surface import first_surface_depth
from ml.scene.sampled_field import SampledField, sampled_field

THRESHOLD = 0.5
"""Density on the surface."""
TRUNCATION = 0.06
"""Half width of the truncation band: signed distance in scene units at which the density reaches 0 or 1."""
DEPTH_SIZE = 160
"""Side in pixels of the depth map that separates front from back colours, as fine as the compact engine's grid."""
BACK_BEGINS, BACK_FULL = 0.03, 0.09
"""Scene units behind the first surface at which the back's colours begin, and from which on only they count."""


def density_of(distance: Tensor) -> Tensor:
    """Signed distance to the surface in scene units, positive inside -> density in [0, 1], 0.5 on the surface."""
    return (0.5 + distance / (2.0 * TRUNCATION)).clamp(0.0, 1.0)


def silhouette_density(alpha: NDArray[np.float32], camera: Camera) -> Tensor:
    """(S, S) opacity of a cutout that `camera` took -> (S, S) float16, for `VolumeScene.silhouette`."""
    pixel = 2.0 * camera.half_extent / alpha.shape[0]
    return density_of(torch.from_numpy(silhouette_sdf(alpha) * pixel)).half()


@dataclass(frozen=True, eq=False)
class VolumeScene:
    """A `Scene` from a voxel grid.

    `grid`: (D, D, D) float16 density on linspace(-radius, radius) per axis, index order x, y, z.
    `front`: (S, S, 3) uint8 sRGB as seen from `camera`; its colours should extend beyond the silhouette.
    `back`: the same for what is behind the first surface, not mirrored; None: same as the front.
    `silhouette`: (T, T) float16 density as seen from `camera`: cuts the shape more sharply than the grid can.
    `colors`: (K, K, K, 3) uint8 sRGB on the same cube, fused from several photos; it replaces `front` and `back`.
    `mirror_planes`: (N,) float32 probability that the object is symmetric about each of N upright planes. Plane k is
    turned about the vertical by k / N of 180° from the one that contains `camera`, whose azimuth is 0.
    """

    grid: Tensor
    front: Tensor
    back: Tensor | None = None
    silhouette: Tensor | None = None
    colors: Tensor | None = None
    camera: Camera = field(default_factory=Camera)
    radius: float = RADIUS
    threshold: float = THRESHOLD
    mirror_planes: Tensor | None = None

    @property
    def predicts_colors(self) -> bool:
        """False: what the photos do not show has blurred colours of what lies before it."""
        return False

    def density(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) density: trilinear in the grid, cut by the silhouette; 0 outside the cube."""
        in_grid = self._grid_density(points)
        if self._silhouette is None:
            return in_grid
        return torch.minimum(in_grid, _sample(self._silhouette, self.camera.project(points.float()))[0])

    def silhouette_at(self, projected: Tensor) -> Tensor:
        """(N, 3) points projected by `camera` -> (N,) density of the silhouette there; 1 without one."""
        return (
            projected.new_ones(len(projected)) if self._silhouette is None else _sample(self._silhouette, projected)[0]
        )

    def color(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N, 3) sRGB in [0, 1]: from the colour grid, else of the pixel on its ray."""
        if self._color_grid is not None:
            return self._sample_cube(self._color_grid, points, "border").T
        projected = self.camera.project(points.float())
        front = _sample(_to_float(self.front), projected)
        if self.back is None:
            return front.T
        behind = projected[:, 2] - _sample(self._front_depth, projected)[0]
        weight = ((behind - BACK_BEGINS) / (BACK_FULL - BACK_BEGINS)).clamp(0.0, 1.0)
        return (front + (_sample(_to_float(self.back), projected) - front) * weight).T

    def save(self, path: Path) -> None:
        """Write everything to one .npz; the pictures inside are lossless WebP."""
        camera = [self.camera.elevation, self.camera.azimuth, self.camera.distance, self.camera.fov]
        arrays: dict[str, Any] = {
            "kind": np.array("volume"),
            "grid": self.grid.numpy(),
            "front": _encode_webp(self.front),
            "camera": np.array(camera),
            "extent": np.array([self.radius, self.threshold]),
        }
        if self.back is not None:
            arrays["back"] = _encode_webp(self.back)
        if self.silhouette is not None:
            arrays["outline"] = self.silhouette.numpy()
        if self.colors is not None:
            arrays["colors"] = self.colors.numpy()
        if self.mirror_planes is not None:
            arrays["mirror_planes"] = self.mirror_planes.numpy()
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
                front=_decode_webp(archive["front"]),
                back=_decode_webp(archive["back"]) if "back" in archive else None,
                silhouette=torch.from_numpy(archive["outline"]) if "outline" in archive else None,
                colors=torch.from_numpy(archive["colors"]) if "colors" in archive else None,
                camera=Camera(*archive["camera"].tolist()),
                radius=radius,
                threshold=threshold,
                mirror_planes=torch.from_numpy(archive["mirror_planes"]) if "mirror_planes" in archive else None,
            )

    def _grid_density(self, points: Tensor) -> Tensor:
        return self._sample_cube(self._grid, points, "zeros")[0]

    def _sample_cube(self, volume: Tensor, points: Tensor, padding_mode: str) -> Tensor:
        """(1, C, K, K, K) values over the cube at (N, 3) points -> (C, N), trilinear."""
        positions = (points.float() / self.radius).flip(1)[None, None, None]
        return F.grid_sample(volume, positions, padding_mode=padding_mode, align_corners=True)[0, :, 0, 0]

    @cached_property
    def _grid(self) -> Tensor:
        return self.grid.float()[None, None]

    @cached_property
    def _color_grid(self) -> Tensor | None:
        """(1, 3, K, K, K) colours in [0, 1]."""
        return None if self.colors is None else self.colors.permute(3, 0, 1, 2)[None].float() / 255.0

    @cached_property
    def _silhouette(self) -> Tensor | None:
        return None if self.silhouette is None else self.silhouette.float()[None]

    @cached_property
    def _front_depth(self) -> Tensor:
        """(1, DEPTH_SIZE, DEPTH_SIZE) depth of the first surface, the nearest of each pixel's 3 × 3 neighbourhood."""
        hits = None
        if self._silhouette is not None:
            origins, directions = self.camera.rays(DEPTH_SIZE)
            hits = _sample(self._silhouette, self.camera.project(origins + directions))[0] > self.threshold
        depth = first_surface_depth(
            self._grid_density,
            self.camera,
            DEPTH_SIZE,
            radius=self.radius,
            threshold=self.threshold,
            hits_silhouette=hits,
        )
        return -F.max_pool2d(-depth[None, None], 3, stride=1, padding=1)[0]


def _sample(picture: Tensor, projected: Tensor) -> Tensor:
    """(C, S, S) picture at (N, 3) projected points -> (C, N), bilinear; beyond the picture its border repeats."""
    positions = projected[None, None, :, :2]
    return F.grid_sample(picture[None], positions, padding_mode="border", align_corners=False)[0, :, 0]


def _to_float(pixels: Tensor) -> Tensor:
    """(S, S, 3) uint8 -> (3, S, S) in [0, 1]."""
    return pixels.permute(2, 0, 1).float() / 255.0


def _encode_webp(pixels: Tensor) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def _decode_webp(data: NDArray[np.uint8]) -> Tensor:
    with Image.open(io.BytesIO(data.tobytes()), formats=("WEBP",)) as image:
        return torch.from_numpy(np.array(image.convert("RGB")))
