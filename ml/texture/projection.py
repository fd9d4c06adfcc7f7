"""Projective texturing: the photos' own colours on the parts of the surface that they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ml.core.camera import Camera
from ml.core.images import Floats, bilinear
from ml.core.masks import iou, nearest_index
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import camera_rays
from ml.texture import exposure

if TYPE_CHECKING:
    from ml.photo.cutout import Cutout

FACING = (0.15, 0.45)
"""Cosine between normal and view below which the confidence in the photo is 0, and above which it is 1."""
RIM = (1.0, 4.0)
"""Pixels inside the silhouette over which the confidence rises from 0 to 1: the edge is mixed with the background."""
OCCLUSION_RADIUS = 2
"""Pixels around a point that must not show anything nearer, so that a small misalignment does not paint the back."""
DEPTH_TOLERANCE = 0.006
"""Depth in scene units by which a visible point may lie behind the surface that the ray hit."""
MIN_SILHOUETTE_IOU = 0.85
"""IoU of the silhouettes of model and photo below which the photo would be projected onto the wrong places."""
SHARPNESS = 6
"""Exponent of confidence times facing in the blend: the photo with the best view of a point dominates."""
FULL_CONFIDENCE = 0.999
"""Confidence in the photos above which no other colour is sought: it would change nothing visible."""
OPAQUE = 0.9
"""Opacity above which a pixel has no background in it."""


@dataclass(frozen=True)
class Projector:
    """A photo prepared for projection.

    `color` (S, S, 3) in [0, 1], continued beyond the silhouette; `confidence` (S, S) in [0, 1]; `nearest` (S, S): the
    least depth around each pixel, inf where the mesh is not visible.
    """

    camera: Camera
    color: Floats
    confidence: Floats
    nearest: Floats


def make_projector(mesh: Mesh, cutout: Cutout, camera: Camera) -> Projector:
    """Prepare the cutout, taken by `camera`, for projection onto `mesh`."""
    mask = cutout.alpha > 0.5
    inside = ndimage.distance_transform_edt(mask).astype(np.float32)
    depth = _depth_map(mesh, camera, cutout.rgba.shape[0])
    matches = iou(np.isfinite(depth), mask) >= MIN_SILHOUETTE_IOU
    return Projector(
        camera,
        _extend_colors(cutout.rgba[..., :3].astype(np.float32) / 255.0, cutout.alpha > OPAQUE),
        smoothstep(RIM[0], RIM[1], inside) * np.float32(matches),
        np.asarray(ndimage.minimum_filter(depth, 2 * OCCLUSION_RADIUS + 1), dtype=np.float32),
    )


@dataclass(frozen=True)
class Observation:
    """What a photo shows of N surface points.

    `color` (N, 3) in [0, 1]; `confidence` (N,) in [0, 1], 0 where it does not show them; `facing` (N,): cosine between
    normal and view.
    """

    color: Floats
    confidence: Floats
    facing: Floats


def observe(projector: Projector, points: Floats, normals: Floats, tolerance: float = DEPTH_TOLERANCE) -> Observation:
    """Sample the photo at surface points (N, 3) with unit normals (N, 3), which may be `tolerance` off in depth."""
    view = projector.camera.position().numpy() - points
    facing = np.einsum("nc,nc->n", view, normals) / np.linalg.norm(view, axis=1)
    projected = projector.camera.project(torch.from_numpy(points)).numpy()
    size = projector.color.shape[0]
    column, row = ((projected[:, axis] + 1.0) * (size / 2.0) - 0.5 for axis in (0, 1))
    confidence = smoothstep(*FACING, facing) * bilinear(projector.confidence, column, row)
    confidence = confidence * _visibility(projector, projected[:, 2], column, row, facing, tolerance)
    return Observation(bilinear(projector.color, column, row), confidence, facing)


def blend(observations: Sequence[Observation]) -> tuple[Floats, Floats]:
    """Colours (N, 3) of several photos, dominated by the one with the best view, and the highest confidence (N,).

    Exposure is matched to the first photo beforehand.
    """
    confidence = np.stack([observation.confidence for observation in observations])
    if len(observations) == 1:
        return observations[0].color, confidence[0]
    facing = np.stack([observation.facing for observation in observations])
    weight = (confidence * facing.clip(0.0, 1.0)) ** SHARPNESS
    gains = exposure.gains(observations)
    colors = np.stack([observation.color * gain for observation, gain in zip(observations, gains, strict=True)])
    mean = np.einsum("pn,pnc->nc", weight, colors) / np.maximum(weight.sum(axis=0), 1e-12)[:, None]
    return mean.clip(0.0, 1.0).astype(np.float32), confidence.max(axis=0)


def observation_confidence(projectors: Sequence[Projector], points: Floats, normals: Floats) -> Floats:
    """(N,) in [0, 1]: the highest confidence with which any photo shows the surface points."""
    confidence = np.zeros(len(points), np.float32)
    for projector in projectors:
        confidence = np.maximum(confidence, observe(projector, points, normals).confidence)
    return confidence


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, and a cubic with flat ends between them."""
    fraction = ((value - low) / (high - low)).clip(0.0, 1.0)
    return np.asarray(fraction * fraction * (3.0 - 2.0 * fraction), dtype=np.float32)


def _visibility(
    projector: Projector, depth: Floats, column: Floats, row: Floats, facing: Floats, tolerance: float
) -> Floats:
    """1 where nothing around the point is nearer, 0 where it is occluded; tolerance grows with the surface's slant."""
    size = projector.nearest.shape[0]
    x, y = column.round().astype(np.int64).clip(0, size - 1), row.round().astype(np.int64).clip(0, size - 1)
    pixel = 2.0 * depth / (projector.camera.focal * size)
    slope = np.sqrt(1.0 - facing.clip(-1.0, 1.0) ** 2) / np.maximum(facing, FACING[0])
    allowed = tolerance + (OCCLUSION_RADIUS + 1) * pixel * slope
    behind = depth - projector.nearest[y, x]
    return 1.0 - smoothstep(1.0, 2.0, np.asarray(np.where(np.isfinite(behind), behind, 0.0) / allowed, np.float32))


def _depth_map(mesh: Mesh, camera: Camera, size: int) -> Floats:
    """(size, size) depth of the first surface, inf where there is none."""
    origins, directions = camera_rays(camera, size)
    hits = mesh.caster.first_hits(origins, directions)
    along = directions @ camera.axes()[2].numpy()
    return np.where(hits.face >= 0, hits.distance * along, np.float32(np.inf)).reshape(size, size)


def _extend_colors(color: Floats, opaque: NDArray[np.bool_]) -> Floats:
    """Colours of opaque pixels, elsewhere that of the nearest one, so that no background bleeds in."""
    if not opaque.any():
        return color
    return color[nearest_index(opaque)]
