"""Strands are cut off: slender parts that hang down without reaching the ground, and that no photo shows on their own.

They appear where the bottom of a seat, seen at a grazing angle, leads to legs farther away. The photos' silhouettes
stay covered: a trunk, a hand or a tassel that a photo shows is kept.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ml.mesh.simple_points import Cells
from ml.mesh.tunnels import ACROSS_EDGES, MARGIN, Box, Cover, Lattice

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
    result, cover = solid.copy(), Cover.of(solid, lattice)
    step = max(round(STEP * height), 1)
    for top in range(ground + round(REGION * height), ground + round((MIN_LIFT + MIN_LENGTH) * height), -step):
        _cut_below(result, cover, ground, top, height)
    return result


def _cut_below(solid: Cells, cover: Cover, ground: int, top: int, height: int) -> None:
    """Remove, in place, strands that begin at the layer `top`."""
    label, _ = ndimage.label(solid[:, :, ground:top], ACROSS_EDGES)
    for number, found in enumerate(ndimage.find_objects(label), 1):
        low, length = found[2].start, top - ground - found[2].start
        if low < MIN_LIFT * height or length < MIN_LENGTH * height:
            continue
        cells = label[found] == number
        if length < SLENDER * float(np.sqrt(cells.sum(axis=(0, 1)).max())):
            continue
        region, inner = _with_margin(found, ground)
        strand = np.zeros(solid[region].shape, bool)
        strand[inner] = cells
        if cover.remove(solid, region, strand, MAX_LOSS):
            solid[region] &= ~strand


def _with_margin(found: Box, ground: int) -> tuple[Box, Box]:
    """A region of layers above the ground as one of the whole shape with a margin, and where it lies within that."""
    starts = [found[0].start, found[1].start, found[2].start + ground]
    sizes = [side.stop - side.start for side in found]
    lows = [max(start - MARGIN, 0) for start in starts]
    x, y, z = (slice(low, start + size + MARGIN) for low, start, size in zip(lows, starts, sizes, strict=True))
    a, b, c = (slice(start - low, start - low + size) for low, start, size in zip(lows, starts, sizes, strict=True))
    return (x, y, z), (a, b, c)
