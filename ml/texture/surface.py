"""Points of a mesh's surface: the texels that it covers, its corners, or a sample spread evenly over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.mesh.geometry import creased_normals, face_areas_and_normals
from ml.mesh.mesh import Mesh
from ml.texture.rasterize import Coverage
from ml.texture.unwrap import Layout

CORNERS = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], np.float32)
"""Barycentric weights of the three points of a triangle whose colours count for its corners."""
PLASTIC = 1.32471795724474602596
"""The plastic number: multiples of its inverse powers cover a square evenly (Roberts, "The unreasonable effectiveness
of quasirandom sequences", 2018)."""


@dataclass(frozen=True)
class Surface:
    """A mesh with N points of its triangles."""

    mesh: Mesh
    coverage: Coverage

    @cached_property
    def points(self) -> Floats:
        """(N, 3) positions of the points."""
        return self.interpolate(self.mesh.vertices)

    @cached_property
    def normals(self) -> Floats:
        """(N, 3) unit normals at the points."""
        return _normalize(self.interpolate(self.mesh.normals))

    def interpolate(self, values: Floats) -> Floats:
        """(V, C) values at the vertices -> (N, C) at the points."""
        return self.coverage.interpolate(values, self.mesh.faces)

    def part(self, chosen: NDArray[np.bool_]) -> Surface:
        """The surface with only the chosen (N,) of its points."""
        coverage = self.coverage
        return Surface(self.mesh, Coverage(coverage.pixel[chosen], coverage.face[chosen], coverage.weights[chosen]))


def corners(mesh: Mesh) -> Surface:
    """The surface with three points for each triangle, in the order of its corners."""
    face = np.repeat(np.arange(len(mesh.faces)), 3)
    return Surface(mesh, Coverage(np.arange(len(face)), face, np.tile(CORNERS, (len(mesh.faces), 1))))


def sampled(mesh: Mesh, count: int) -> Surface:
    """The surface with about `count` points spread evenly, the same ones each time."""
    areas, _ = face_areas_and_normals(mesh.vertices, mesh.faces)
    before = np.concatenate([[0.0], np.cumsum(areas, dtype=np.float64)])
    steps = np.floor(before * (count / max(before[-1], 1e-12))).astype(np.int64)
    face = np.repeat(np.arange(len(areas)), np.diff(steps))
    a, b = (np.arange(len(face))[:, None] * np.array([1.0 / PLASTIC, 1.0 / PLASTIC**2]) % 1.0).T
    a, b = np.where(a + b > 1.0, 1.0 - a, a), np.where(a + b > 1.0, 1.0 - b, b)
    weights = np.stack([1.0 - a - b, a, b], axis=1).astype(np.float32)
    return Surface(mesh, Coverage(np.arange(len(face)), face, weights))


def creased(mesh: Mesh) -> Mesh:
    """The mesh with one vertex for each side of a hard edge, each with its own normal."""
    group, normals = creased_normals(mesh.vertices, mesh.faces)
    source = np.zeros(len(normals), np.int64)
    source[group.ravel()] = mesh.faces.ravel()
    return Mesh(mesh.vertices[source], group, normals)


def split(mesh: Mesh, layout: Layout) -> tuple[Mesh, Floats]:
    """A creased mesh and its uv with one vertex for each pair of one of its vertices and one of the layout."""
    pairs, index = np.unique(mesh.faces.astype(np.int64) * len(layout.uv) + layout.faces, return_inverse=True)
    own, laid_out = np.divmod(pairs, len(layout.uv))
    faces = index.reshape(-1, 3).astype(np.int32)
    return Mesh(mesh.vertices[own], faces, mesh.normals[own]), layout.uv[laid_out]


def _normalize(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
