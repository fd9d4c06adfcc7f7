"""From the raw isosurface to a printable mesh: closed, 2-manifold, smooth, within its budget of triangles."""

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
    drop_unused_vertices,
    face_volumes,
    is_closed_manifold,
    split_non_manifold_vertices,
    vertex_normals,
    weld,
)
from ml.mesh.mesh import Mesh

MIN_COMPONENT = 0.01
"""Smallest component that is kept, as a fraction of the volume of all."""
EPSILON = np.float32(1e-5)
"""Distance in scene units between vertices that would coincide: about a micrometre on a print of 100 mm."""
SMOOTHING_ROUNDS = 5
"""Rounds of Taubin smoothing, each a step of SHRINK and one of INFLATE."""
SHRINK, INFLATE = 0.5, 0.53
"""Taubin's lambda and -mu (A signal processing approach to fair surface design, 1995)."""
AGGRESSION = (5, 3, 2)
"""Settings of fast_simplification in the order they are tried: lower ones are slower and tear a mesh less often."""
MAX_TOLERANCE = 0.05
"""Largest tolerance of manifold3d's simplification, as a fraction of the longest side."""
BISECTIONS = 10
"""Steps of the search for the tolerance: to a thousandth of the range."""

Raw = tuple[NDArray[np.float32], NDArray[np.int32]]
"""Vertices (V, 3) and faces (F, 3)."""


def finish(mesh: Mesh, faces: int, *, largest_part: bool = False) -> Mesh:
    """The mesh without small components and cavities, smoothed, closed, 2-manifold, with at most about `faces` faces.

    `largest_part` drops all components but the largest. Its `repairs` say what was repaired on the way.
    Raises ReconstructionError(`empty_scene`) when nothing with a volume remains.
    """
    repairs: list[str] = []
    raw = _drop_invalid_triangles(mesh.vertices, mesh.faces, repairs)
    raw = _orient_outwards(*_close(*raw, repairs), repairs)
    raw = _drop_small_components(*raw, repairs, largest_part=largest_part)
    raw = _simplify(*_smooth(*raw), faces)
    raw = _split_non_manifold_vertices(*drop_unused_vertices(*raw))
    raw = _drop_small_components(*raw, [], largest_part=largest_part)
    vertices, triangles = _separate_coincident_vertices(*raw, repairs)
    return Mesh(vertices, triangles, vertex_normals(vertices, triangles), tuple(repairs))


def reduce_faces(mesh: Mesh, faces: int) -> Mesh:
    """The same closed mesh with at most about `faces` faces; what is flat loses them first."""
    if len(mesh.faces) <= faces:
        return mesh
    raw = _split_non_manifold_vertices(*drop_unused_vertices(*_simplify(mesh.vertices, mesh.faces, faces)))
    vertices, triangles = _separate_coincident_vertices(*raw, [])
    return Mesh(vertices, triangles, vertex_normals(vertices, triangles), mesh.repairs)


def is_watertight(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> bool:
    """Whether it is 2-manifold at every edge and vertex, manifold3d agrees, and every component faces outwards."""
    if not is_closed_manifold(faces) or len(split_non_manifold_vertices(faces)[1]) > len(np.unique(faces)):
        return False
    volumes = np.bincount(components(faces, len(vertices)), face_volumes(vertices, faces))
    return bool(volumes.min() > 0.0) and _to_manifold(vertices, faces) is not None


def _drop_invalid_triangles(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """Without triangles that repeat a vertex or have one that is not finite."""
    finite = np.asarray(np.isfinite(vertices).all(axis=1))
    distinct = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    kept = faces[distinct & finite[faces].all(axis=1)]
    if len(kept) == 0:
        raise ReconstructionError("empty_scene")
    if len(kept) < len(faces):
        repairs.append("Invalid triangles were removed.")
    return drop_unused_vertices(vertices, kept)


def _close(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """The same surface as a closed 2-manifold. Raises `empty_scene` when it cannot be closed."""
    if is_closed_manifold(faces):
        return vertices, faces
    manifold = _to_manifold(vertices, faces)
    repairs.append("Edges shared by more than two triangles were split." if manifold else "Holes were closed.")
    if manifold is None:
        manifold = _to_manifold(*_fill_holes(vertices, faces))
    if manifold is None:
        raise ReconstructionError("empty_scene")
    return _to_arrays(manifold)


def _to_manifold(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> manifold3d.Manifold | None:
    """The mesh in manifold3d, which decides what counts as a 2-manifold here; None when it rejects it."""
    manifold = manifold3d.Manifold(
        manifold3d.Mesh(np.ascontiguousarray(vertices, dtype=np.float32), np.ascontiguousarray(faces, dtype=np.uint32))
    )
    return None if manifold.is_empty() or manifold.status() != manifold3d.Error.NoError else manifold


def _to_arrays(manifold: manifold3d.Manifold) -> Raw:
    mesh = manifold.to_mesh()
    return np.asarray(mesh.vert_properties[:, :3], np.float32), np.asarray(mesh.tri_verts, np.int32)


def _fill_holes(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Raw:
    """With coincident vertices merged, holes filled and windings made consistent, by trimesh."""
    mesh = trimesh.Trimesh(vertices, faces, process=True, validate=True)
    mesh.merge_vertices()
    mesh.update_faces(mesh.unique_faces())
    mesh.fill_holes()
    mesh.fix_normals()
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)


def _orient_outwards(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """The same closed surface, flipped if it encloses a negative volume."""
    if face_volumes(vertices, faces).sum() >= 0:
        return vertices, faces
    repairs.append("The surface was inside out and was flipped.")
    return vertices, np.ascontiguousarray(faces[:, ::-1])


def _drop_small_components(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str], *, largest_part: bool
) -> Raw:
    """Without components of little volume, and without cavities, which are invisible and trap material in a print."""
    component = components(faces, len(vertices))
    volumes = np.bincount(component, face_volumes(vertices, faces))
    if volumes.max() <= 0:
        raise ReconstructionError("empty_scene")
    smallest = volumes.max() if largest_part else min(MIN_COMPONENT * volumes[volumes > 0].sum(), volumes.max())
    kept = volumes >= smallest
    loose, cavities = int((~kept & (volumes > 0)).sum()), int((volumes <= 0).sum())
    what = "loose" if largest_part else "small loose"
    repairs += _count_sentence(loose, f"{what} part was removed", f"{what} parts were removed")
    repairs += _count_sentence(cavities, "internal cavity was filled", "internal cavities were filled")
    return drop_unused_vertices(vertices, faces[kept[component]])


def _count_sentence(count: int, singular: str, plural: str) -> list[str]:
    """A sentence that begins with a count; none for zero."""
    return [f"{count} {singular if count == 1 else plural}."] if count else []


def _smooth(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Raw:
    """Without the noise of the grid, at the same size: each round of the filter shrinks the mesh and inflates it."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    filter_taubin(mesh, lamb=SHRINK, nu=INFLATE, iterations=2 * SMOOTHING_ROUNDS)  # type: ignore[no-untyped-call]
    return np.asarray(mesh.vertices, np.float32), faces


def _simplify(vertices: NDArray[np.float32], faces: NDArray[np.int32], budget: int) -> Raw:
    """A 2-manifold with at most about `budget` triangles: by quadrics, or by manifold3d where these tear the mesh."""
    if len(faces) <= budget:
        return vertices, faces
    for aggression in AGGRESSION:
        fewer = fast_simplification.simplify(vertices, faces, target_count=budget, agg=aggression)
        points, triangles = fewer[0].astype(np.float32), fewer[1].astype(np.int32)
        manifold = _to_manifold(points, triangles)
        if manifold is not None:
            return (points, triangles) if is_closed_manifold(triangles) else _to_arrays(manifold)
    return _simplify_by_tolerance(vertices, faces, budget)


def _simplify_by_tolerance(vertices: NDArray[np.float32], faces: NDArray[np.int32], budget: int) -> Raw:
    """The finest of manifold3d's own simplifications within the budget, by bisection of the tolerance."""
    manifold = _to_manifold(vertices, faces)
    if manifold is None:
        raise ReconstructionError("empty_scene")
    low, high = 0.0, MAX_TOLERANCE * float(np.ptp(vertices, axis=0).max())
    best = manifold
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        fewer = manifold.simplify(middle)
        if fewer.is_empty() or fewer.num_tri() <= budget:
            high = middle
            best = best if fewer.is_empty() else fewer
        else:
            low = middle
    return _to_arrays(best)


def _split_non_manifold_vertices(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Raw:
    """With one fan of triangles around each vertex: simplification can leave two that meet in a point."""
    split, source = split_non_manifold_vertices(faces)
    return vertices[source], split


def _separate_coincident_vertices(vertices: NDArray[np.float32], faces: NDArray[np.int32], repairs: list[str]) -> Raw:
    """With all vertices at different positions: where the surface touches itself, they move inwards by epsilon.

    Otherwise a file of bare triangles (STL), or a reader that merges vertices by position, would join the two sides.
    """
    first, index = weld(vertices)
    if len(first) == len(vertices):
        return vertices, faces
    repairs.append("Parts of the surface that touched were moved slightly apart.")
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(len(first)))
    rank = np.empty(len(vertices), np.float32)
    rank[order] = np.arange(len(vertices)) - starts[index[order]]
    return vertices - vertex_normals(vertices, faces) * (rank * EPSILON)[:, None], faces
