"""What kind of thing a photo shows, where that limits the model: an animal, a person, a logo or drawing.

Only for notes: nothing is refused. A note comes only on clear evidence, so a missing one means nothing.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.masks import Mask
from ml.notes import Note, note
from ml.photo.background_removal import session_options

CLASSIFIER = Path(__file__).parent / "weights" / "classifier.onnx"
"""EfficientNet-Lite0 (Tan and Le 2019), trained on ImageNet; made by `ml.training.photo_classifier`."""
CLASSIFIER_SIDE = 224
"""Side of its input in pixels."""
ANIMALS = slice(0, 398)
"""The ImageNet classes that are animals."""
MIN_ANIMAL = 0.5
"""Sum of their probabilities: photos of animals give 0.78 to 0.98, of other things at most 0.2."""
CONTEXT = 1.15
"""Side of the classified part of the picture, as a multiple of the object's longer side."""

FACE_SIDE = 256
"""Longer side in pixels of the object in which a face is looked for..."""
MIN_FACE = 24
"""...that is at least this wide: the size that the cascade was trained at."""
MIN_NEIGHBOURS = 4
"""Overlapping detections that make a face; scikit-image's default."""
FACE_CASCADE = "lbpcascade_frontalface_opencv.xml"
"""Part of scikit-image. Local binary patterns: Ahonen et al. 2006."""
SKIN_CR, SKIN_CB = (135, 180), (85, 135)
"""Chroma of skin, light or dark, in YCbCr (Chai and Ngan 1999, slightly wider)."""
MIN_SKIN = 0.4
"""Fraction of a face's pixels with such a chroma: a portrait gives 0.9."""

FLAT_SIDE = 512
"""Longer side in pixels at which flat colours are counted."""
PLAIN_RANGE = 3
"""Levels (of 255) by which the colours around a plain pixel differ: less than shading does."""
MIN_PLAIN = 0.9
"""Fraction of plain pixels in a drawing: logos give 0.99, photos and renders at most 0.4."""
FEW_COLORS, COLOR_STEP = 4, 16
"""Colours, in steps of 16 levels, that..."""
MIN_FEW = 0.95
"""...make up this fraction of a drawing."""


def describe(picture: NDArray[np.uint8], inside: Mask) -> tuple[Note, ...]:
    """Notes on the object `inside` (H, W) an RGB picture (H, W, 3)."""
    rows, columns = _bounds(inside)
    if _is_drawing(picture[rows, columns], inside[rows, columns]):
        return (note("drawing"),)
    if animal_probability(picture, inside) > MIN_ANIMAL:
        return (note("animal"),)
    return (note("person"),) if _shows_face(picture[rows, columns]) else ()


def animal_probability(picture: NDArray[np.uint8], inside: Mask) -> float:
    """How likely the object is an animal, in [0, 1]."""
    rows, columns = _bounds(inside)
    half = CONTEXT * max(rows.stop - rows.start, columns.stop - columns.start) / 2.0
    x, y = (columns.start + columns.stop) / 2.0, (rows.start + rows.stop) / 2.0
    height, width = inside.shape
    box = max(0.0, x - half), max(0.0, y - half), min(float(width), x + half), min(float(height), y + half)
    size = (CLASSIFIER_SIDE, CLASSIFIER_SIDE)
    part = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC, box=box)
    values = (np.asarray(part, np.float32) - 127.0) / 128.0
    (probabilities,) = _classifier().run(None, {"picture": values.transpose(2, 0, 1)[None]})
    return float(probabilities[0, ANIMALS].sum())


@lru_cache(maxsize=1)
def _classifier() -> Any:
    from onnxruntime import InferenceSession

    return InferenceSession(CLASSIFIER, session_options(), providers=["CPUExecutionProvider"])


def _shows_face(part: NDArray[np.uint8]) -> bool:
    """Whether there is a face, seen from the front, in the colours of skin."""
    small = _reduced(part, FACE_SIDE)
    found = _faces().detect_multi_scale(
        img=cv2.cvtColor(small, cv2.COLOR_RGB2GRAY),
        scale_factor=1.2,
        step_ratio=1.3,
        min_size=(MIN_FACE, MIN_FACE),
        max_size=(FACE_SIDE, FACE_SIDE),
        min_neighbor_number=MIN_NEIGHBOURS,
    )
    return any(
        _skin(small[face["r"] : face["r"] + face["height"], face["c"] : face["c"] + face["width"]]) >= MIN_SKIN
        for face in found
    )


@lru_cache(maxsize=1)
def _faces() -> Any:
    import skimage
    from skimage.feature import Cascade

    return Cascade(str(Path(skimage.__file__).parent / "data" / FACE_CASCADE))


def _skin(part: NDArray[np.uint8]) -> float:
    """Fraction of the pixels with the chroma of skin."""
    _, cr, cb = np.moveaxis(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2YCrCb), 2, 0)
    return float(((cr > SKIN_CR[0]) & (cr < SKIN_CR[1]) & (cb > SKIN_CB[0]) & (cb < SKIN_CB[1])).mean())


def _is_drawing(part: NDArray[np.uint8], inside: Mask) -> bool:
    """Whether the object consists of a few flat colours, without shading."""
    small = _reduced(part, FLAT_SIDE, Image.Resampling.NEAREST)
    shown = cv2.resize(inside.astype(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    interior = cv2.erode(shown, np.ones((5, 5), np.uint8)) > 0
    if not interior.any():
        return False
    spread = (cv2.dilate(small, np.ones((3, 3))) - cv2.erode(small, np.ones((3, 3)))).max(axis=2)
    colors = (small[interior] // COLOR_STEP).astype(np.int64) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(colors))[::-1]
    few = float(counts[:FEW_COLORS].sum() / counts.sum())
    return float((spread <= PLAIN_RANGE)[interior].mean()) >= MIN_PLAIN and few >= MIN_FEW


def _reduced(
    part: NDArray[np.uint8], side: int, filter: Image.Resampling = Image.Resampling.BICUBIC
) -> NDArray[np.uint8]:
    picture = Image.fromarray(part)
    picture.thumbnail((side, side), filter)
    return np.array(picture)


def _bounds(inside: Mask) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
