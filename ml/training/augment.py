"""Random augmentation of every batch: mirroring, stretching, colours, noise, and masks as a background remover cuts."""

from __future__ import annotations

import cv2
import numpy as np

from ml.training.conventions import Sample

FILL_VALUES = {"picture": None, "cover": 0, "occupancy": 0, "depths": np.nan, "back": 0}
"""Value of each array of a sample where there is no object; None repeats the array's edge."""
MASK_CUTOFF = 127
"""Coverage (0 … 255) above which a pixel belongs to the object."""
STRETCH = (0.6, 1.6)
"""Range of the factor by which an object's width is changed."""


def mirror(batch: Sample, rng: np.random.Generator) -> Sample:
    """Mirror each sample left to right with an even chance; arrays are (B, H, W, …) except `angles`."""
    flip = rng.random(len(batch["picture"])) < 0.5
    result = {}
    for key, values in batch.items():
        result[key] = values
        if values.ndim >= 3:
            result[key] = values.copy()
            result[key][flip] = values[flip][:, :, ::-1]
    return result


def stretch(batch: Sample, rng: np.random.Generator) -> Sample:
    """Make half of the tall objects wider or narrower, as far as the frame allows; arrays as in `mirror`.

    Scaling a picture along its rows is exactly what scaling the object along the camera's right does, perspective
    included: the object stays upright and no depth changes.
    """
    result = {key: values.copy() if values.ndim >= 3 else values for key, values in batch.items()}
    for row in np.flatnonzero(rng.random(len(batch["picture"])) < 0.5):
        width, height = _size(batch["cover"][row] > MASK_CUTOFF)
        if width < height:
            low, high = STRETCH
            factor = float(np.exp(rng.uniform(np.log(low), np.log(min(high, height / width)))))
            for key, fill in FILL_VALUES.items():
                result[key][row] = _stretched(batch[key][row], factor, fill)
    return result


def _size(mask: np.ndarray) -> tuple[int, int]:
    """Width and height of the mask's bounding box, at least 1."""
    rows, columns = np.nonzero(mask)
    width, height = (int(np.ptp(pixels)) + 1 if len(pixels) else 1 for pixels in (columns, rows))
    return width, height


def _stretched(values: np.ndarray, factor: float, fill: float | None) -> np.ndarray:
    """(H, W, …) scaled horizontally by `factor` around its middle; `fill` in columns that lie outside the source."""
    count = values.shape[1]
    source = np.floor((np.arange(count) + 0.5 - count / 2) / factor + count / 2).astype(int)
    inside = (source >= 0) & (source < count)
    result = values[:, np.clip(source, 0, count - 1)]
    if fill is not None:
        result[:, ~inside] = fill
    return np.asarray(result)


def swap_colors(batch: Sample, rng: np.random.Generator) -> Sample:
    """Permute the colour channels of a third of the samples, of picture and back alike: one render, six colourings."""
    result = {**batch, "picture": batch["picture"].copy(), "back": batch["back"].copy()}
    for row in np.flatnonzero(rng.random(len(batch["picture"])) < 0.33):
        order = rng.permutation(3)
        for key in ("picture", "back"):
            result[key][row] = batch[key][row][..., order]
    return result


def degrade(picture: np.ndarray, cover: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Add the faults of real photos: (P, P, 3) picture and (P, P) cover, uint8 -> float32 in [0, 1]."""
    image, mask = picture.astype(np.float32) / 255.0, cover.astype(np.float32) / 255.0
    if rng.random() < 0.3:
        image = _jpeg_round_trip(picture, quality=int(rng.integers(25, 90)))
    if rng.random() < 0.35:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.float32)
    image = _adjust_colors(image, rng)
    if rng.random() < 0.4:
        image = image + rng.normal(0.0, rng.uniform(0.005, 0.05), image.shape).astype(np.float32)
    return np.clip(image, 0.0, 1.0), degrade_mask(mask, rng)


def _jpeg_round_trip(picture: np.ndarray, quality: int) -> np.ndarray:
    """Compress as JPEG and decode again, as float32 in [0, 1]."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float32) / np.float32(255.0)


def _adjust_colors(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random exposure, white balance and gamma; sometimes greyscale."""
    gain = rng.uniform(0.75, 1.3) * rng.uniform(0.88, 1.12, 3)
    image = np.clip(image * gain, 0.0, 1.0) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.08:
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    return image.astype(np.float32)


def degrade_mask(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur, grow or shrink the edge of a (P, P) mask; rarely cut out or add a disc."""
    if rng.random() < 0.5:
        blurred = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 1.5))
        mask = np.clip((blurred - 0.5) * rng.uniform(1.0, 4.0) + rng.uniform(0.35, 0.65), 0.0, 1.0)
    if rng.random() < 0.06:
        centre, radius = rng.integers(20, 108, 2), int(rng.integers(3, 10))
        cv2.circle(mask, (int(centre[0]), int(centre[1])), radius, float(rng.integers(0, 2)), -1)
    return mask.astype(np.float32)
