"""Strands are cut off: slender parts that hang down without reaching the ground, and that no photo shows on their own.

They appear where the bottom of a seat, seen at a grazing angle, leads to legs farther away. The photos' silhouettes
stay covered: a trunk, a hand or a tassel that a photo shows is kept.
"""

from __future__ import annotations

import numpy as np

from ml.mesh import sections
from ml.mesh.sections import Sections
from ml.mesh.simple_points import Cells, Ids
from ml.mesh.tunnels import MARGIN, Box, Cover, Lattice

MIN_LENGTH = 0.02
"""Length of a strand as a fraction of the height: shorter ones are unevenness."""
MIN_LIFT = 0.02
"""Fraction of the height above the ground below which a part is a foot and no strand."""
REGION = 0.4
"""Fraction of the height up to which strands are looked for: legs are no longer than that by more than a little."""
SLENDER = 1.0
"""Least length of a strand relative to the side of a square as large as its cross-section."""
MAX_LOSS = 0.25
"""Fraction of a strand's pixels that may have nothing else in them: at the silhouette's edge they are rounded."""
STEP = 0.01
"""Distance between the heights at which parts are told apart, as a fraction of the height."""


def cut(solid: Cells, lattice: Lattice) -> Cells:
    """The shape (X, Y, Z), z up, without strands."""
    layers = np.flatnonzero(solid.any(axis=(0, 1)))
    if not len(layers) or not lattice.cameras:
        return solid
    ground, height = int(layers[0]), len(layers)
    step = max(round(STEP * height), 1)
    tops = range(round(REGION * height), round((MIN_LIFT + MIN_LENGTH) * height), -step)
    result, cover = solid.copy(), None
    divided = sections.divide(solid[:, :, ground : ground + max(tops, default=0)])
    removed = np.zeros(len(divided.layer), bool)
    for top in tops:
        for part in divided.below(top, removed):
            if not _is_strand(divided, part, top, height):
                continue
            cover = cover or Cover.of(solid, lattice)  # takes longer than all the rest
            removed[part] = _remove(result, cover, divided, part, ground)
    return result


def _is_strand(divided: Sections, part: Ids, top: int, height: int) -> bool:
    """Whether the part below `top` ends above the ground, and is long and slender."""
    layer = divided.layer[part]
    low = int(layer.min())
    if low < MIN_LIFT * height or top - low < MIN_LENGTH * height:
        return False
    section = np.bincount(layer - low, weights=divided.size[part]).max()
    return bool(top - low >= SLENDER * np.sqrt(section))


def _remove(solid: Cells, cover: Cover, divided: Sections, part: Ids, ground: int) -> bool:
    """Remove the part in place, if the photos allow it; says whether they do."""
    layer = divided.layer[part]
    layers = slice(int(layer.min()), int(layer.max()) + 1)
    chosen = np.zeros(len(divided.layer), bool)
    chosen[part] = True
    cells = chosen[divided.label[:, :, layers]]
    box = _bounds(cells)
    found = (box[0], box[1], slice(layers.start + box[2].start, layers.start + box[2].stop))
    region, inner = _with_margin(found, ground)
    strand = np.zeros(solid[region].shape, bool)
    strand[inner] = cells[box]
    if not cover.remove(solid, region, strand, MAX_LOSS):
        return False
    solid[region] &= ~strand
    return True


def _bounds(cells: Cells) -> Box:
    """The smallest region with all the cells."""
    used = [np.flatnonzero(cells.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    x, y, z = (slice(int(ids[0]), int(ids[-1]) + 1) for ids in used)
    return x, y, z


def _with_margin(found: Box, ground: int) -> tuple[Box, Box]:
    """A region of layers above the ground as one of the whole shape with a margin, and where it lies within that."""
    starts = [found[0].start, found[1].start, found[2].start + ground]
    sizes = [side.stop - side.start for side in found]
    lows = [max(start - MARGIN, 0) for start in starts]
    x, y, z = (slice(low, start + size + MARGIN) for low, start, size in zip(lows, starts, sizes, strict=True))
    a, b, c = (slice(start - low, start - low + size) for low, start, size in zip(lows, starts, sizes, strict=True))
    return (x, y, z), (a, b, c)
