"""From a mesh, its scene and the photos to a textured mesh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.core.images import to_bytes
from ml.core.masks import nearest_index
from ml.mesh.geometry import creased_normals
from ml.mesh.mesh import Mesh
from ml.photo.posed_photo import PosedPhoto
from ml.scene.protocol import Scene
from ml.scene.query import scene_colors
from ml.texture import projection, rasterize
from ml.texture.unwrap import Layout, unwrap

CERTAIN = 0.999
"""Trust in the photo above which the scene is not asked."""


@dataclass(frozen=True)
class TexturedMesh:
    """A mesh that is split at its texture's seams, and at hard edges, where each side has its own normals.

    `uv` (V, 2) float32 in [0, 1] from the texture's top left corner; `texture` (S, S, 3) uint8 sRGB; `seen` (V,)
    float32 in [0, 1]: how far a photo shows the vertex, 0 where its looks are guessed; `unwrap`: what laid it out.
    """

    mesh: Mesh
    uv: NDArray[np.float32]
    texture: NDArray[np.uint8]
    seen: NDArray[np.float32]
    unwrap: str


def bake(
    mesh: Mesh,
    scene: Scene,
    photos: Sequence[PosedPhoto],
    size: int,
    on_step: Callable[[float], None] | None = None,
    *,
    method: str = "auto",
) -> TexturedMesh:
    """Unwrap the mesh and paint a `size` x `size` texture: the photos where they look, the scene elsewhere.

    `method` of the layout as in `ml.texture.unwrap.unwrap`.
    """
    step = on_step or (lambda fraction: None)
    layout = unwrap(mesh, size, method)
    split, uv = _cut(mesh, layout)
    step(0.7)
    covered = rasterize.cover(uv[split.faces] * size, size)
    points = covered.interpolate(split.vertices, split.faces)
    normals = _unit(covered.interpolate(split.normals, split.faces))
    projectors = [projection.projector(mesh, photo.cutout, photo.camera) for photo in photos]
    colors = _painted(scene, projectors, points, normals)
    step(0.95)
    texture = _filled(covered.pixel, colors, size)
    return TexturedMesh(split, uv, texture, projection.seen(projectors, split.vertices, split.normals), layout.method)


def _painted(
    scene: Scene, photos: Sequence[projection.Projector], points: NDArray[np.float32], normals: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(N, 3) colours: photos and scene, mixed by the trust in the photos."""
    if not photos:
        return scene_colors(scene, points)
    colors, trust = projection.blended([projection.look(photo, points, normals) for photo in photos])
    asked = trust < CERTAIN
    share = trust[asked, None]
    colors[asked] = share * colors[asked] + (1.0 - share) * scene_colors(scene, points[asked])
    return colors


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def _filled(pixel: NDArray[np.int64], colors: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
    """The texture; texels that no triangle covers take the nearest colour, so that no seam shows in any filter."""
    texture, known = np.zeros((size * size, 3), np.uint8), np.zeros(size * size, bool)
    texture[pixel], known[pixel] = to_bytes(colors), True
    if not known.any():
        return texture.reshape(size, size, 3)
    return texture.reshape(size, size, 3)[nearest_index(known.reshape(size, size))]


def _cut(mesh: Mesh, layout: Layout) -> tuple[Mesh, NDArray[np.float32]]:
    """The mesh and its uv with one vertex for each pair of a layout's vertex and a normal."""
    group, normals = creased_normals(mesh.vertices, mesh.faces)
    pairs, index = np.unique(group.astype(np.int64) * len(layout.uv) + layout.faces, return_inverse=True)
    normal, place = np.divmod(pairs, len(layout.uv))
    split = Mesh(mesh.vertices[layout.source[place]], index.reshape(-1, 3).astype(np.int32), normals[normal])
    return split, layout.uv[place]
