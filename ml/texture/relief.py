"""Fine relief from the photo's shading: a normal map where the light shows it, and none where it may be paint.

A small tilt of the surface changes its brightness by as much as the light changes with the normal, so that a fine
pattern in the brightness gives the tilt along the light (photoclinometry; Horn, "Obtaining shape from shading
information", 1975). A relief of no direction of its own then changes along the light three times as strongly as across
it, in squares; paint does not know where the light is. `ml.texture.shading_network` predicts how
brightness changes with the normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ml.core.images import Floats, bilinear, to_linear
from ml.core.masks import Mask
from ml.mesh.mesh import Mesh
from ml.photo.posed_photo import PosedPhoto
from ml.texture import projection, rasterize
from ml.texture.bake import TexturedMesh, fill_texture
from ml.texture.projection import OPAQUE
from ml.texture.relight import DARKEST, LitPicture
from ml.texture.surface import Surface
from ml.texture.tangents import tangents

SIZE = 512
"""Side in pixels of the picture that is examined."""
FINEST, COARSEST = 1.2, 5.0
"""Standard deviations in pixels of the blurs between which the relief's pattern lies: finer is noise, coarser the shape
that the mesh has."""
BORDER = 9
"""Pixels along the silhouette that do not count: the mesh's normals are least certain there."""
MIN_CHANGE = 0.25
"""Log brightness per radian of tilt from which on the light shows a tilt."""
MIN_USABLE = 0.25
"""Fraction of the object that the light must show in that way."""
PATTERN = (0.012, 0.35)
"""Standard deviations of the pattern in log brightness between which it may be a relief: JPEG files have 0.005, a slope
of 0.2 less than 0.1, a turtle's shell 0.28, the edges of an object's parts more."""
DIRECTED = (1.6, 5.0)
"""How much stronger, in squares, a relief's pattern changes along the light than across it: 3 in theory, 2 to
3 where the light is known well."""
MAX_HUE = 0.4
"""Standard deviation of the pattern in the ratio of the channels, relative to that in brightness: paint has a hue."""
TILES, MIN_EVENNESS = 8, 0.2
"""Tiles along each side of the picture; least ratio of the median power in a tile to the mean: a relief of the material
is everywhere, a print is not."""
MAX_TURN = 0.4
"""By how much the mesh's normal may differ within two pixels of the picture in which the light is looked for: more is
an edge."""
FADE = 8.0
"""Pixels over which the relief fades towards where it is not known."""
LEAST_FACING = 0.3
"""Least cosine between normal and view that is reckoned with: predicted normals that face away further are wrong."""
MAX_TILT = 0.4
"""Largest tilt, as the tangent of its angle."""


@dataclass(frozen=True)
class Relief:
    """`tilt` (SIZE, SIZE, 3): what is added to the surface's unit normals in the photo's pixels, canonical frame."""

    tilt: Floats


def find(lit: LitPicture | None, photo: PosedPhoto) -> Relief | None:
    """The relief that the photo shows; None where its pattern may be paint, or the light is not known."""
    if lit is None:
        return None
    color, inside = _inner(photo)
    change = np.asarray(cv2.resize(lit.change, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR), np.float32)
    usable = inside & (np.linalg.norm(change, axis=2) > MIN_CHANGE) & _is_smooth(lit)
    if np.count_nonzero(usable) <= max(MIN_USABLE * np.count_nonzero(inside), 100):
        return None
    pattern = _band(np.log(color.mean(axis=2)), inside)
    hue = _band(np.log(color[..., 0] / color[..., 2]), inside)
    if not _is_relief(pattern, hue, change, usable):
        return None
    return Relief(_tilt(pattern, _along_surface(change, lit, photo), usable))


def _inner(photo: PosedPhoto) -> tuple[Floats, Mask]:
    """(SIZE, SIZE, 3) linear colours, and (SIZE, SIZE) the object without its border."""
    rgba = cv2.resize(photo.cutout.rgba, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    shown = (rgba[..., 3] > OPAQUE * 255.0).astype(np.uint8)
    inside = cv2.erode(shown, np.ones((2 * BORDER + 1, 2 * BORDER + 1), np.uint8)) > 0
    return np.maximum(to_linear(rgba[..., :3] / 255.0), DARKEST), np.asarray(inside)


def _tilt(pattern: Floats, along: Floats, usable: Mask) -> Floats:
    """(S, S, 3) `Relief.tilt` of a pattern (S, S), where brightness changes with the normal by `along` (S, S, 3)."""
    steepness = np.linalg.norm(along, axis=2).clip(MIN_CHANGE)
    tilt = MAX_TILT * np.tanh(pattern / steepness / MAX_TILT) * _faded(usable)
    return np.asarray((tilt / steepness)[..., None] * along, np.float32)


def _along_surface(change: Floats, lit: LitPicture, photo: PosedPhoto) -> Floats:
    """(SIZE, SIZE, 3) the change of log brightness with the normal along the surface, in the canonical frame."""
    axes = photo.camera.axes().numpy()
    normals = cv2.resize(lit.normals @ axes.T, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    toward = np.minimum(normals[..., 2:], -LEAST_FACING)
    depth = -(change * normals[..., :2]).sum(axis=2, keepdims=True) / toward
    return np.asarray(np.concatenate([change, depth], axis=2) @ axes, np.float32)


def _is_smooth(lit: LitPicture) -> Mask:
    """(SIZE, SIZE) where the surface has no edge, whose shade is not a relief's."""
    around = np.ones((5, 5), np.uint8)
    turn = np.linalg.norm(cv2.dilate(lit.normals, around) - cv2.erode(lit.normals, around), axis=2)
    smooth = cv2.resize((turn < MAX_TURN).astype(np.uint8), (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
    return np.asarray(smooth > 0)


def _faded(usable: Mask) -> Floats:
    """(S, S) weights that fall to 0 towards the border of what is usable."""
    distance = cv2.distanceTransform(np.pad(usable.astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return np.asarray((distance / FADE).clip(0.0, 1.0), np.float32)


def _band(values: NDArray[np.floating], inside: Mask) -> Floats:
    """(S, S) what of the values lies between the two blurs, without what is not `inside`; 0 there."""
    weight = inside.astype(np.float32)
    fine, coarse = (
        cv2.GaussianBlur(values.astype(np.float32) * weight, (0, 0), sigma)
        / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
        for sigma in (FINEST, COARSEST)
    )
    return np.asarray((fine - coarse) * weight, np.float32)


def _is_relief(pattern: Floats, hue: Floats, light: Floats, usable: Mask) -> bool:
    """Whether a pattern (S, S) comes from a relief: fine, without hue, even, and directed by the `light`
    (S, S, 2), right and up."""
    power = float((pattern[usable] ** 2).mean())
    is_fine = PATTERN[0] ** 2 < power < PATTERN[1] ** 2
    is_colorless = float((hue[usable] ** 2).mean()) < MAX_HUE**2 * power
    is_directed = DIRECTED[0] < _directedness(pattern, light, usable) < DIRECTED[1]
    return is_fine and is_colorless and is_directed and _evenness(pattern, usable) > MIN_EVENNESS


def _directedness(pattern: Floats, light: Floats, usable: Mask) -> float:
    """How much stronger, in squares, the pattern changes along the light than across it."""
    down, right = np.gradient(pattern)
    x, y = np.moveaxis(light / np.maximum(np.linalg.norm(light, axis=2, keepdims=True), 1e-6), 2, 0)
    along, across = right * x - down * y, -right * y - down * x
    return float((along[usable] ** 2).sum() / max(float((across[usable] ** 2).sum()), 1e-12))


def _evenness(pattern: Floats, usable: Mask) -> float:
    """Median power of the tiles that are half usable, relative to the mean."""
    side = SIZE // TILES
    tiles = (TILES, side, TILES, side)
    power, count = ((values * usable).reshape(tiles).sum(axis=(1, 3)) for values in (pattern**2, usable.astype(float)))
    full = count > side * side / 2
    if not full.any():
        return 0.0
    mean = power[full] / count[full]
    return float(np.median(mean) / max(float(mean.mean()), 1e-12))


def normal_map(model: TexturedMesh, relief: Relief, mesh: Mesh, photo: PosedPhoto) -> NDArray[np.uint8]:
    """(S, S, 3) normals of a texture in glTF's tangent space (right and up in the picture of the texture, outwards).

    `photo` shows `mesh`, which is the model before it was split.
    """
    size = len(model.texture)
    surface = Surface(model.mesh, rasterize.rasterize(model.uv[model.mesh.faces] * size, size))
    projector = projection.make_projector(mesh, photo.cutout, photo.camera)
    confidence = projection.observe(projector, surface.points, surface.normals).confidence
    tilt = _at(relief, photo, surface.points) * confidence[:, None]
    local = np.einsum("nkc,nc->nk", _frames(surface, model.uv), surface.normals + tilt)
    local /= np.linalg.norm(local, axis=1, keepdims=True)
    return fill_texture(surface.coverage.pixel, np.asarray(local * 0.5 + 0.5, np.float32), size)


def _at(relief: Relief, photo: PosedPhoto, points: Floats) -> Floats:
    """(N, 3) tilts at points of the surface."""
    projected = photo.camera.project(torch.from_numpy(points)).numpy()
    column, row = (projected[:, :2] + np.float32(1.0)).T * np.float32(SIZE / 2.0) - np.float32(0.5)
    return bilinear(relief.tilt, column, row)


def _frames(surface: Surface, uv: Floats) -> Floats:
    """(N, 3, 3) unit vectors at the points: right and up in the texture, and the normal."""
    along = tangents(surface.mesh, uv)
    right, normal = surface.interpolate(along[:, :3]), surface.normals
    right -= (right * normal).sum(axis=1, keepdims=True) * normal
    right /= np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-12)
    sign = along[surface.mesh.faces[surface.coverage.face, 0], 3:]
    return np.stack([right, np.cross(normal, right) * sign, normal], axis=1)
