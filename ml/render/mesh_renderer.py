"""One picture of a textured mesh: rays by embree, the texture, and a soft light from over the viewer's shoulder."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.camera import Camera
from ml.core.images import to_bytes
from ml.mesh.geometry import hull_corners
from ml.mesh.raycast import Caster, Hits, camera_rays, window_of
from ml.texture.bake import TexturedMesh

SUPERSAMPLING = 2
"""Rays a side of each pixel: soft edges."""
AMBIENT, BRIGHTEST = 0.72, 1.12
"""Light that comes from everywhere, since the texture is mostly seen as it is; and all light where it is brightest."""
KEY = (-0.45, 0.75, 0.9)
"""Direction towards the light in the picture's frame: right, up, towards the viewer."""

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Subject:
    """A model made ready for many pictures: its ray tree, the corners of its hull (V, 3), and `texel` (F, 3, 2), the
    place of each triangle's corners in the texture, in pixels whose centres are whole numbers."""

    model: TexturedMesh
    caster: Caster
    hull: Floats
    texel: Floats

    @classmethod
    def of(cls, model: TexturedMesh) -> Subject:
        """Built once, some tens of milliseconds for 40,000 triangles."""
        texel = model.uv[model.mesh.faces] * np.float32(len(model.texture)) - np.float32(0.5)
        return cls(model, Caster(model.mesh.vertices, model.mesh.faces), hull_corners(model.mesh.vertices), texel)


def draw(subject: Subject, camera: Camera, size: int, shaded: bool = True) -> Picture:
    """(size, size, 4) uint8 sRGB picture with straight alpha of the model seen by `camera`."""
    fine = size * SUPERSAMPLING
    top, bottom, left, right = window = _whole_pixels(window_of(subject.hull, camera, fine))
    picture = np.zeros((size, size, 4), np.uint8)
    if top < bottom and left < right:
        hits = subject.caster.first_hits(*camera_rays(camera, fine, window))
        samples = _samples(subject, hits, camera, shaded).reshape(bottom - top, right - left, 4)
        top, bottom, left, right = (side // SUPERSAMPLING for side in window)
        picture[top:bottom, left:right] = _averaged(samples)
    return picture


def _whole_pixels(window: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The window of rays grown to the pixels that it touches."""
    top, bottom, left, right = window
    step = SUPERSAMPLING
    return top // step * step, -(-bottom // step) * step, left // step * step, -(-right // step) * step


def _samples(subject: Subject, hits: Hits, camera: Camera, shaded: bool) -> Floats:
    """(N, 4) premultiplied colour and opacity in [0, 1] of what N rays met."""
    met = np.flatnonzero(hits.face >= 0)
    face, weights = hits.face[met], hits.weights[met]
    color = _texture_at(subject.model.texture, np.einsum("nk,nkc->nc", weights, subject.texel[face]))
    if shaded:
        light = _light(subject.model.mesh.normals, camera)[subject.model.mesh.faces]
        color *= np.einsum("nk,nk->n", weights, light[face])[:, None]
    samples = np.zeros((len(hits.face), 4), np.float32)
    samples[met, :3], samples[met, 3] = np.minimum(color, 1.0), 1.0
    return samples


def _texture_at(texture: Picture, texel: Floats) -> Floats:
    """(N, 3) in [0, 1] at (N, 2) places of the texture, bilinear to 1/32 of a pixel."""
    row = 1 << 14  # cv2.remap takes pictures of less than 2^15 a side
    places = np.zeros((2, -(-len(texel) // row) * row), np.float32)
    places[:, : len(texel)] = texel.T
    x, y = places.reshape(2, -1, row)
    found = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(-1, 3)[: len(texel)] / np.float32(255.0), dtype=np.float32)


def _light(normals: Floats, camera: Camera) -> Floats:
    """(V,) brightness of vertices with unit normals (V, 3): light that wraps around, from the viewer's upper left."""
    right, up, forward = camera.axes().numpy()
    towards = KEY[0] * right + KEY[1] * up - KEY[2] * forward
    wrapped = 0.5 + 0.5 * (normals @ (towards / np.linalg.norm(towards)))
    return np.asarray(AMBIENT + (BRIGHTEST - AMBIENT) * wrapped, dtype=np.float32)


def _averaged(samples: Floats) -> Picture:
    """Straight alpha of pixels from their premultiplied samples, (rows, columns, 4)."""
    height, width = (side // SUPERSAMPLING for side in samples.shape[:2])
    mean = cv2.resize(samples, (width, height), interpolation=cv2.INTER_AREA)
    color = mean[..., :3] / np.maximum(mean[..., 3:], 1e-6)
    return to_bytes(np.concatenate([color, mean[..., 3:]], axis=2))
