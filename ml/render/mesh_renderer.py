"""Pictures of a textured mesh by ray casting, with a soft light from above the viewer's left shoulder."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.camera import Camera, Window
from ml.core.images import Floats, to_bytes
from ml.mesh.geometry import hull_corners
from ml.mesh.raycast import Caster, Hits, camera_rays, window_of
from ml.texture.bake import TexturedMesh

SUPERSAMPLING = 2
"""Rays along each side of a pixel, for antialiasing."""
AMBIENT, BRIGHTEST = 0.72, 1.12
"""Brightness of a surface that faces away from the light, and of one that faces it; the texture is lit already."""
LIGHT = (-0.45, 0.75, 0.9)
"""Direction to the light in the picture's frame: right, up, towards the viewer."""
REMAP_ROW = 1 << 14
"""Texels per row of a lookup: cv2.remap accepts pictures of less than 2^15 pixels a side."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class PreparedModel:
    """A model prepared for rendering many views.

    `caster`: its acceleration structure; `hull` (H, 3): the corners of its convex hull; `texel` (F, 3, 2): texture
    coordinates of each triangle's corners in pixels, whose centres are at whole numbers.
    """

    model: TexturedMesh
    caster: Caster
    hull: Floats
    texel: Floats


def prepare(model: TexturedMesh) -> PreparedModel:
    """Prepare a model; takes some tens of milliseconds for 40,000 triangles."""
    mesh = model.mesh
    texel = model.uv[mesh.faces] * np.float32(len(model.texture)) - np.float32(0.5)
    return PreparedModel(model, mesh.caster, hull_corners(mesh.vertices), texel)


def render(prepared: PreparedModel, camera: Camera, size: int, shaded: bool = True) -> Picture:
    """(size, size, 4) uint8 sRGB picture with straight alpha of the model seen by `camera`."""
    fine = size * SUPERSAMPLING
    top, bottom, left, right = window = _align_to_pixels(window_of(prepared.hull, camera, fine))
    picture = np.zeros((size, size, 4), np.uint8)
    if top < bottom and left < right:
        hits = prepared.caster.first_hits(*camera_rays(camera, fine, window))
        samples = _shade(prepared, hits, camera, shaded).reshape(bottom - top, right - left, 4)
        top, bottom, left, right = (side // SUPERSAMPLING for side in window)
        picture[top:bottom, left:right] = _downsample(samples)
    return picture


def _align_to_pixels(window: Window) -> Window:
    """The window of rays extended to whole pixels."""
    top, bottom, left, right = window
    step = SUPERSAMPLING
    return top // step * step, -(-bottom // step) * step, left // step * step, -(-right // step) * step


def _shade(prepared: PreparedModel, hits: Hits, camera: Camera, shaded: bool) -> Floats:
    """(N, 4) premultiplied colour and opacity in [0, 1] of N rays."""
    hit = np.flatnonzero(hits.face >= 0)
    face, weights = hits.face[hit], hits.weights[hit]
    color = _sample_texture(prepared.model.texture, np.einsum("nk,nkc->nc", weights, prepared.texel[face]))
    if shaded:
        mesh = prepared.model.mesh
        light = _brightness(mesh.normals, camera)[mesh.faces]
        color *= np.einsum("nk,nk->n", weights, light[face])[:, None]
    samples = np.zeros((len(hits.face), 4), np.float32)
    samples[hit, :3], samples[hit, 3] = np.minimum(color, 1.0), 1.0
    return samples


def _sample_texture(texture: Picture, texel: Floats) -> Floats:
    """(N, 3) in [0, 1] at (N, 2) texture coordinates in pixels, bilinear to 1/32 of a pixel."""
    coordinates = np.zeros((2, -(-len(texel) // REMAP_ROW) * REMAP_ROW), np.float32)
    coordinates[:, : len(texel)] = texel.T
    x, y = coordinates.reshape(2, -1, REMAP_ROW)
    color = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(color.reshape(-1, 3)[: len(texel)] / np.float32(255.0), dtype=np.float32)


def _brightness(normals: Floats, camera: Camera) -> Floats:
    """(V,) brightness of vertices with unit normals (V, 3), by wrapped diffuse lighting."""
    right, up, forward = camera.axes().numpy()
    towards = LIGHT[0] * right + LIGHT[1] * up - LIGHT[2] * forward
    wrapped = 0.5 + 0.5 * (normals @ (towards / np.linalg.norm(towards)))
    return np.asarray(AMBIENT + (BRIGHTEST - AMBIENT) * wrapped, dtype=np.float32)


def _downsample(samples: Floats) -> Picture:
    """Pixels with straight alpha from their premultiplied samples, (rows, columns, 4)."""
    height, width = (side // SUPERSAMPLING for side in samples.shape[:2])
    mean = cv2.resize(samples, (width, height), interpolation=cv2.INTER_AREA)
    color = mean[..., :3] / np.maximum(mean[..., 3:], 1e-6)
    return to_bytes(np.concatenate([color, mean[..., 3:]], axis=2))
