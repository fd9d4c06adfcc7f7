"""What the device does to samples agrees with the plain versions, and changes picture and target alike."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from ml.engines.compact.network import BINS
from ml.training.gpu import augmenting
from ml.training.gpu.augmenting import Sample


@pytest.fixture
def sample() -> Sample:
    """Two samples of a disk left of the middle, its depth growing from left to right."""
    cover = np.zeros((128, 128), np.uint8)
    cv2.circle(cover, (50, 64), 30, 255, -1)
    small = cover[::2, ::2] > 0
    depth = np.where(small, np.linspace(-1.0, 1.0, 64)[None], np.nan).astype(np.float16)
    fields: dict[str, np.ndarray] = {
        "picture": np.repeat(cover[..., None], 3, axis=2),
        "cover": cover,
        "occupancy": np.where(small, 0b1011, 0).astype(np.int64),
        "depths": np.repeat(depth[..., None], 3, axis=2),
        "back": np.repeat(small[..., None] * np.uint8(200), 3, axis=2),
        "angles": np.array([10.0, 40.0, 0.0], np.float32),
    }
    return {key: torch.from_numpy(np.stack([values, values])) for key, values in fields.items()}


def test_the_distance_to_the_edge_is_exact() -> None:
    mask = np.zeros((128, 128), np.uint8)
    cv2.ellipse(mask, (60, 70), (40, 25), 30, 0, 360, 1, -1)
    truth = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert np.allclose(augmenting.distance_inside(torch.from_numpy(mask > 0)[None])[0], truth, atol=1e-3)


def test_a_blur_is_opencvs() -> None:
    picture = torch.rand(2, 3, 32, 32)
    found = augmenting.blurred(picture, torch.tensor([0.7, 1.4]))
    for row, sigma in enumerate((0.7, 1.4)):
        truth = cv2.GaussianBlur(picture[row].permute(1, 2, 0).numpy(), (9, 9), sigma, borderType=cv2.BORDER_REPLICATE)
        assert np.allclose(found[row].permute(1, 2, 0), truth, atol=1e-5)


def test_packed_bins_come_back() -> None:
    bins = torch.zeros(1, 1, 1, BINS, dtype=torch.uint8)
    bins[..., [0, 5, 63]] = 1
    packed = torch.tensor([[[1 | 1 << 5 | -(1 << 63)]]])
    assert torch.equal(augmenting.unpacked(packed), bins)


def test_without_augmentation_nothing_moves(sample: Sample) -> None:
    batch = augmenting.as_batch(sample, None)
    assert torch.equal(batch["silhouette"][0], sample["cover"][0, ::2, ::2] > 0)
    assert torch.equal(batch["occupancy"][0].sum(dim=-1) == 3, batch["silhouette"][0])


def test_picture_and_target_move_together(sample: Sample) -> None:
    random = torch.Generator().manual_seed(0)
    moved = 0
    for _ in range(3):
        batch = augmenting.as_batch(sample, random)
        for row in range(2):
            picture = (batch["inputs"][row, 3] > 0.5)[::2, ::2]
            target = batch["silhouette"][row]
            assert (picture & target).sum() / (picture | target).sum() > 0.8
            assert torch.equal(batch["occupancy"][row].any(dim=-1), target)
            columns = target.any(dim=0).nonzero()
            moved += int(float(columns.float().mean()) > 32.0)
    assert 0 < moved < 6  # some are mirrored, some are not
