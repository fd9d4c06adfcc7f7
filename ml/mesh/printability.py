"""What a mesh measures and how well a 3D printer can make it, for the report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.core import frames
from ml.mesh.geometry import components, face_areas_and_normals, face_volumes, welded
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster
from ml.mesh.repair import is_solid

STEEPEST = 45.0
"""Degrees from the upright that a printer bridges without support."""
LAYER = 0.01
"""Share of the height above the bed that counts as lying on it."""
PROBES = 4000
"""Rays for the thinnest wall."""
THIN_SHARE = 0.01
"""Share of the surface that may be thinner than the reported wall: single spikes do not decide."""


def statistics(mesh: Mesh, height_mm: float) -> dict[str, Any]:
    """Counts, closedness, parts, and volume, area, size, overhang and thinnest wall at `height_mm` tall.

    `watertight`: closed, 2-manifold, right side out, manifold3d being the judge; `repairs`: what was mended for that.
    `overhang_share`: share of the area that hangs over at more than 45° and does not lie on the bed.
    `thinnest_wall_mm`: all but 1 % of the surface is at least as thick, measured straight inwards (an estimate).
    """
    mesh = _without_seams(mesh)
    printed = replace(mesh, vertices=frames.to_print_bed(mesh.vertices, height_mm))
    areas, normals = face_areas_and_normals(printed.vertices, mesh.faces)
    return {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "watertight": is_solid(mesh.vertices, mesh.faces),
        "parts": int(components(mesh.faces, len(mesh.vertices)).max()) + 1,
        "volume_cm3": round(float(face_volumes(printed.vertices, mesh.faces).sum()) / 1000.0, 3),
        "area_cm2": round(float(areas.sum()) / 100.0, 3),
        "size_mm": [round(float(side), 2) for side in np.ptp(printed.vertices, axis=0)],
        "overhang_share": round(_overhang_share(printed, areas, normals, height_mm), 4),
        "thinnest_wall_mm": round(_thinnest_wall(printed, areas, normals), 2),
        "repairs": list(mesh.repairs),
    }


def _without_seams(mesh: Mesh) -> Mesh:
    """The textured mesh is cut at seams and hard edges that only its looks need; for counting they are closed again."""
    first, place_of = welded(mesh.vertices)
    faces = place_of[mesh.faces].astype(np.int32)
    return replace(mesh, vertices=mesh.vertices[first], faces=faces, normals=mesh.normals[first])


def _overhang_share(printed: Mesh, areas: NDArray[np.float64], normals: NDArray[np.float64], height_mm: float) -> float:
    on_bed = printed.vertices[printed.faces][:, :, 2].max(axis=1) < LAYER * height_mm
    hangs = (normals[:, 2] < -np.sin(np.radians(STEEPEST))) & ~on_bed
    return float(areas[hangs].sum() / max(areas.sum(), 1e-12))


def _thinnest_wall(printed: Mesh, areas: NDArray[np.float64], normals: NDArray[np.float64]) -> float:
    """Length of rays straight inwards from triangles spread evenly over the area, to where they leave the solid."""
    ends = np.cumsum(areas)
    face = np.searchsorted(ends, (np.arange(PROBES) + 0.5) / PROBES * ends[-1]).clip(0, len(areas) - 1)
    inwards = -normals[face].astype(np.float32)
    start = printed.vertices[printed.faces[face]].mean(axis=1) + inwards * np.float32(1e-3)
    hits = Caster(printed.vertices, printed.faces).first_hits(start.astype(np.float32), inwards)
    lengths = hits.distance[hits.face >= 0]
    return float(np.quantile(lengths, THIN_SHARE)) if len(lengths) else 0.0
