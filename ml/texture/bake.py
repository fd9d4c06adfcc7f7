"""From a mesh, its scene and the photos to a textured mesh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.core.grouping import sums
from ml.core.images import Floats, to_bytes
from ml.core.masks import nearest_index
from ml.mesh.mesh import Mesh
from ml.photo.posed_photo import PosedPhoto
from ml.scene.protocol import Scene
from ml.scene.query import mirror_planes, predicts_colors, scene_colors
from ml.texture import continuation, projection, rasterize, surface
from ml.texture.continuation import Continuation
from ml.texture.projection import FULL_CONFIDENCE, Projector
from ml.texture.roughness import MATTE
from ml.texture.surface import Surface
from ml.texture.unwrap import Layout, unwrapping

UNWRAPPED, PAINTED = 0.7, 0.95
"""Progress reported after the layout and after the colours."""


@dataclass(frozen=True)
class TexturedMesh:
    """A mesh that is split at the seams of its texture, and at hard edges, where each side has its own normals.

    `uv` (V, 2) float32 in [0, 1] from the texture's top left corner; `texture` (S, S, 3) uint8 sRGB; `observed` (V,)
    float32 in [0, 1]: confidence that a photo shows the vertex, 0 where its colour is predicted; `unwrap`: the method;
    `roughness`: glTF's, in [0, 1]. `normal_map` (S, S, 3) uint8: a relief finer than the mesh, as glTF has it, or None.
    """

    mesh: Mesh
    uv: Floats
    texture: NDArray[np.uint8]
    observed: Floats
    unwrap: str
    roughness: float = MATTE
    normal_map: NDArray[np.uint8] | None = None


def bake(
    mesh: Mesh,
    scene: Scene,
    photos: Sequence[PosedPhoto],
    size: int,
    on_step: Callable[[float], None] | None = None,
    *,
    method: str = "auto",
) -> TexturedMesh:
    """Unwrap the mesh and paint a `size` x `size` texture: from the photos where they show it.

    The rest takes the colours that the scene predicts, or, where it predicts none, continues those around it. `method`
    of the layout as in `ml.texture.unwrap.unwrap`.
    """
    with unwrapping(mesh, size, method) as layout:
        return paint(mesh, scene, photos, size, layout, on_step or (lambda fraction: None))


def paint(
    mesh: Mesh,
    scene: Scene,
    photos: Sequence[PosedPhoto],
    size: int,
    unwrapped: Future[Layout],
    step: Callable[[float], None],
) -> TexturedMesh:
    """What `bake` does, with a layout of the mesh that may still be in the making."""
    whole = surface.creased(mesh)
    painter = _painter(surface.sampled(whole, continuation.SAMPLES), scene, _projectors(mesh, photos))
    layout = unwrapped.result()
    split, uv = surface.split(whole, layout)
    step(UNWRAPPED)
    coverage = rasterize.rasterize(uv[split.faces] * size, size)
    colors = _paint(painter, Surface(split, coverage))
    step(PAINTED)
    texture = fill_texture(coverage.pixel, colors, size)
    observed = projection.observation_confidence(painter.projectors, split.vertices, split.normals)
    return TexturedMesh(split, uv, texture, observed, layout.method)


def vertex_colors(mesh: Mesh, scene: Scene, photos: Sequence[PosedPhoto]) -> Floats:
    """(V, 3) sRGB in [0, 1]: the colours that `bake` would paint around the vertices, without fine detail."""
    corners = surface.corners(mesh)
    painter = _painter(corners, scene, _projectors(mesh, photos), detailed=False)
    colors, corner = _paint(painter, corners), mesh.faces.ravel()
    count = np.maximum(np.bincount(corner, minlength=len(mesh.vertices)), 1)
    return np.asarray(sums(corner, colors, len(mesh.vertices)) / count[:, None], np.float32)


@dataclass(frozen=True)
class Painter:
    """Where colours come from: the photos, and how what they show continues, or the scene."""

    scene: Scene
    projectors: Sequence[Projector]
    continuation: Continuation | None


def _projectors(mesh: Mesh, photos: Sequence[PosedPhoto]) -> list[Projector]:
    return [projection.make_projector(mesh, photo.cutout, photo.camera) for photo in photos]


def _painter(sample: Surface, scene: Scene, projectors: Sequence[Projector], *, detailed: bool = True) -> Painter:
    if not projectors or predicts_colors(scene):
        return Painter(scene, projectors, None)
    planes = mirror_planes(scene)
    probable = None if planes is None else planes.numpy()
    return Painter(scene, projectors, continuation.find(sample, projectors, probable, detailed=detailed))


def _paint(painter: Painter, shown: Surface) -> Floats:
    """(N, 3) colours of the points: the photos', and where confidence in them is lower, more and more of the rest's."""
    if not painter.projectors:
        return scene_colors(painter.scene, shown.points)
    colors, confidence = continuation.observed(painter.projectors, shown)
    unseen, rest = confidence < FULL_CONFIDENCE, None
    if painter.continuation is not None:
        rest = continuation.colors(painter.continuation, shown, colors, confidence, unseen)
    if rest is None:
        rest = scene_colors(painter.scene, shown.points[unseen])
    weight = confidence[unseen, None]
    colors[unseen] = weight * colors[unseen] + (1.0 - weight) * rest
    return colors


def fill_texture(pixel: NDArray[np.int64], colors: Floats, size: int) -> NDArray[np.uint8]:
    """The texture; texels outside all triangles take the nearest colour, so that filtering shows no seams."""
    texture, known = np.zeros((size * size, 3), np.uint8), np.zeros(size * size, bool)
    texture[pixel], known[pixel] = to_bytes(colors), True
    if not known.any():
        return texture.reshape(size, size, 3)
    return texture.reshape(size, size, 3)[nearest_index(known.reshape(size, size))]
