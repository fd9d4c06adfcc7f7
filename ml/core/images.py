"""Pictures: bilinear sampling, compositing on a colour, and conversion from sRGB to linear light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Color = tuple[float, float, float]
"""Red, green and blue, 0 to 255."""
GREY: Color = (127.5, 127.5, 127.5)
"""Middle grey: half of 255."""
WHITE: Color = (255.0, 255.0, 255.0)


def blend(picture: NDArray[np.uint8], color: Color) -> Floats:
    """(H, W, 4) uint8, straight alpha -> (H, W, 3) float32 in [0, 255], not rounded: the picture on a plain `color`."""
    alpha = picture[..., 3:].astype(np.float32) / np.float32(255.0)
    return np.asarray(picture[..., :3] * alpha + np.array(color, np.float32) * (1.0 - alpha), np.float32)


def composite(picture: NDArray[np.uint8], color: Color) -> NDArray[np.uint8]:
    """(H, W, 4) uint8, straight alpha -> (H, W, 3) uint8 on a plain `color`; (H, W, 3) is returned unchanged."""
    if picture.shape[2] == 3:
        return picture
    return np.asarray(blend(picture, color).round(), dtype=np.uint8)


def bilinear(picture: NDArray[Any], column: Floats, row: Floats) -> Floats:
    """Values (N,) or (N, C) float32 of a (H, W) or (H, W, C) picture at (N,) columns and rows.

    Pixel centres are at whole numbers; positions outside the picture take the value of its border.
    """
    height, width = picture.shape[:2]
    x, y = column.clip(0, width - 1), row.clip(0, height - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, down = (x - left).astype(np.float32), (y - top).astype(np.float32)
    base, right, below = top * width + left, left < width - 1, (top < height - 1) * width
    flat = picture.reshape(height * width, -1)
    across, down = across[:, None], down[:, None]
    # `take` and sums in place: half the time of indexing and new arrays.
    upper, lower = (flat.take(start, axis=0) * (1.0 - across) for start in (base, base + below))
    upper += flat.take(base + right, axis=0) * across
    lower += flat.take(base + below + right, axis=0) * across
    upper *= 1.0 - down
    lower *= down
    upper += lower
    return np.asarray(upper.reshape(len(x), *picture.shape[2:]), dtype=np.float32)


def to_linear(srgb: NDArray[Any]) -> Floats:
    """sRGB in [0, 1] -> linear light in [0, 1] (IEC 61966-2-1)."""
    value = np.asarray(srgb, dtype=np.float32)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def from_linear(light: NDArray[Any]) -> Floats:
    """Linear light in [0, 1] -> sRGB in [0, 1]; the inverse of `to_linear`."""
    value = np.asarray(light, dtype=np.float32)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1.0 / 2.4) - 0.055).astype(np.float32)


def to_bytes(value: NDArray[Any]) -> NDArray[np.uint8]:
    """Values in [0, 1] -> 0 to 255, rounded and clipped."""
    return np.asarray((value * 255.0).round().clip(0, 255), dtype=np.uint8)
