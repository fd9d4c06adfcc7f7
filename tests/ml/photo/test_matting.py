"""The refined mask: its edge is where the picture's is."""

from __future__ import annotations

import cv2
import numpy as np

from ml.core.masks import iou
from ml.photo.matting import refine


def test_a_coarse_edge_moves_to_the_edge_of_the_picture() -> None:
    rows, columns = np.mgrid[0:256, 0:256]
    true = ((rows - 128) ** 2 + (columns - 128) ** 2 < 80**2) | ((abs(columns - 128) < 4) & (rows > 128))
    noise = np.random.default_rng(0).normal(0.0, 2.0, (256, 256, 3))
    picture = (
        (np.where(true[..., None], (180.0, 60.0, 40.0), (200.0, 210.0, 190.0)) + noise).clip(0, 255).astype(np.uint8)
    )
    coarse = cv2.GaussianBlur(cv2.resize(cv2.resize(true.astype(np.float32), (48, 48)), (256, 256)), (0, 0), 3.0)
    before, after = iou(coarse > 0.5, true), iou(refine(picture, coarse, 1024) > 0.5, true)
    assert after > 0.985
    assert after > before + 0.01


def test_a_mask_of_one_value_stays() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert np.all(refine(picture, np.ones((64, 64), np.float32), 64) == 1.0)
    assert np.all(refine(picture, np.zeros((64, 64), np.float32), 64) == 0.0)


def test_the_edge_does_not_get_softer() -> None:
    rows, columns = np.mgrid[0:256, 0:256]
    true = (rows - 128) ** 2 + (columns - 128) ** 2 < 80**2
    noise = np.random.default_rng(0).normal(0.0, 20.0, (256, 256, 3))
    colors = np.where(true[..., None], (180.0, 60.0, 40.0), (120.0, 130.0, 110.0)) + noise
    mask = cv2.GaussianBlur(true.astype(np.float32), (0, 0), 3.0)
    soft, refined_soft = (
        np.count_nonzero((opacity > 0.05) & (opacity < 0.95))
        for opacity in (mask, refine(colors.clip(0, 255).astype(np.uint8), mask, 1024))
    )
    assert refined_soft < soft
