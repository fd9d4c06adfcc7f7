"""The network's input: colours, mask, and how far each pixel is from the edge."""

import pytest
import torch

from ml.engines.compact.network import DISTANCE_SCALE, PICTURE, encode


@pytest.mark.parametrize("exact", [True, False])
def test_the_distance_is_that_to_the_background(exact: bool) -> None:
    mask = torch.zeros(1, PICTURE, PICTURE)
    mask[:, 10:20] = 1.0
    distance = encode(torch.rand(1, 3, PICTURE, PICTURE), mask, exact=exact)[0, 4] * DISTANCE_SCALE
    assert distance[9].max() == 0.0
    assert distance[10:15, 64].tolist() == pytest.approx([1.0, 2.0, 3.0, 4.0, 5.0], rel=0.05)


def test_a_mask_without_background_is_measured_to_the_frame() -> None:
    distance = encode(torch.rand(1, 3, PICTURE, PICTURE), torch.ones(1, PICTURE, PICTURE), exact=True)[0, 4]
    assert (distance * DISTANCE_SCALE).max().item() == pytest.approx(PICTURE / 2)
    assert distance[0, 0].item() * DISTANCE_SCALE == pytest.approx(1.0)
