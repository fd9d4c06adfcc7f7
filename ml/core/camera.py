"""A pinhole camera on a sphere around its target; the first photo's camera looks at the origin.

Frame: canonical, right-handed, z up, in scene units; azimuth 0 is over +x and grows towards +y.
Pictures: row 0 is the top, column 0 the left, pixel centres at +0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

DISTANCE = 1.9
"""Of the canonical camera from the origin, in scene units: the cube fills its picture (docs/architecture.md)."""
FIELD_OF_VIEW = 40.0
"""Distance in scene units and vertical field of view in degrees of the default camera, as in TripoSR."""
RADIUS = 0.87
"""Half the side of the cube that bounds every scene, as in TripoSR."""
MIN_DEPTH = 1e-6
"""Keeps the projection of points in or behind the camera plane finite."""

Window = tuple[int, int, int, int]
"""Part of a picture: top, bottom, left and right in pixels; bottom and right are exclusive."""


@dataclass(frozen=True)
class Camera:
    """A camera on a sphere around `target`. Angles in degrees; `fov` is vertical, pictures are square.

    `assumed`: the engine assumed this camera instead of estimating it from the photo (`camera_fit` then does).
    """

    elevation: float = 0.0
    azimuth: float = 0.0
    distance: float = DISTANCE
    fov: float = FIELD_OF_VIEW
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)
    assumed: bool = False

    @property
    def focal(self) -> float:
        """Focal length in half picture heights: a point at depth d and height h appears at h * focal / d."""
        return 1.0 / math.tan(math.radians(self.fov) / 2.0)

    @property
    def half_extent(self) -> float:
        """Half the height of what the picture shows at the distance of the target, in scene units."""
        return self.distance / self.focal

    def axes(self) -> Tensor:
        """(3, 3) float32: rows are the picture's right, the picture's up and the direction of view."""
        e, a = math.radians(self.elevation), math.radians(self.azimuth)
        right = (-math.sin(a), math.cos(a), 0.0)
        up = (-math.sin(e) * math.cos(a), -math.sin(e) * math.sin(a), math.cos(e))
        forward = (-math.cos(e) * math.cos(a), -math.cos(e) * math.sin(a), -math.sin(e))
        return torch.tensor([right, up, forward], dtype=torch.float32)

    def position(self) -> Tensor:
        """(3,) float32 position of the camera."""
        return torch.tensor(self.target) - self.distance * self.axes()[2]

    def project(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N, 3): x right and y down in [-1, 1] over the picture, depth along the view."""
        local = (points - self.position().to(points)) @ self.axes().to(points).T
        depth = local[:, 2].clamp_min(MIN_DEPTH)
        return torch.stack([self.focal * local[:, 0] / depth, -self.focal * local[:, 1] / depth, local[:, 2]], dim=1)

    def rays(self, size: int, window: Window | None = None) -> tuple[Tensor, Tensor]:
        """Origins and unit directions of the `pixel_rays`, both (N, 3), in the canonical frame."""
        x, y = _pixel_centers(size, window)
        right, up, forward = self.axes()
        directions = (self.focal * forward - y[:, None] * up)[:, None] + x[:, None] * right
        directions /= (x**2 + y[:, None] ** 2 + self.focal**2).sqrt()[..., None]
        return self.position().expand(x.numel() * y.numel(), 3), directions.view(-1, 3)


def pixel_rays(size: int, focal: float, window: Window | None = None) -> Tensor:
    """(N, 3) rays through the pixel centres of a `size` x `size` picture, or of a `window` of it, row by row.

    In the camera's frame (right, up, depth), in half picture heights, so that every ray has the depth `focal`.
    """
    x, y = _pixel_centers(size, window)
    down, across = (steps.flatten() for steps in torch.meshgrid(y, x, indexing="ij"))
    return torch.stack([across, -down, torch.full_like(across, focal)], dim=1)


def _pixel_centers(size: int, window: Window | None) -> tuple[Tensor, Tensor]:
    """The columns' x to the right and the rows' y downwards, in [-1, 1] over the whole picture."""
    top, bottom, left, right = window or (0, size, 0, size)
    x, y = torch.arange(left, right, dtype=torch.float32), torch.arange(top, bottom, dtype=torch.float32)
    return (x + 0.5) / size * 2.0 - 1.0, (y + 0.5) / size * 2.0 - 1.0
