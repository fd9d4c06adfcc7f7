"""How a raw mesh is finished: closed, 2-manifold, smooth, within its budget of triangles."""

from __future__ import annotations

import fast_simplification
import manifold3d
import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh.smoothing import filter_taubin

from ml.errors import ReconstructionError
from ml.mesh.geometry import (
    components,
    face_volumes,
    fans,
    is_closed_manifold,
    vertex_normals,
    welded,
    without_unused_vertices,
)
from ml.mesh.mesh import Mesh

SMALLEST_PART = 0.005
"""Share of the largest part's volume below which a part is a floater."""
HAIR = np.float32(1e-5)
"""Scene units; about a micrometre on a print of 100 mm."""
SMOOTHING_ROUNDS = 5
SHRINK, INFLATE = 0.5, 0.53
"""Taubin's lambda and -mu (A signal processing approach to fair surface design, 1995)."""


Raw = tuple[NDArray[np.float32], NDArray[np.int32]]


def finish(mesh: Mesh, faces: int) -> Mesh:
    """The mesh without floaters and cavities, smoothed, closed, 2-manifold, with at most about `faces` triangles.

    What had to be mended on the way stands in its `repairs`.
    Raises ReconstructionError(`empty_scene`) when no solid is left.
    """
    repairs: list[str] = []
    raw = _clean(mesh.vertices, mesh.faces, repairs)
    raw = _outward(*_closed(*raw, repairs), repairs)
    raw = _solid_parts(*raw, repairs)
    raw = _smooth(*raw)
    raw = _unpinched(*without_unused_vertices(*_simplified(*raw, faces)))
    vertices, triangles = _apart(*_solid_parts(*raw, []), repairs)
    return Mesh(vertices, triangles, vertex_normals(vertices, triangles), tuple(repairs))


def is_solid(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> bool:
    """Closed and 2-manifold at every edge and vertex, accepted by manifold3d, every part of it right side out."""
    if not is_closed_manifold(faces) or len(fans(faces)[1]) > len(np.unique(faces)):
        return False
    volumes = np.bincount(components(faces, len(vertices)), face_volumes(vertices, faces))
    return bool(volumes.min() > 0.0) and _manifold(vertices, faces) is not None


def _clean(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """Without triangles that name a vertex twice or one that is not a number."""
    finite = np.asarray(np.isfinite(vertices).all(axis=1))
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    kept = faces[whole & finite[faces].all(axis=1)]
    if len(kept) == 0:
        raise ReconstructionError("empty_scene")
    if len(kept) < len(faces):
        repairs.append("Broken triangles were dropped.")
    return without_unused_vertices(vertices, kept)


def _closed(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """The same surface as a 2-manifold; an open or tangled one is mended. Raises `empty_scene` when it cannot be."""
    if is_closed_manifold(faces):
        return vertices, faces
    solid = _manifold(vertices, faces)
    repairs.append("Edges that more than two triangles shared were parted." if solid else "Holes were closed.")
    if solid is None:
        solid = _manifold(*_mended(vertices, faces))
    if solid is None:
        raise ReconstructionError("empty_scene")
    return _arrays(solid)


def _manifold(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> manifold3d.Manifold | None:
    """The solid as manifold3d accepts it, None when it does not: the judge of every mesh here."""
    solid = manifold3d.Manifold(
        manifold3d.Mesh(np.ascontiguousarray(vertices, dtype=np.float32), np.ascontiguousarray(faces, dtype=np.uint32))
    )
    return None if solid.is_empty() or solid.status() != manifold3d.Error.NoError else solid


def _arrays(solid: manifold3d.Manifold) -> Raw:
    mesh = solid.to_mesh()
    return np.asarray(mesh.vert_properties[:, :3], np.float32), np.asarray(mesh.tri_verts, np.int32)


def _mended(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Raw:
    """Vertices at one place merged, holes filled and windings made consistent, by trimesh."""
    mesh = trimesh.Trimesh(vertices, faces, process=True, validate=True)
    mesh.merge_vertices()
    mesh.update_faces(mesh.unique_faces())
    mesh.fill_holes()
    mesh.fix_normals()
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)


def _outward(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """The same closed surface, turned over when it was inside out."""
    if face_volumes(vertices, faces).sum() >= 0:
        return vertices, faces
    repairs.append("The surface was inside out and was turned over.")
    return vertices, np.ascontiguousarray(faces[:, ::-1])


def _solid_parts(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """Without floaters (by share of volume) and without cavities, which nobody sees and no printer can empty."""
    part = components(faces, len(vertices))
    volumes = np.bincount(part, face_volumes(vertices, faces))
    if volumes.max() <= 0:
        raise ReconstructionError("empty_scene")
    kept = volumes >= SMALLEST_PART * volumes.max()
    repairs += _counted(int((~kept & (volumes > 0)).sum()), "loose speck was", "loose specks were", "removed")
    repairs += _counted(int((volumes <= 0).sum()), "hollow inside was", "hollows inside were", "filled")
    return without_unused_vertices(vertices, faces[kept[part]])


def _counted(count: int, one: str, many: str, done: str) -> list[str]:
    """A sentence about `count` things; none about nothing."""
    return [f"{count} {one if count == 1 else many} {done}."] if count else []


def _smooth(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Raw:
    """Without the noise of the grid, at the same size: each round of the filter shrinks the mesh and inflates it."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    filter_taubin(mesh, lamb=SHRINK, nu=INFLATE, iterations=2 * SMOOTHING_ROUNDS)  # type: ignore[no-untyped-call]
    return np.asarray(mesh.vertices, np.float32), faces


def _simplified(vertices: NDArray[np.float32], faces: NDArray[np.int32], budget: int) -> Raw:
    """At most about `budget` triangles, still a 2-manifold: by quadrics, and where these tear it by manifold3d."""
    if len(faces) <= budget:
        return vertices, faces
    for aggression in (5, 3, 2):
        fewer = fast_simplification.simplify(vertices, faces, target_count=budget, agg=aggression)
        points, triangles = fewer[0].astype(np.float32), fewer[1].astype(np.int32)
        if is_closed_manifold(triangles) and _manifold(points, triangles) is not None:
            return points, triangles
        solid = _manifold(points, triangles)
        if solid is not None:
            return _arrays(solid)
    return _simplified_by_tolerance(vertices, faces, budget)


def _simplified_by_tolerance(vertices: NDArray[np.float32], faces: NDArray[np.int32], budget: int) -> Raw:
    """The finest of manifold3d's own simplifications that keeps to the budget, found by halving the tolerance."""
    solid = _manifold(vertices, faces)
    if solid is None:
        raise ReconstructionError("empty_scene")
    low, high = 0.0, float(np.ptp(vertices, axis=0).max()) / 20.0
    best = solid
    for _ in range(10):
        middle = (low + high) / 2.0
        fewer = solid.simplify(middle)
        if fewer.is_empty() or fewer.num_tri() <= budget:
            high = middle
            best = best if fewer.is_empty() else fewer
        else:
            low = middle
    return _arrays(best)


def _unpinched(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Raw:
    """With one ring of triangles around each vertex: simplification may leave two that meet in a point."""
    parted, source = fans(faces)
    return vertices[source], parted


def _apart(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """No two vertices at one place: where the solid touches itself, a hair lies between.

    A file that stores triangles alone (STL) or that joins vertices by place would tie the two sides together.
    """
    first, place_of = welded(vertices)
    if len(first) == len(vertices):
        return vertices, faces
    repairs.append("Places where the surface touched itself were set apart by a hair.")
    order = np.argsort(place_of, kind="stable")
    starts = np.searchsorted(place_of[order], np.arange(len(first)))
    rank = np.empty(len(vertices), np.float32)
    rank[order] = np.arange(len(vertices)) - starts[place_of[order]]
    return vertices - vertex_normals(vertices, faces) * (rank * HAIR)[:, None], faces
