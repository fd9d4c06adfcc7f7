"""Whether a picture's own transparency is the outline of an object, or only the frame of a photo."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import Mask

VISIBLE = 13
"""Alpha (0 to 255) above which a pixel is not just haze: 5 %."""
SOLID_PERCENTILE = 95.0
"""Of the visible alpha: the opacity of the object itself. A glass or a ghost is faint throughout."""
RECTANGLE = 0.98
"""Fraction of the smallest enclosing rectangle that a photo fills: its corners may be rounded, its edges ragged."""
PLAIN = 0.001
"""Missing fraction of that rectangle up to which it has no corners to speak of."""
SAME_CORNERS = 0.05
"""Fraction of the missing pixels that may differ between mirrored corners: those of a screenshot are alike."""
CONVEX = 0.995
"""Fraction of the convex hull that a cropped photo fills."""
ALONG_SIDES = 0.3
"""Fraction of the frame's four sides that it then touches; an object touches them at points, or at one side."""
MIN_TOUCHED = 3
"""Sides of the frame that a cropped photo touches."""
MAX_EDGES, RAGGED = 8, 2.0
"""Straight edges of a rotated photo in its frame: its own and the frame's; and by how many pixels they may be off."""


def has_transparency(pixels: NDArray[np.uint8]) -> bool:
    """Whether any of the (H, W, 3 or 4) pixels is more transparent than opaque."""
    return pixels.shape[2] == 4 and bool((pixels[..., 3] < 128).any())


def opacity(alpha: NDArray[np.uint8]) -> Floats:
    """(H, W) alpha -> (H, W) in [0, 1], where 1 is as opaque as the object itself: a faint one counts as an object."""
    visible = alpha[alpha > VISIBLE]
    level = float(np.percentile(visible, SOLID_PERCENTILE)) if visible.size else 255.0
    return np.asarray(np.minimum(alpha.astype(np.float32) / np.float32(level), np.float32(1.0)))


def follows_object(inside: Mask) -> bool:
    """Whether the edge of `inside` (H, W) is an object's: not a rectangle, at any angle, and not a cropped photo."""
    if not inside.any():
        return True
    points = cv2.findNonZero(inside.astype(np.uint8))
    area = float(inside.sum())
    _, (width, height), _ = rectangle = cv2.minAreaRect(points)
    if area >= RECTANGLE * (width + 1.0) * (height + 1.0):
        return not _is_photo_frame(inside, rectangle)
    hull = cv2.convexHull(points)
    filled = cv2.fillConvexPoly(np.zeros(inside.shape, np.uint8), hull, 1)
    sides = (inside[0].mean(), inside[-1].mean(), inside[:, 0].mean(), inside[:, -1].mean())
    touched = sum(side > 0.0 for side in sides) >= MIN_TOUCHED and float(np.mean(sides)) > ALONG_SIDES
    straight = len(cv2.approxPolyDP(hull, RAGGED, True)) <= MAX_EDGES
    return not (touched and straight and area >= CONVEX * float(filled.sum()))


def _is_photo_frame(inside: Mask, rectangle: tuple[Sequence[float], Sequence[float], float]) -> bool:
    """Whether all that a rectangle lacks is four corners that look alike."""
    centre, size, angle = rectangle
    turn = cv2.getRotationMatrix2D((centre[0], centre[1]), angle, 1.0)
    width, height = round(size[0]) - 1, round(size[1]) - 1  # without the ragged outermost pixels
    turn[:, 2] += np.array([width - 1.0, height - 1.0]) / 2.0 - np.array(centre)
    upright = cv2.warpAffine(inside.astype(np.uint8), turn, (width, height), flags=cv2.INTER_NEAREST) > 0
    missing = ~upright
    if float(missing.mean()) <= PLAIN:
        return True
    different = max((missing ^ missing[::-1]).sum(), (missing ^ missing[:, ::-1]).sum())
    return float(different) <= SAME_CORNERS * float(missing.sum())
