"""From a scene to a triangle mesh of its surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mcubes
import numpy as np
from numpy.typing import NDArray

from ml.core.camera import Camera
from ml.errors import ReconstructionError
from ml.mesh import adaptive_grid, strands, tunnels
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh
from ml.scene.protocol import Scene
from ml.scene.query import densities

MAX_OCCUPANCY = 0.9
"""Fraction of the cube above which a scene counts as filled, without an object in it."""
MIN_POINTS = 8
"""Grid points that must be inside; fewer are noise."""
CAP = 0.25
"""Where the surface closes outside the cube, in cells from its boundary."""
MIN_FRACTION = 0.02
"""Closest that a vertex may come to a grid point, as a fraction of the edge, so that no triangle collapses."""
MIN_SPAN = 1e-12
"""Difference of two densities below which a line between them has no crossing to compute."""


def extract(
    scene: Scene,
    grid: int,
    threshold: float | None = None,
    on_step: Callable[[float], None] | None = None,
    *,
    photos: Sequence[Camera] = (),
) -> Mesh:
    """The closed surface where the scene's density crosses `threshold` (the scene's own when None).

    `grid` is the number of cells per axis. Marching cubes (Lorensen and Cline 1987, as in PyMCubes) runs on a grid
    with a margin of empty cells, so that the surface closes even where the scene touches the boundary of the cube;
    then each vertex moves along its grid edge onto the surface. Tunnels that none of the `photos` shows are closed
    (`ml.mesh.tunnels`); without photos all are kept.
    Raises ReconstructionError(`empty_scene`) when nothing or everything is inside, or a density is not a number.
    """
    level = scene.threshold if threshold is None else threshold
    values = adaptive_grid.sample(scene, grid, level, on_step)
    box = _bounds(values > level)
    if photos:
        _close_tunnels(values, box, level, scene.radius, photos)
    sides = np.pad(np.where(values[box] > level, np.float32(1.0), np.float32(-1.0)), 1, constant_values=-1.0)
    raw, faces = mcubes.marching_cubes(sides, 0.0)
    start = np.array([side.start for side in box]) - 1
    refined = _on_surface(scene, values, raw + start, level)
    vertices = (refined * (2.0 * scene.radius / grid) - scene.radius).astype(np.float32)
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    if on_step:
        on_step(1.0)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def _close_tunnels(
    values: adaptive_grid.Grid, box: tunnels.Box, level: float, radius: float, photos: Sequence[Camera]
) -> None:
    """Set densities to ±inf in place where closing tunnels adds or removes grid points."""
    spacing = 2.0 * radius / (len(values) - 1)
    low = np.array([side.start for side in box]) * spacing - radius
    inside = values[box] > level
    lattice = tunnels.Lattice(low, spacing, photos)
    closed = strands.cut(tunnels.close(inside, lattice), lattice)
    changed = np.where(closed, np.float32(np.inf), np.float32(-np.inf))
    values[box] = np.where(closed == inside, values[box], changed)


def _bounds(inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The bounding box of the points inside with a margin of one point, where the grid has one."""
    count = int(np.count_nonzero(inside))
    if count < MIN_POINTS or count > MAX_OCCUPANCY * inside.size:
        raise ReconstructionError("empty_scene")
    spans = []
    for axis in range(3):
        used = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append(slice(max(int(used[0]) - 1, 0), int(used[-1]) + 2))
    return spans[0], spans[1], spans[2]


def _on_surface(
    scene: Scene, values: adaptive_grid.Grid, vertices: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Vertices in cells, each moved along its grid edge by one step of regula falsi on the exact density.

    Where a density was changed to ±inf, the vertex stays in the middle of its edge.
    """
    low = np.floor(vertices).astype(np.int64)
    axis = np.argmax(vertices - low, axis=1)
    rows = np.arange(len(vertices))
    high = low.copy()
    high[rows, axis] += 1
    beyond = np.asarray((low < 0).any(axis=1) | (high >= np.array(values.shape)).any(axis=1))
    first, last = _at(values, low, beyond), _at(values, high, beyond)
    known = np.isfinite(first) & np.isfinite(last)
    first, last = np.where(known, first, level + 1.0), np.where(known, last, level - 1.0)
    fraction = _crossing(first, last, level)
    density = _query(scene, low, axis, fraction, values.shape[0] - 1, ~beyond & known)
    fraction = np.where(known, _improve_crossing(first, last, fraction, density, level), 0.5)
    fraction = np.where(beyond, np.where((low < 0).any(axis=1), 1.0 - CAP, CAP), fraction)
    moved = low.astype(np.float64)
    moved[rows, axis] += fraction
    return moved


def _at(values: adaptive_grid.Grid, index: NDArray[np.int64], beyond: NDArray[np.bool_]) -> NDArray[np.float64]:
    safe = np.where(beyond[:, None], 0, index)
    return values[safe[:, 0], safe[:, 1], safe[:, 2]].astype(np.float64)


def _crossing(first: NDArray[np.float64], last: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Where a straight line from `first` to `last` crosses `level`, as a fraction that keeps off the ends."""
    span = last - first
    return np.clip((level - first) / np.where(np.abs(span) < MIN_SPAN, 1.0, span), MIN_FRACTION, 1.0 - MIN_FRACTION)


def _query(
    scene: Scene,
    low: NDArray[np.int64],
    axis: NDArray[np.int64],
    fraction: NDArray[np.float64],
    cells: int,
    inner: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """The exact density at a `fraction` of each grid edge; 0 where not `inner`."""
    points = low.astype(np.float64)
    points[np.arange(len(low)), axis] += fraction
    canonical = (points[inner] * (2.0 * scene.radius / cells) - scene.radius).astype(np.float32)
    density = np.zeros(len(low))
    density[inner] = densities(scene, canonical)
    return density


def _improve_crossing(
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    fraction: NDArray[np.float64],
    density: NDArray[np.float64],
    level: float,
) -> NDArray[np.float64]:
    """The crossing on that side of the `fraction`, where `density` was measured, that still brackets the level."""
    left = (first > level) != (density > level)
    before = fraction * _crossing(first, density, level)
    after = fraction + (1.0 - fraction) * _crossing(density, last, level)
    return np.clip(np.where(left, before, after), MIN_FRACTION, 1.0 - MIN_FRACTION)
