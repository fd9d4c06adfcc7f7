"""What a model stands on: a small flat cut, or a plate under it.

The cut is made in the closed mesh, before it gets its texture. The plate is added afterwards: it is in none of the
photos, so it must not disturb what is projected from them.
"""

from __future__ import annotations

from dataclasses import replace

import manifold3d
import numpy as np
from numpy.typing import NDArray

from ml.mesh.geometry import creased_normals, vertex_normals
from ml.mesh.mesh import Mesh
from ml.mesh.stability import CONTACT, MIN_TILT, center_of_mass, tilt_before_falling
from ml.recipe import AUTO_BASE, FLAT

CUTS = (0.005, 0.01, 0.02, 0.03)
"""Fractions of the height to try cutting off: more would be missed."""
CUT = "The lowest {percent:g} % were cut flat to stand on."
PLATE_MM, MARGIN_MM, SUNK_MM = 2.0, 3.0, 0.6
"""Thickness of the plate, how far it extends beyond what stands on it, and how deep the model sinks into it."""
PLATE_TILT = 12.0
"""Degrees that a model on its plate can be tilted."""
PLATE_SIDES = 64
"""Corners of the round plate."""


def cut_flat(mesh: Mesh, base: str) -> Mesh:
    """The mesh with a flat bottom: for `flat` always, for `auto` if it falls over without one and stands with it.

    The smallest cut that makes it stand; for `flat` the largest one if none does.
    """
    if base not in (AUTO_BASE, FLAT) or (base == AUTO_BASE and _stands(mesh)):
        return mesh
    solid = manifold3d.Manifold(
        manifold3d.Mesh(np.ascontiguousarray(mesh.vertices, np.float32), np.ascontiguousarray(mesh.faces, np.uint32))
    )
    for fraction in CUTS:
        cut = _cut(solid, mesh, fraction)
        if cut is not None and (_stands(cut) or (base == FLAT and fraction == CUTS[-1])):
            return cut
    return mesh


def _stands(mesh: Mesh) -> bool:
    return tilt_before_falling(mesh.vertices, mesh.faces) >= MIN_TILT


def _cut(solid: manifold3d.Manifold, mesh: Mesh, fraction: float) -> Mesh | None:
    """The mesh, also given as `solid`, without its lowest part; None if manifold3d does not take it."""
    low, height = float(mesh.vertices[:, 2].min()), float(np.ptp(mesh.vertices[:, 2]))
    trimmed = solid.trim_by_plane((0.0, 0.0, 1.0), low + fraction * height)
    if trimmed.is_empty() or trimmed.status() != manifold3d.Error.NoError:
        return None
    cut = trimmed.to_mesh()
    vertices, faces = np.array(cut.vert_properties[:, :3], np.float32), np.array(cut.tri_verts, np.int32)
    repairs = (*mesh.repairs, CUT.format(percent=100.0 * fraction))
    return Mesh(vertices, faces, vertex_normals(vertices, faces), repairs)


def plate_under(mesh: Mesh, mm_per_unit: float) -> Mesh:
    """A round plate (a closed mesh of its own) below the model's centre of mass, canonical units."""
    low, height = float(mesh.vertices[:, 2].min()), float(np.ptp(mesh.vertices[:, 2]))
    center = center_of_mass(mesh.vertices, mesh.faces)
    touching = mesh.vertices[mesh.vertices[:, 2] <= low + max(CONTACT * height, SUNK_MM / mm_per_unit), :2]
    reach = float(np.linalg.norm(touching - center[:2], axis=1).max())
    radius = max(reach + MARGIN_MM / mm_per_unit, (float(center[2]) - low) * float(np.tan(np.radians(PLATE_TILT))))
    top = low + SUNK_MM / mm_per_unit
    return _disc(np.array([center[0], center[1]]), radius, top - PLATE_MM / mm_per_unit, top)


def _disc(center: NDArray[np.float64], radius: float, bottom: float, top: float) -> Mesh:
    """A cylinder that stands upright, each flat or round part with its own vertices so that its edges are hard."""
    angles = np.arange(PLATE_SIDES) * (2.0 * np.pi / PLATE_SIDES)
    ring = center + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    levels = [np.column_stack([np.vstack([ring, center]), np.full(PLATE_SIDES + 1, z)]) for z in (bottom, top)]
    this, following = np.arange(PLATE_SIDES), np.roll(np.arange(PLATE_SIDES), -1)
    above = PLATE_SIDES + 1
    middle = np.full(PLATE_SIDES, PLATE_SIDES)
    faces = np.concatenate(
        [
            np.stack([following, this, middle], axis=1),
            np.stack([this, following, middle], axis=1) + above,
            np.stack([this, following, following + above], axis=1),
            np.stack([this, following + above, this + above], axis=1),
        ]
    ).astype(np.int32)
    vertices = np.concatenate(levels).astype(np.float32)
    group, normals = creased_normals(vertices, faces)
    pairs, index = np.unique(group.astype(np.int64) * len(vertices) + faces, return_inverse=True)
    normal, vertex = np.divmod(pairs, len(vertices))
    return Mesh(vertices[vertex], index.reshape(-1, 3).astype(np.int32), normals[normal])


def joined(first: Mesh, second: Mesh) -> Mesh:
    """Both meshes in one, the first one's vertices first."""
    return replace(
        first,
        vertices=np.concatenate([first.vertices, second.vertices]),
        faces=np.concatenate([first.faces, second.faces + np.int32(len(first.vertices))]),
        normals=np.concatenate([first.normals, second.normals]),
    )
