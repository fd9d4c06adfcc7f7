"""Figures about a mesh's topology and stance: tunnels, components, and whether its feet stand on one plane."""

from __future__ import annotations

from dataclasses import dataclass

import mcubes
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.mesh.geometry import components
from ml.mesh.ray_intervals import all_hits, inside_after
from ml.mesh.raycast import Caster

TRUE_GRID = 128
"""Cells per axis of the grid in which the true shape's tunnels are counted."""
MIN_TRUE_COMPONENT = 0.01
"""Fraction of all surface vertices below which a component of the true shape is an artefact of that grid."""
MIN_LEG = 0.05
"""Fraction of the height by which a foot lies below the place where its leg meets the rest."""
MAX_FOOT_HEIGHT = 0.25
"""Fraction of the height below which the tip of such a part counts as a foot: hands and wings end higher."""
LEVELS = 30
"""Heights at which the parts below are told apart, from the lowest point to MAX_FOOT_HEIGHT + MIN_LEG."""


@dataclass(frozen=True)
class Topology:
    """`genus`: number of tunnels of all components; `feet`: parts that reach down to near the ground; `stance`:
    difference between the lowest points of the highest and the lowest foot, as a fraction of the height."""

    genus: int
    components: int
    feet: int
    stance: float


def measure(vertices: Floats, faces: NDArray[np.int32]) -> Topology:
    """Of a closed mesh (V, 3), (F, 3)."""
    feet, stance = _stance(vertices, faces)
    return Topology(genus(faces), int(components(faces, len(vertices)).max()) + 1, feet, stance)


def genus(faces: NDArray[np.int32]) -> int:
    """Number of tunnels: from Euler's characteristic V - E + F = 2 (components - genus) of a closed mesh."""
    used = np.unique(faces)
    parts = int(components(faces, int(faces.max()) + 1).max()) + 1
    return int(parts - (len(used) - len(faces) // 2) // 2)


def _stance(vertices: Floats, faces: NDArray[np.int32]) -> tuple[int, float]:
    """The number of feet and the difference of their lowest points, as in `Topology`."""
    low, height = float(vertices[:, 2].min()), max(float(np.ptp(vertices[:, 2])), 1e-9)
    top = vertices[faces][:, :, 2].max(axis=1)
    tips: set[int] = set()
    for level in low + height * np.linspace(MIN_LEG, MAX_FOOT_HEIGHT + MIN_LEG, LEVELS):
        lowest = _lowest_vertices(vertices, faces[top <= level])
        tips.update(lowest[vertices[lowest, 2] <= level - MIN_LEG * height].tolist())
    if not tips:
        return 0, 0.0
    return len(tips), float(np.ptp(vertices[sorted(tips), 2])) / height


def _lowest_vertices(vertices: Floats, faces: NDArray[np.int32]) -> NDArray[np.int64]:
    """(N,) the lowest vertex of each connected part of the faces."""
    if not len(faces):
        return np.zeros(0, np.int64)
    corner, part = faces.ravel(), np.repeat(components(faces, len(vertices)), 3)
    order = np.lexsort((corner, vertices[corner, 2], part))
    return corner[order][np.unique(part[order], return_index=True)[1]].astype(np.int64)


def true_genus(vertices: Floats, faces: NDArray[np.int64]) -> int:
    """Tunnels of a true shape, which need not be closed: of its occupied cells along vertical rays.

    Sheets count as one cell thick. (V, 3) with longest side 2.
    """
    solid = _occupied(Caster(vertices, faces))
    surface = mcubes.marching_cubes(np.pad(solid.astype(np.float32), 1), 0.5)[1].astype(np.int32)
    part = components(surface, int(surface.max()) + 1)
    large = np.bincount(part) >= MIN_TRUE_COMPONENT * len(surface)
    return genus(surface[large[part]])


def _occupied(caster: Caster) -> NDArray[np.bool_]:
    """(N, N, N) cells inside the mesh along rays in the three directions of the axes, or on its surface."""
    steps = ((np.arange(TRUE_GRID) + 0.5) / TRUE_GRID * 2.2 - 1.1).astype(np.float32)
    solid = np.zeros((TRUE_GRID,) * 3, bool)
    for axis in range(3):
        solid |= np.moveaxis(_fill(caster, steps, axis), 2, axis)
    return solid


def _fill(caster: Caster, steps: Floats, axis: int) -> NDArray[np.bool_]:
    """(N, N, N): the other two axes in order, then `axis`."""
    one, other = (index for index in range(3) if index != axis)
    first, second = np.meshgrid(steps, steps, indexing="ij")
    origins = np.zeros((first.size, 3), np.float32)
    origins[:, one], origins[:, other], origins[:, axis] = first.ravel(), second.ravel(), -2.0
    directions = np.zeros_like(origins)
    directions[:, axis] = 1.0
    depths, hit = all_hits(caster, origins, directions)
    inside = inside_after(caster, directions, hit)
    half = float(steps[1] - steps[0]) / 2.0
    filled = np.zeros((len(origins), TRUE_GRID), bool)
    for layer in range(depths.shape[1]):
        start = depths[:, layer, None] - 2.0
        stop = depths[:, min(layer + 1, depths.shape[1] - 1), None] - 2.0
        stop = np.where(inside[:, layer, None], stop, start)
        filled |= np.isfinite(start) & (steps >= start - half) & (steps <= stop + half)
    return filled.reshape(TRUE_GRID, TRUE_GRID, TRUE_GRID)
