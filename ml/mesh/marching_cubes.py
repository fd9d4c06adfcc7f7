"""From a scene to the triangles of its surface."""

from __future__ import annotations

from collections.abc import Callable

import mcubes
import numpy as np
from numpy.typing import NDArray

from ml.errors import ReconstructionError
from ml.mesh import adaptive_grid
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh
from ml.scene.protocol import Scene

FULL = 0.9
"""Share of the cube above which a scene counts as filled: no object stands out of it."""
FEWEST_POINTS = 8
"""Lattice points that a solid must hold; a smaller one is noise."""
CAP = 0.25
"""Where the surface closes outside the cube, in cells beyond its wall."""


def extract(
    scene: Scene, grid: int, threshold: float | None = None, on_step: Callable[[float], None] | None = None
) -> Mesh:
    """The closed surface where the scene's density crosses `threshold` (the scene's own when None).

    `grid` is the number of cells per axis. Marching cubes (Lorensen and Cline 1987, as in PyMCubes) runs on a lattice
    with a margin of empty cells, so that the surface closes even where the scene touches the wall of the cube; then
    each vertex moves along its lattice edge onto the surface.
    Raises ReconstructionError(`empty_scene`) when nothing or everything is inside, or a density is not a number.
    """
    level = scene.threshold if threshold is None else threshold
    values = adaptive_grid.sample(scene, grid, level, on_step)
    box = _bounds(values > level)
    sides = np.pad(np.where(values[box] > level, np.float32(1.0), np.float32(-1.0)), 1, constant_values=-1.0)
    raw, faces = mcubes.marching_cubes(sides, 0.0)
    start = np.array([each.start for each in box]) - 1
    refined = _on_surface(scene, values, raw + start, level)
    vertices = (refined * (2.0 * scene.radius / grid) - scene.radius).astype(np.float32)
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    if on_step:
        on_step(1.0)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def _bounds(inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The box of the solid with one empty lattice point around it, where the lattice has one."""
    count = int(np.count_nonzero(inside))
    if count < FEWEST_POINTS or count > FULL * inside.size:
        raise ReconstructionError("empty_scene")
    spans = []
    for axis in range(3):
        used = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append(slice(max(int(used[0]) - 1, 0), int(used[-1]) + 2))
    return spans[0], spans[1], spans[2]


def _on_surface(
    scene: Scene, values: adaptive_grid.Lattice, vertices: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Vertices in lattice units, each moved along its lattice edge by one step of regula falsi on the true density."""
    low = np.floor(vertices).astype(np.int64)
    axis = np.argmax(vertices - low, axis=1)
    rows = np.arange(len(vertices))
    high = low.copy()
    high[rows, axis] += 1
    beyond = np.asarray((low < 0).any(axis=1) | (high >= np.array(values.shape)).any(axis=1))
    first, last = _at(values, low, beyond), _at(values, high, beyond)
    part = _fraction(first, last, level)
    found = _ask(scene, low, axis, part, values.shape[0] - 1, ~beyond)
    part = np.where(beyond, np.where((low < 0).any(axis=1), 1.0 - CAP, CAP), _closer(first, last, part, found, level))
    moved = low.astype(np.float64)
    moved[rows, axis] += part
    return moved


def _at(values: adaptive_grid.Lattice, index: NDArray[np.int64], beyond: NDArray[np.bool_]) -> NDArray[np.float64]:
    safe = np.where(beyond[:, None], 0, index)
    return values[safe[:, 0], safe[:, 1], safe[:, 2]].astype(np.float64)


def _fraction(first: NDArray[np.float64], last: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Where a straight line from `first` to `last` crosses `level`, kept off the ends so that no triangle collapses."""
    span = last - first
    return np.clip((level - first) / np.where(np.abs(span) < 1e-12, 1.0, span), 0.02, 0.98)


def _ask(
    scene: Scene,
    low: NDArray[np.int64],
    axis: NDArray[np.int64],
    part: NDArray[np.float64],
    cells: int,
    inner: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """The true density of the points `part` of the way along their lattice edges; 0 where not `inner`."""
    points = low.astype(np.float64)
    points[np.arange(len(low)), axis] += part
    canonical = (points[inner] * (2.0 * scene.radius / cells) - scene.radius).astype(np.float32)
    found = np.zeros(len(low))
    found[inner] = adaptive_grid.densities(scene, canonical)
    return found


def _closer(
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    part: NDArray[np.float64],
    found: NDArray[np.float64],
    level: float,
) -> NDArray[np.float64]:
    """The crossing again, on the half of the edge that still brackets the level."""
    left = (first > level) != (found > level)
    before = part * _fraction(first, found, level)
    after = part + (1.0 - part) * _fraction(found, last, level)
    return np.clip(np.where(left, before, after), 0.02, 0.98)
