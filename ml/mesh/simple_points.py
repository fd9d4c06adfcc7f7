"""Changes of a sampled shape that keep its topology: cells are added or removed one by one where they are simple.

A cell is simple if adding or removing it changes no part, tunnel or cavity (Bertrand and Malandain, "A new
characterization of three-dimensional simple points", Pattern Recognition Letters 1994). The neighbourhood is the one
that our marching cubes implies: inside cells are neighbours across faces and edges, empty ones across faces.
"""

from __future__ import annotations

from functools import lru_cache

import mcubes
import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.bool_]
Codes = NDArray[np.uint32]
"""The 3 x 3 x 3 cells around a cell as bits, x slowest."""
Levels = NDArray[np.uint8]
Ids = NDArray[np.int64]

STEPS = np.array(list(np.ndindex(3, 3, 3))) - 1
"""(27, 3) from the middle cell to each."""


def _mask(chosen: NDArray[np.bool_]) -> np.uint32:
    """The bits of the chosen (27,) cells."""
    return np.uint32((chosen * (1 << np.arange(27))).sum())


FACES, SIDES, ALL = (_mask((STEPS != 0).any(axis=1) & (np.abs(STEPS).sum(axis=1) <= most)) for most in (1, 2, 3))
"""The neighbours across faces, across faces and edges, and all 26."""
AXES = tuple(
    (np.uint32(stride), _mask(STEPS[:, axis] < 1), _mask(STEPS[:, axis] > -1)) for axis, stride in enumerate((9, 3, 1))
)
"""For each axis: the number of bits to the next cell along it, and the cells that have one after and before them."""


def shift(solid: Cells, level: Levels, value: bool) -> Cells:
    """The shape with cells of `level` > 0, the highest first, set to `value`, as long as its topology is the same."""
    padded = np.pad(solid, 1)
    flat = padded.reshape(-1)
    strides = STEPS @ np.array(padded.strides)
    place = np.nonzero(level)
    levels = level[place]
    index = np.ravel_multi_index(tuple(axis + 1 for axis in place), padded.shape)
    parity = (place[0] % 2) * 4 + (place[1] % 2) * 2 + place[2] % 2
    # Cells of the same parity are no neighbours, so that they may change at once.
    remaining = [(index[parity == part], levels[parity == part]) for part in range(8)]
    open_again = np.ones(len(flat), bool)
    for least in range(int(levels.max(initial=0)), 0, -1):
        _shift_until_stable(flat, strides, remaining, least, value, open_again)
    return np.ascontiguousarray(padded[1:-1, 1:-1, 1:-1])


def _shift_until_stable(
    flat: Cells, strides: Ids, remaining: list[tuple[Ids, Levels]], least: int, value: bool, open_again: Cells
) -> None:
    """Change all cells of `least` or a higher level that are or become simple; `remaining` keeps the others.

    `open_again`: cells whose surroundings have changed since they were last found not to be simple.
    """
    changed = True
    while changed:
        changed = False
        for part, (cells, levels) in enumerate(remaining):
            simple = (levels >= least) & open_again[cells]
            if not simple.any():
                continue
            open_again[cells[simple]] = False
            simple[simple] = is_simple(_codes(flat, cells[simple], strides))
            if simple.any():
                flat[cells[simple]] = value
                open_again[cells[simple, None] + strides] = True
                remaining[part] = cells[~simple], levels[~simple]
                changed = True


def is_simple(code: Codes) -> Cells:
    """(N,) whether cells with these surroundings may change sides without a change of topology."""
    empty = ~code & ALL
    near = empty & FACES
    near |= _across_faces(near) & empty & SIDES
    near |= _across_faces(near) & empty
    inside = code & ALL
    result = _is_one_part(empty & FACES, near, edges=False)
    result[result] = _is_one_part(inside[result] & SIDES, inside[result], edges=True)
    return result


def _is_one_part(members: Codes, within: Codes, *, edges: bool) -> Cells:
    """(N,) whether there are members, all in one connected part of `within`."""
    reached = members & (~members + np.uint32(1))
    while True:
        grown = reached | ((_across_edges(reached) if edges else _across_faces(reached)) & within)
        if np.array_equal(grown, reached):
            return np.asarray((members != 0) & ((members & ~reached) == 0))
        reached = grown


def _across_faces(code: Codes) -> Codes:
    return np.asarray(_along(code, 0) | _along(code, 1) | _along(code, 2))


def _across_edges(code: Codes) -> Codes:
    x, y = _along(code, 0), _along(code, 1)
    return np.asarray(_along(x, 1) | _along(x, 2) | _along(y, 2))


def _along(code: Codes, axis: int) -> Codes:
    """The cells and those next to them along an axis."""
    stride, before, after = AXES[axis]
    return np.asarray(code | ((code & before) << stride) | ((code & after) >> stride))


def _codes(flat: Cells, index: Ids, strides: Ids) -> Codes:
    code = np.zeros(len(index), np.uint32)
    for bit, stride in enumerate(strides):
        code |= flat[index + stride].astype(np.uint32) << np.uint32(bit)
    return code


def euler(cells: Cells) -> int:
    """Euler's characteristic of the surface that marching cubes makes of the cells: of a closed surface without
    tunnels 2 for each part and each cavity, less 2 for each tunnel."""
    padded = np.pad(cells, 1)
    vertices = sum(int(np.count_nonzero(np.diff(padded, axis=axis))) for axis in range(3))
    corner = np.zeros(tuple(side - 1 for side in padded.shape), np.uint8)
    for bit, start in enumerate(np.ndindex(2, 2, 2)):
        shifted = padded[tuple(slice(low, side - 1 + low) for low, side in zip(start, padded.shape, strict=True))]
        corner |= shifted.astype(np.uint8) << np.uint8(bit)
    # A closed surface has 3 edges for 2 triangles.
    return vertices - int(_triangles() @ np.bincount(corner.reshape(-1), minlength=256)) // 2


@lru_cache(maxsize=1)
def _triangles() -> Ids:
    """(256,) how many triangles marching cubes makes of a cube with these corners inside."""
    counts = []
    for code in range(256):
        corners = np.array([code >> bit & 1 for bit in range(8)]).reshape(2, 2, 2)
        counts.append(len(mcubes.marching_cubes(corners * 2.0 - 1.0, 0.0)[1]))
    return np.array(counts)
