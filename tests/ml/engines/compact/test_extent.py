"""The distribution of the extent along the view, and what depends on it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ml.engines.compact import extent
from ml.engines.compact.decode import chosen_extent
from ml.engines.compact.network import PICTURE, CompactConfig, CompactNetwork, encode

BINS = 32


def square() -> Tensor:
    """The network's input for a noisy square."""
    mask = torch.zeros(1, PICTURE, PICTURE)
    mask[:, 16:112, 16:112] = 1.0
    return encode(torch.rand(1, 3, PICTURE, PICTURE), mask, exact=True)


def test_the_median_of_a_targets_distribution_is_its_extent() -> None:
    truth = torch.tensor([0.08, 0.3, 0.5, 1.0])
    logits = extent.target_distribution(truth, BINS).clamp_min(1e-9).log()
    assert extent.quantile_extent(logits, 0.5).tolist() == pytest.approx(truth.tolist(), rel=0.03)


def test_a_higher_quantile_is_a_larger_extent() -> None:
    logits = torch.randn(6, BINS)
    low, high = extent.quantile_extent(logits, 0.3), extent.quantile_extent(logits, 0.7)
    assert (low < high).all()
    assert (low >= extent.MIN_EXTENT * 0.99).all() and (high <= extent.MAX_EXTENT * 1.01).all()


def test_views_of_one_object_get_the_same_extent() -> None:
    truth = torch.tensor([0.4, 0.5])
    chosen = chosen_extent(extent.target_distribution(truth, BINS).clamp_min(1e-9).log())
    assert chosen is not None
    assert chosen[0] == chosen[1]
    assert 0.4 < float(chosen[0]) < 0.5
    assert chosen_extent(None) is None


def test_depths_grow_with_the_extent_where_the_gains_say_so() -> None:
    network = CompactNetwork(CompactConfig(widths=(16, 32, 64), layers=1, features=16, extent_bins=BINS)).eval()
    assert network.condition is not None
    last = network.condition.mlp[2]
    assert isinstance(last, nn.Linear)
    picture = square()
    with torch.no_grad():
        last.weight[-3:] = 0.2
        deep, flat = network(picture, torch.tensor([0.9])), network(picture, torch.tensor([0.2]))
    assert not torch.allclose(deep.front, flat.front)
    ratio = deep.front / flat.front
    assert torch.allclose(ratio, ratio.mean().expand_as(ratio), rtol=1e-3)
    assert torch.equal(deep.elevation, flat.elevation)


def test_without_a_given_extent_the_predicted_one_is_used() -> None:
    network = CompactNetwork(CompactConfig(widths=(16, 32, 64), layers=1, features=16, extent_bins=BINS)).eval()
    picture = square()
    with torch.no_grad():
        output = network(picture)
        again = network(picture, extent.median_extent(output.extent))
    assert torch.equal(output.front, again.front)
