"""Measurements of a mesh, and how well it can be 3D printed, for the report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.core.frames import Placement
from ml.mesh.geometry import components, face_areas_and_normals, face_volumes, is_closed_manifold, weld
from ml.mesh.mesh import Mesh
from ml.mesh.repair import is_watertight
from ml.mesh.stability import MIN_TILT, tilt_before_falling

MAX_OVERHANG = 45.0
"""Degrees from the vertical that a printer bridges without support, the usual rule for filament printers."""
BED_HEIGHT = 0.01
"""Fraction of the model's height up to which a face counts as resting on the bed."""
PROBES = 4000
"""Rays that measure the wall thickness."""
THIN_FRACTION = 0.01
"""Fraction of the surface that may be thinner than the reported wall, so that a single spike does not decide."""
PROBE_OFFSET = 1e-3
"""How far below the surface a ray starts, in mm, so that it does not hit the triangle that it starts from."""


def statistics(mesh: Mesh, placement: Placement) -> dict[str, Any]:
    """Counts of vertices, faces and parts; volume, area, size, overhang and thinnest wall of the model as it is placed.

    `watertight`: closed, 2-manifold and oriented outwards, also according to manifold3d; `repairs`: what it took.
    `size_mm`: along the canonical axes, so depth, width, height.
    `overhang_share`: fraction of the area that overhangs by more than 45° and does not rest on the bed.
    `genus`: handles of all parts, such as the hole of a ring; None for an open mesh.
    `stands`: it can be tilted by at least 5°, `tilt_degrees`, before it falls over.
    `thinnest_wall_mm`: an estimate; 99 % of the surface is at least this thick along its normal.
    """
    mesh = _without_seams(mesh)
    printed = replace(mesh, vertices=placement.to_mm(mesh.vertices))
    areas, normals = face_areas_and_normals(printed.vertices, mesh.faces)
    tilt = tilt_before_falling(printed.vertices, mesh.faces)
    parts = int(components(mesh.faces, len(mesh.vertices)).max()) + 1
    return {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "watertight": is_watertight(mesh.vertices, mesh.faces),
        "parts": parts,
        "genus": genus(mesh, parts),
        "volume_cm3": round(float(face_volumes(printed.vertices, mesh.faces).sum()) / 1000.0, 3),
        "area_cm2": round(float(areas.sum()) / 100.0, 3),
        "size_mm": [round(float(side), 2) for side in np.ptp(printed.vertices, axis=0)],
        "overhang_share": round(_overhang_share(printed, areas, normals), 4),
        "thinnest_wall_mm": round(_thinnest_wall(printed, areas, normals), 2),
        "stands": tilt >= MIN_TILT,
        "tilt_degrees": round(tilt, 1),
        "repairs": list(mesh.repairs),
    }


def genus(mesh: Mesh, parts: int) -> int | None:
    """Handles of a closed mesh without seams, by Euler's formula V - E + F = 2 (parts - genus); None if it is open."""
    if not is_closed_manifold(mesh.faces):
        return None
    used = len(np.unique(mesh.faces))
    return parts - (used - len(mesh.faces) * 3 // 2 + len(mesh.faces)) // 2


def _without_seams(mesh: Mesh) -> Mesh:
    """The mesh with seams and hard edges welded: only the texture and the shading need them split."""
    first, index = weld(mesh.vertices)
    faces = index[mesh.faces].astype(np.int32)
    return replace(mesh, vertices=mesh.vertices[first], faces=faces, normals=mesh.normals[first])


def _overhang_share(printed: Mesh, areas: NDArray[np.float64], normals: NDArray[np.float64]) -> float:
    height = float(printed.vertices[:, 2].max())
    on_bed = printed.vertices[printed.faces][:, :, 2].max(axis=1) < BED_HEIGHT * height
    hangs = (normals[:, 2] < -np.sin(np.radians(MAX_OVERHANG))) & ~on_bed
    return float(areas[hangs].sum() / max(areas.sum(), 1e-12))


def _thinnest_wall(printed: Mesh, areas: NDArray[np.float64], normals: NDArray[np.float64]) -> float:
    """The thickness in mm along inward rays from triangles spread evenly over the area; the thinnest 1 % left out."""
    ends = np.cumsum(areas)
    face = np.searchsorted(ends, (np.arange(PROBES) + 0.5) / PROBES * ends[-1]).clip(0, len(areas) - 1)
    inwards = -normals[face].astype(np.float32)
    start = printed.vertices[printed.faces[face]].mean(axis=1) + inwards * np.float32(PROBE_OFFSET)
    hits = printed.caster.first_hits(start.astype(np.float32), inwards)
    lengths = hits.distance[hits.face >= 0]
    return float(np.quantile(lengths, THIN_FRACTION)) if len(lengths) else 0.0
