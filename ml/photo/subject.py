"""Which of several objects is meant, and where to look closer for a small one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask

Point = tuple[float, float]
"""Fractions of a picture's width and height, from its top left corner."""
Window = tuple[slice, slice]
"""Rows and columns of a part of the picture."""

SECOND_OBJECT = 0.1
"""A part of at least this fraction of the largest one's area is another object; smaller ones belong to the nearest."""
GAP = 0.03
"""Parts closer than this fraction of the longer side of all of them are one object: a thin joint may be lost."""
WINDOW_SIDES = (0.25, 0.1)
"""Sides of the windows around a place where an object may be, as fractions of the picture's longer side."""
BACKGROUND_SIDE = 32
"""Side in pixels of the picture that shows the background alone: a small object hardly changes it."""
_SALIENCY_SIDE = 320
"""Longer side in pixels at which a small object is looked for: as much as the network sees."""


MAX_OBJECTS = 3
"""More parts than this are one thing, such as the letters of a word."""


def choose(mask: Floats, point: Point | None = None) -> tuple[Floats, int]:
    """The (H, W) opacity of one object, and how many there are: the nearest to `point`, by default the largest.

    Without a point all are kept if there are many, or if the largest one is cut off by the picture's edge: then they
    may be parts of one object.
    """
    inside = mask > OPAQUE
    labels, areas = _parts(inside)
    objects = np.flatnonzero(areas >= SECOND_OBJECT * areas.max()) + 1
    if len(objects) <= 1:
        return mask, len(objects)
    nearest, largest = _nearest_object(labels, objects), int(objects[np.argmax(areas[objects - 1])])
    if point is None and (len(objects) > MAX_OBJECTS or _touches_edge(labels == largest)):
        return mask, len(objects)
    chosen = largest if point is None else int(nearest[_pixel(point, mask.shape)])
    return np.where(nearest == chosen, mask, np.float32(0.0)), len(objects)


def _touches_edge(inside: Mask) -> bool:
    return bool(inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any())


def _parts(inside: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Labels from 1 of the parts that are apart by more than GAP, 0 outside, and their areas in pixels."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    radius = int(GAP * max(np.ptp(rows), np.ptp(columns)) / 2.0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    joined = cv2.dilate(inside.astype(np.uint8), kernel)
    count, labels = cv2.connectedComponents(joined)
    inner = np.where(inside, labels, 0).astype(np.int32)
    return inner, np.bincount(inner.ravel(), minlength=count)[1:].astype(np.int64)


def _nearest_object(labels: NDArray[np.int32], objects: NDArray[np.int64]) -> NDArray[np.int32]:
    """For each pixel the label of the nearest object."""
    known = np.isin(labels, objects)
    row, column = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(labels[row, column])


def _pixel(point: Point, shape: tuple[int, ...]) -> tuple[int, int]:
    return min(int(point[1] * shape[0]), shape[0] - 1), min(int(point[0] * shape[1]), shape[1] - 1)


def windows(picture: NDArray[np.uint8], mask: Floats, point: Point | None = None) -> list[Window]:
    """Where to look closer: around `point`, or around the network's faint response and what differs most."""
    centres = [_pixel(point, mask.shape)] if point is not None else [_peak(mask), _peak(_difference(picture))]
    return [_window(centre, mask.shape, side) for side in WINDOW_SIDES for centre in centres]


def window_around(point: Point, shape: tuple[int, ...], side: float) -> Window:
    """The square around a point, `side` of the longer side, moved into the picture."""
    return _window(_pixel(point, shape), shape, side)


def _peak(values: Floats) -> tuple[int, int]:
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return int(row), int(column)


def _window(centre: tuple[int, int], shape: tuple[int, ...], side: float) -> Window:
    half = min(round(side * max(shape[:2]) / 2.0), max(shape[:2]) // 2)
    low = [min(max(0, at - half), max(0, length - 2 * half)) for at, length in zip(centre, shape, strict=False)]
    return slice(low[0], low[0] + 2 * half), slice(low[1], low[1] + 2 * half)


def _difference(picture: NDArray[np.uint8]) -> Floats:
    """(H, W): how much the (H, W, 3) colour differs from the surroundings, noise averaged out."""
    height, width = picture.shape[:2]
    scale = min(1.0, _SALIENCY_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.GaussianBlur(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), 2.0)
    coarse = cv2.resize(small, (BACKGROUND_SIDE, BACKGROUND_SIDE), interpolation=cv2.INTER_AREA)
    background = cv2.resize(cv2.medianBlur(coarse, 5), size, interpolation=cv2.INTER_LINEAR)
    difference = np.abs(small - background).max(axis=2)
    return np.asarray(cv2.resize(difference, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
