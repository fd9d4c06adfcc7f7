"""Whether the lowest part of a mask fades into the ground, as a reflection or a shadow does and an object does not."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import Mask
from ml.photo.surroundings import reduce

SIDE = 512
"""Longer side in pixels of the picture; SMOOTHING and NEAR are in pixels of it."""
SMOOTHING = 1.5
"""Standard deviation that averages out noise."""
NEAR = 4
"""The steepest slope so close to the outline counts: masks are not more precise."""
BODY, FOOT = 0.6, 0.9
"""The outline above the first fraction of the mask's height is the object's; below the second it is in question."""
MAX_CONTRAST = 0.25
"""Median slope of the outline in question, as a fraction of that of the object's."""


def fades_out(picture: NDArray[np.uint8], mask: Floats) -> bool:
    """Compare the outline of an (H, W) opacity in an RGB picture (H, W, 3), low and high on the object."""
    small, inside = reduce(picture, mask, SIDE)
    rows = np.flatnonzero(inside.any(axis=1))
    if not rows.size:
        return False
    height = (np.arange(len(inside))[:, None] - rows[0]) / (rows[-1] + 1 - rows[0])
    outline, slope = _outline(inside), _slope(small)
    foot, body = slope[outline & (height > FOOT)], slope[outline & (height < BODY)]
    return bool(foot.size and body.size and np.median(foot) < MAX_CONTRAST * np.median(body))


def _outline(inside: Mask) -> Mask:
    inner = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(inside & (inner == 0))


def _slope(picture: NDArray[np.uint8]) -> Floats:
    """(H, W) the steepest change of colour from pixel to pixel within NEAR."""
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), SMOOTHING)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    slope = np.sqrt((across**2 + down**2).sum(axis=2))
    return np.asarray(cv2.dilate(slope, np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)), np.float32)
