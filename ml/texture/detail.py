"""Fine detail of what no photo shows: the photo's own texture statistics, and none of its pictures.

By-example noise (Heitz and Neyret, "High-performance by-example noise using a histogram-preserving blending operator",
HPG 2018): the surface is covered by a grid of triangles, each of whose corners takes a random piece of the photo's fine
detail; the three pieces are blended so that their variance stays. A piece must come from a place of the same colour, in
a part of the photo whose detail is faint and even: eyes, letters and edges are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats, bilinear
from ml.texture.projection import Projector

PIECE = 0.06
"""Side of the triangles, and radius of the pieces, in scene units: a twentieth of a typical object."""
BLUR = 0.022
"""Standard deviation in scene units of the blur that fine detail is the difference to: what continued colours lack."""
CONFIDENCE = 0.9
"""Confidence of the photo, away from its silhouette, from which on a pixel may be part of a piece."""
SOURCES = 400
"""Places of the photo that pieces are chosen from."""
MIN_PLACES = 20
"""Places of the same colour that there must be: fewer would be seen to repeat."""
SAME_COLOR = 0.12
"""Distance in sRGB up to which two colours belong to the same material."""
MAX_STRENGTH = 0.11
"""Strongest detail, in sRGB, that counts as a texture: prints, parts and highlights are stronger than materials."""
UNEVEN = 2.0
"""Largest ratio of the detail's power in a quarter of a place to that in the whole: an edge or a letter has it in one
spot, a texture everywhere."""
COMMON = 0.78
"""Fraction of a colour's places whose detail must be even: elsewhere it is a chance find, as on a glazed pot. Of the
twenty photos, this leaves those of a turtle, three chairs and lamps, and takes out cars, bottles and bags."""
CALM = 30.0
"""Percentile of the strength of detail among places of one colour up to which a place is taken: the rest has edges and
highlights in it, which look wrong where they are repeated."""
LAYER = 0.25
"""Scene units in depth after which a corner counts as another one, so that parts before each other differ."""
SEED = 0

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """`detail` (S, S, 3): the photo without its blurred colours; `places` (K, 2): column and row of what may be taken
    of it, with `color` (K, 3); `scale`: pixels in a scene unit."""

    detail: Floats
    places: Ids
    color: Floats
    scale: float


def find(projector: Projector) -> Source | None:
    """What the photo has to choose from; None for nothing."""
    size = projector.color.shape[0]
    scale = size / (2.0 * projector.camera.half_extent)
    usable = (projector.confidence > CONFIDENCE).astype(np.float32)
    sigma, radius = BLUR * scale, max(round(PIECE * scale), 1)
    around = np.maximum(cv2.GaussianBlur(usable, (0, 0), sigma), 1e-6)[..., None]
    blurred = cv2.GaussianBlur(projector.color * usable[..., None], (0, 0), sigma) / around
    detail = np.asarray((projector.color - blurred) * usable[..., None], np.float32)
    whole = cv2.erode(usable, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    rows, columns = np.nonzero(whole)
    if len(rows) == 0:
        return None
    chosen = np.random.default_rng(SEED).permutation(len(rows))[:SOURCES]
    rows, columns = rows[chosen], columns[chosen]
    box = (2 * radius + 1, 2 * radius + 1)
    color = np.asarray(cv2.blur(projector.color, box)[rows, columns], np.float32)
    power, unevenness = (values[rows, columns] for values in _power((detail**2).sum(axis=2), radius))
    even = unevenness < UNEVEN
    texture = even & (np.sqrt(power) < MAX_STRENGTH) & (_fraction_of_color(color, even) > COMMON)
    places = np.stack([columns, rows], axis=1)[texture]
    return Source(detail, places, color[texture], scale) if len(places) else None


def add(source: Source, colors: Floats, points: Floats, normals: Floats) -> Floats:
    """(N, 3) colours in [0, 1] at points (N, 3) with normals (N, 3), with detail like that of the photo."""
    if len(points) == 0:
        return colors
    total, power = np.zeros_like(colors), np.zeros((len(points), 1), np.float32)
    side, flat, depth = _unfold(points, normals)
    for weight, corner in _corners(flat / np.float32(PIECE)):
        found, present = _pieces(source, side, depth, corner, flat, colors)
        total += found * (weight * present)[:, None]
        power += (weight**2)[:, None]
    return np.asarray((colors + total / np.sqrt(power)).clip(0.0, 1.0), np.float32)


def _power(squares: Floats, radius: int) -> tuple[Floats, Floats]:
    """(S, S) the mean of the squares within `radius`, and the largest of any quarter of that, relative to it."""
    mean = cv2.blur(squares, (2 * radius + 1, 2 * radius + 1)).clip(1e-9)
    quarter = cv2.blur(squares, (radius // 2 * 2 + 1, radius // 2 * 2 + 1))
    largest = cv2.dilate(quarter, np.ones((radius + 1, radius + 1), np.uint8))
    return np.asarray(mean, np.float32), np.asarray(largest / mean, np.float32)


def _fraction_of_color(color: Floats, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(K,) how many of the places of each place's colour are `chosen`."""
    same = _distances(color, color) < SAME_COLOR
    return np.asarray((same & chosen).sum(axis=1) / same.sum(axis=1))


def _unfold(points: Floats, normals: Floats) -> tuple[Ids, Floats, Floats]:
    """The side (N,) of six that each point faces, its (N, 2) position on it, right and up, and its (N,) depth."""
    axis = np.abs(normals).argmax(axis=1)
    depth = np.take_along_axis(points, axis[:, None], axis=1)[:, 0]
    side = axis * 2 + (np.take_along_axis(normals, axis[:, None], axis=1)[:, 0] < 0)
    across, up = np.where(axis == 0, 1, 0), np.where(axis == 2, 1, 2)
    flat = np.take_along_axis(points, np.stack([across, up], axis=1), axis=1)
    return side.astype(np.int64), flat, depth


def _corners(flat: Floats) -> list[tuple[Floats, Ids]]:
    """For (N, 2) positions the weight (N,) and the grid index (N, 2) of the three corners of their triangle."""
    skewed = np.stack([flat[:, 0] - flat[:, 1] / np.float32(3.0**0.5), flat[:, 1] * np.float32(2.0 / 3.0**0.5)], axis=1)
    base = np.floor(skewed).astype(np.int64)
    x, y = (skewed - base).astype(np.float32).T
    upper = (x + y > 1.0).astype(np.int64)
    weights = np.where(upper, x + y - 1.0, 1.0 - x - y), np.where(upper, 1.0 - y, x), np.where(upper, 1.0 - x, y)
    steps = (
        np.stack([upper, upper], axis=1),
        np.stack([np.ones_like(upper), np.zeros_like(upper)], axis=1),
        np.stack([np.zeros_like(upper), np.ones_like(upper)], axis=1),
    )
    return [(np.asarray(weight, np.float32), base + step) for weight, step in zip(weights, steps, strict=True)]


def _pieces(
    source: Source, side: Ids, depth: Floats, corner: Ids, flat: Floats, colors: Floats
) -> tuple[Floats, Floats]:
    """(N, 3) detail of the piece of each point's corner, and (N,) 1 where there is one of the same colour."""
    layer = np.floor(depth / LAYER).astype(np.int64)
    keys = np.stack([side, layer, corner[:, 0], corner[:, 1]], axis=1)
    span = keys.max(axis=0) - keys.min(axis=0) + 1
    code = np.ravel_multi_index(tuple((keys - keys.min(axis=0)).T), tuple(span))
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    count = np.bincount(index)
    mean = np.stack([np.bincount(index, column) / count for column in colors.T], axis=1)
    chosen = _choose(source, mean, keys[first])
    middle = np.stack([corner[:, 0] + corner[:, 1] * 0.5, corner[:, 1] * (3.0**0.5 / 2.0)], axis=1) * PIECE
    offset = (flat - middle) * source.scale
    place = source.places[chosen[index]]
    column, row = place[:, 0] + offset[:, 0], place[:, 1] - offset[:, 1]
    present = (chosen >= 0)[index].astype(np.float32)
    return bilinear(source.detail, column.astype(np.float32), row.astype(np.float32)), present


def _choose(source: Source, color: NDArray[np.float64], keys: Ids) -> Ids:
    """(C,) for each corner a random place of its colour, the same for the same `keys` (C, 4); -1 for too few."""
    same = _distances(color.astype(np.float32), source.color) < SAME_COLOR
    lottery = _hash(keys)[:, None] * np.arange(1, len(source.places) + 1) % 65_521
    return np.where(same.sum(axis=1) >= MIN_PLACES, np.where(same, lottery, -1).argmax(axis=1), -1)


def _hash(keys: Ids) -> Ids:
    """(C,) a number below 65,521 for each row."""
    return np.asarray((keys * np.array([7_919, 104_729, 15_485, 32_452])).sum(axis=1) * 48_271 % 65_521)


def _distances(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.sqrt(((one[:, None] - other[None]) ** 2).sum(axis=2)), np.float32)
