"""Photo faults, new for every batch: mirror, colours, casts, blur, noise, masks as a background remover cuts them."""

from __future__ import annotations

import cv2
import numpy as np

from ml.training.dataset import Sample

EMPTY = {"picture": None, "cover": 0, "occupancy": 0, "depths": np.nan, "back": 0}
"""What stands in each picture of a sample where there is no object; None: its edge goes on."""


def mirror(batch: Sample, rng: np.random.Generator) -> Sample:
    """Mirror each sample left to right with an even chance; arrays are (B, H, W, …) but for `angles`."""
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

    A stretch along the picture's rows is one along the camera's right: it is exact in perspective, too, the object
    stays upright and all depths stay what they are.
    """
    result = {key: values.copy() if values.ndim >= 3 else values for key, values in batch.items()}
    for row in np.flatnonzero(rng.random(len(batch["picture"])) < 0.5):
        rows, columns = np.nonzero(batch["cover"][row] > 127)
        wide, high = (int(np.ptp(each)) + 1 if len(each) else 1 for each in (columns, rows))
        if wide < high:
            factor = float(np.exp(rng.uniform(np.log(0.6), np.log(min(1.6, high / wide)))))
            for key in EMPTY:
                result[key][row] = _stretched(batch[key][row], factor, EMPTY[key])
    return result


def _stretched(values: np.ndarray, factor: float, empty: float | None) -> np.ndarray:
    """(H, W, …) with its columns `factor` times as wide around the middle; `empty` where nothing was."""
    count = values.shape[1]
    source = np.floor((np.arange(count) + 0.5 - count / 2) / factor + count / 2).astype(int)
    inside = (source >= 0) & (source < count)
    result = values[:, np.clip(source, 0, count - 1)]
    if empty is not None:
        result[:, ~inside] = empty
    return np.asarray(result)


def swap_colors(batch: Sample, rng: np.random.Generator) -> Sample:
    """Exchange red, green and blue of a third of the samples, of picture and back alike: one render, six colourings."""
    result = {**batch, "picture": batch["picture"].copy(), "back": batch["back"].copy()}
    for row in np.flatnonzero(rng.random(len(batch["picture"])) < 0.33):
        order = rng.permutation(3)
        for key in ("picture", "back"):
            result[key][row] = batch[key][row][..., order]
    return result


def photograph(picture: np.ndarray, cover: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One picture (P, P, 3) and its cover (P, P), uint8 -> float32 in [0, 1] with faults."""
    image, mask = picture.astype(np.float32) / 255.0, cover.astype(np.float32) / 255.0
    if rng.random() < 0.3:
        image = _squeezed(picture, int(rng.integers(25, 90)))
    if rng.random() < 0.35:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.float32)
    image = _cast(image, rng)
    if rng.random() < 0.4:
        image = image + rng.normal(0.0, rng.uniform(0.005, 0.05), image.shape).astype(np.float32)
    return np.clip(image, 0.0, 1.0), cut_badly(mask, rng)


def _squeezed(picture: np.ndarray, quality: int) -> np.ndarray:
    """Through JPEG and back, as float32 in [0, 1]."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float32) / np.float32(255.0)


def _cast(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exposure, white balance, contrast, gamma, sometimes grey."""
    gain = rng.uniform(0.75, 1.3) * rng.uniform(0.88, 1.12, 3)
    image = np.clip(image * gain, 0.0, 1.0) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.08:
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    return image.astype(np.float32)


def cut_badly(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Soft, grown or shrunk edges; seldom a bite taken out or a blob left standing."""
    if rng.random() < 0.5:
        soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 1.5))
        mask = np.clip((soft - 0.5) * rng.uniform(1.0, 4.0) + rng.uniform(0.35, 0.65), 0.0, 1.0)
    if rng.random() < 0.06:
        place, size = rng.integers(20, 108, 2), int(rng.integers(3, 10))
        cv2.circle(mask, (int(place[0]), int(place[1])), size, float(rng.integers(0, 2)), -1)
    return mask.astype(np.float32)
