"""The photo's own colours on the part of the surface that the photo shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ml.core.camera import Camera
from ml.core.images import bilinear
from ml.core.masks import iou, nearest_index
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays
from ml.texture import exposure

if TYPE_CHECKING:
    from ml.photo.cutout import Cutout

FACING = (0.15, 0.45)
"""Cosine between surface and view below which the photo is not trusted, and above which it is fully."""
RIM = (1.0, 4.0)
"""Pixels inside the silhouette between which the trust in the photo grows: its edge mixes with the background."""
REACH = 2
"""Pixels around a point that must not belong to something nearer: a slight misfit must not paint it on the back."""
SLACK = 0.006
"""Depth that a surface may lie behind what the ray met and still count as seen, in scene units."""
LEAST_AGREEMENT = 0.85
"""Overlap (IoU) of the model's outline with the photo's below which the photo would land on the wrong places."""
SHARPNESS = 6
"""Power of trust and facing by which photos share a point: the one that sees it best nearly has it alone."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Projector:
    """A cutout ready to be asked for colours: `color` (S, S, 3) in [0, 1], spread beyond the silhouette; `trust` (S, S)
    in [0, 1]; `nearest` (S, S) the least depth around each pixel, inf where nothing."""

    camera: Camera
    color: Floats
    trust: Floats
    nearest: Floats


def projector(mesh: Mesh, cutout: Cutout, camera: Camera) -> Projector:
    """Prepare the cutout, taken by `camera`, for projection onto `mesh`."""
    opaque = cutout.alpha > 0.5
    inside = ndimage.distance_transform_edt(opaque).astype(np.float32)
    depth = _depth(mesh, camera, cutout.rgba.shape[0])
    believed = iou(np.isfinite(depth), opaque) >= LEAST_AGREEMENT
    return Projector(
        camera,
        _spread(cutout.rgba[..., :3].astype(np.float32) / 255.0, cutout.alpha > 0.9),
        smoothstep(RIM[0], RIM[1], inside) * np.float32(believed),
        np.asarray(ndimage.minimum_filter(depth, 2 * REACH + 1), dtype=np.float32),
    )


@dataclass(frozen=True)
class Look:
    """What a photo says of N surface points: `color` (N, 3) in [0, 1]; `trust` (N,) in [0, 1], 0 where it does not show
    them; `facing` (N,) cosine between surface and view."""

    color: Floats
    trust: Floats
    facing: Floats


def look(source: Projector, points: Floats, normals: Floats) -> Look:
    """The photo's word on surface points (N, 3) with unit normals (N, 3)."""
    eye = source.camera.position().numpy()
    view = eye - points
    facing = np.einsum("nc,nc->n", view, normals) / np.linalg.norm(view, axis=1)
    projected = source.camera.project(torch.from_numpy(points)).numpy()
    size = source.color.shape[0]
    column, row = ((projected[:, axis] + 1.0) * (size / 2.0) - 0.5 for axis in (0, 1))
    trust = smoothstep(*FACING, facing) * bilinear(source.trust, column, row)
    trust = trust * _unhidden(source, projected[:, 2], column, row, facing)
    return Look(bilinear(source.color, column, row), trust, facing)


def blended(looks: Sequence[Look]) -> tuple[Floats, Floats]:
    """Colours (N, 3) of several photos, the one that sees a point best nearly alone, and the highest trust (N,).

    Differences of exposure are evened out first, towards the first photo.
    """
    trust = np.stack([each.trust for each in looks])
    if len(looks) == 1:
        return looks[0].color, trust[0]
    weight = (trust * np.stack([each.facing for each in looks]).clip(0.0, 1.0)) ** SHARPNESS
    colors = np.stack([each.color * gain for each, gain in zip(looks, exposure.gains(looks), strict=True)])
    mixed = np.einsum("pn,pnc->nc", weight, colors) / np.maximum(weight.sum(axis=0), 1e-12)[:, None]
    return mixed.clip(0.0, 1.0).astype(np.float32), trust.max(axis=0)


def seen(sources: Sequence[Projector], points: Floats, normals: Floats) -> Floats:
    """(N,) in [0, 1]: how far any of the photos shows the surface points."""
    shown = np.zeros(len(points), np.float32)
    for source in sources:
        shown = np.maximum(shown, look(source, points, normals).trust)
    return shown


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, a smooth S between."""
    part = ((value - low) / (high - low)).clip(0.0, 1.0)
    return np.asarray(part * part * (3.0 - 2.0 * part), dtype=np.float32)


def _unhidden(source: Projector, depth: Floats, column: Floats, row: Floats, facing: Floats) -> Floats:
    """1 where nothing nearer lies around the point, 0 where it is hidden; a slanted surface is nearer by itself."""
    size = source.nearest.shape[0]
    x, y = column.round().astype(np.int64).clip(0, size - 1), row.round().astype(np.int64).clip(0, size - 1)
    pixel = 2.0 * depth / (source.camera.focal * size)
    slope = np.sqrt(1.0 - np.minimum(facing, 1.0) ** 2) / np.maximum(facing, FACING[0])
    slack = SLACK + (REACH + 1) * pixel * slope
    behind = depth - source.nearest[y, x]
    return 1.0 - smoothstep(1.0, 2.0, np.where(np.isfinite(behind), behind, 0.0) / slack)


def _depth(mesh: Mesh, camera: Camera, size: int) -> Floats:
    origins, directions = camera_rays(camera, size)
    hits = Caster(mesh.vertices, mesh.faces).first_hits(origins, directions)
    along = directions @ camera.axes()[2].numpy()
    return np.where(hits.face >= 0, hits.distance * along, np.float32(np.inf)).reshape(size, size)


def _spread(color: Floats, opaque: NDArray[np.bool_]) -> Floats:
    """Colours of opaque pixels, and elsewhere that of the nearest one, so that no background bleeds in."""
    if not opaque.any():
        return color
    return color[nearest_index(opaque)]
