"""From a mesh, its scene and the photos to a textured mesh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats, to_bytes
from ml.core.masks import nearest_index
from ml.mesh.geometry import creased_normals
from ml.mesh.mesh import Mesh
from ml.photo.posed_photo import PosedPhoto
from ml.scene.protocol import Scene
from ml.scene.query import mirror_planes, predicts_colors, scene_colors
from ml.texture import detail, mirror, projection, rasterize, revolution, unobserved
from ml.texture.rasterize import Coverage
from ml.texture.roughness import MATTE
from ml.texture.unwrap import Layout, unwrapping

FULL_CONFIDENCE = 0.999
"""Confidence in the photos above which no other colour is sought: it would change nothing visible."""
CORNERS = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], np.float32)
"""Barycentric weights of the three points of a triangle whose colours count for its corners."""
UNWRAPPED, PAINTED = 0.7, 0.95
"""Progress reported after the layout and after the colours."""


@dataclass(frozen=True)
class TexturedMesh:
    """A mesh that is split at the seams of its texture, and at hard edges, where each side has its own normals.

    `uv` (V, 2) float32 in [0, 1] from the texture's top left corner; `texture` (S, S, 3) uint8 sRGB; `observed` (V,)
    float32 in [0, 1]: confidence that a photo shows the vertex, 0 where its colour is predicted; `unwrap`: the method;
    `roughness`: glTF's, in [0, 1].
    """

    mesh: Mesh
    uv: Floats
    texture: NDArray[np.uint8]
    observed: Floats
    unwrap: str
    roughness: float = MATTE


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
    projectors = [projection.make_projector(mesh, photo.cutout, photo.camera) for photo in photos]
    layout = unwrapped.result()
    split, uv = _split(mesh, layout)
    step(UNWRAPPED)
    coverage = rasterize.rasterize(uv[split.faces] * size, size)
    colors = _paint(scene, projectors, Surface(split, coverage))
    step(PAINTED)
    texture = fill_texture(coverage.pixel, colors, size)
    observed = projection.observation_confidence(projectors, split.vertices, split.normals)
    return TexturedMesh(split, uv, texture, observed, layout.method)


def vertex_colors(mesh: Mesh, scene: Scene, photos: Sequence[PosedPhoto]) -> Floats:
    """(V, 3) sRGB in [0, 1]: the colours that `bake` would paint around the vertices, without a layout."""
    face = np.repeat(np.arange(len(mesh.faces)), 3)
    weights = np.tile(CORNERS, (len(mesh.faces), 1))
    surface = Surface(mesh, Coverage(np.arange(len(face)), face, weights))
    projectors = [projection.make_projector(mesh, photo.cutout, photo.camera) for photo in photos]
    colors, corner = _paint(scene, projectors, surface), mesh.faces.ravel()
    count = np.maximum(np.bincount(corner, minlength=len(mesh.vertices)), 1)
    sums = [np.bincount(corner, channel, len(mesh.vertices)) for channel in colors.T]
    return (np.stack(sums, axis=1) / count[:, None]).astype(np.float32)


@dataclass(frozen=True)
class Surface:
    """A mesh with the texels that its triangles cover."""

    mesh: Mesh
    coverage: Coverage

    @cached_property
    def points(self) -> Floats:
        """(N, 3) positions of the texels."""
        return self.interpolate(self.mesh.vertices)

    @cached_property
    def normals(self) -> Floats:
        """(N, 3) unit normals of the texels."""
        return _normalize(self.interpolate(self.mesh.normals))

    def interpolate(self, values: Floats) -> Floats:
        """(V, C) values at the vertices -> (N, C) at the texels."""
        return self.coverage.interpolate(values, self.mesh.faces)


@dataclass(frozen=True)
class Observed:
    """What photos show of a surface: `colors` (N, 3) of its texels, with `confidence` (N,). `mirror_planes`: how
    probable the scene's are, as in `VolumeScene`."""

    projectors: Sequence[projection.Projector]
    colors: Floats
    confidence: Floats
    mirror_planes: Floats | None = None


def _paint(scene: Scene, projectors: Sequence[projection.Projector], surface: Surface) -> Floats:
    """(N, 3) colours of the texels: the photos', and where confidence in them is lower, more and more of the rest's."""
    if not projectors:
        return scene_colors(scene, surface.points)
    observations = [projection.observe(projector, surface.points, surface.normals) for projector in projectors]
    colors, confidence = projection.blend(observations)
    planes = mirror_planes(scene)
    observed = Observed(projectors, colors, confidence, None if planes is None else planes.numpy())
    continued = None if predicts_colors(scene) else _continued_colors(surface, observed)
    queried = confidence < FULL_CONFIDENCE
    rest = scene_colors(scene, surface.points[queried]) if continued is None else continued[queried]
    weight = confidence[queried, None]
    colors[queried] = weight * colors[queried] + (1.0 - weight) * rest
    return colors


def _continued_colors(surface: Surface, observed: Observed) -> Floats | None:
    """(N, 3) colours of what no photo shows: of its height or mirror image, else continued; None for too little."""
    patches = unobserved.divide(surface.points, surface.normals, observed.colors, observed.confidence)
    axis = revolution.find(patches)
    if axis is None:
        return _mirrored(surface, patches, observed)
    around = revolution.colors(axis, surface.points, surface.normals, observed.colors, observed.confidence)
    if axis.confidence == 1.0:
        return around
    mirrored = _mirrored(surface, patches, observed)
    return around if mirrored is None else mirrored + np.float32(axis.confidence) * (around - mirrored)


def _mirrored(surface: Surface, patches: unobserved.Patches, observed: Observed) -> Floats | None:
    """(N, 3) colours of mirror images as far as these are certain, else continued; None for too little."""
    main, confidence = observed.projectors[0], observed.confidence
    plane = mirror.find(patches, main.camera.axes()[2].numpy(), observed.mirror_planes)
    if plane is None:
        return _at_texels(surface, patches, main, confidence)
    mirrored, certain = mirror.colors(plane, patches, observed.projectors, surface.points, surface.normals)
    weight = np.maximum(certain * (1.0 - confidence), 1e-6)[:, None]
    known = confidence[:, None]
    both = (observed.colors * known + mirrored * weight) / (known + weight)
    patches = unobserved.divide(surface.points, surface.normals, both, np.maximum(confidence, certain))
    continued = _at_texels(surface, patches, main, np.maximum(confidence, certain))
    return None if continued is None else certain[:, None] * mirrored + (1.0 - certain[:, None]) * continued


def _at_texels(
    surface: Surface, patches: unobserved.Patches, projector: projection.Projector, confidence: Floats
) -> Floats | None:
    """(N, 3) continued colours, with fine detail where other colours have too little confidence."""
    at_vertices = unobserved.colors(patches, surface.mesh.vertices, surface.mesh.normals)
    if at_vertices is None:
        return None
    colors = surface.interpolate(at_vertices)
    unseen = confidence < FULL_CONFIDENCE
    colors[unseen] = detail.add(colors[unseen], surface.points[unseen], surface.normals[unseen], projector)
    return colors


def _normalize(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def fill_texture(pixel: NDArray[np.int64], colors: Floats, size: int) -> NDArray[np.uint8]:
    """The texture; texels outside all triangles take the nearest colour, so that filtering shows no seams."""
    texture, known = np.zeros((size * size, 3), np.uint8), np.zeros(size * size, bool)
    texture[pixel], known[pixel] = to_bytes(colors), True
    if not known.any():
        return texture.reshape(size, size, 3)
    return texture.reshape(size, size, 3)[nearest_index(known.reshape(size, size))]


def _split(mesh: Mesh, layout: Layout) -> tuple[Mesh, Floats]:
    """The mesh and its uv with one vertex for each pair of a layout vertex and a normal."""
    group, normals = creased_normals(mesh.vertices, mesh.faces)
    pairs, index = np.unique(group.astype(np.int64) * len(layout.uv) + layout.faces, return_inverse=True)
    normal, vertex = np.divmod(pairs, len(layout.uv))
    split = Mesh(mesh.vertices[layout.source[vertex]], index.reshape(-1, 3).astype(np.int32), normals[normal])
    return split, layout.uv[vertex]
