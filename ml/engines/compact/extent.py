"""The object's extent along the view: predicted as a distribution, and an input of everything that is decoded after it.

How deep an object is cannot be read off one picture with certainty. A network that predicts depths pixel by pixel
answers with a compromise that is too flat. Here the extent is decided first, and all depths then fit it.

"Extent" is half the distance between the nearest and the farthest point of the object, in scene units.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

MIN_EXTENT, MAX_EXTENT = 0.06, 1.15
"""Range of the bins, which are evenly spaced in the logarithm."""
MEAN_EXTENT = 0.5
"""Typical extent: its embedding is 0."""
SPREAD = 1.0
"""Standard deviation, in bins, of the Gaussian around the true extent that the distribution is trained to match."""
WIDTH = 64
"""Hidden channels between the extent and what depends on it."""
DEPTHS = 3
"""Front, thickness and back, each scaled by a gain of its own."""


class ExtentCondition(nn.Module):
    """Scales and shifts the feature maps depending on the extent; initially the identity."""

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.sizes = (fine, fine, middle, middle, coarse, coarse, DEPTHS)
        last = nn.Linear(WIDTH, sum(self.sizes))
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.mlp = nn.Sequential(nn.Linear(3, WIDTH), nn.SiLU(), last)

    def forward(
        self, fine: Tensor, middle: Tensor, tokens: Tensor, extent: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The maps and tokens for this extent (B,), and gains (B, DEPTHS) for the depths."""
        position = (extent / MEAN_EXTENT).log()
        embedded = torch.stack([position, position.square(), position.exp() - 1.0], dim=1)
        parts = self.mlp(embedded).split(self.sizes, dim=1)
        fine = fine * (1.0 + parts[0][..., None, None]) + parts[1][..., None, None]
        middle = middle * (1.0 + parts[2][..., None, None]) + parts[3][..., None, None]
        tokens = tokens * (1.0 + parts[4][:, None]) + parts[5][:, None]
        return fine, middle, tokens, parts[6].float().exp()


def bin_positions(extent: Tensor, bins: int) -> Tensor:
    """Extents -> positions in bins, from 0 to `bins`."""
    return (extent.clamp(MIN_EXTENT, MAX_EXTENT) / MIN_EXTENT).log() * (bins / math.log(MAX_EXTENT / MIN_EXTENT))


def target_distribution(extent: Tensor, bins: int) -> Tensor:
    """(B,) true extents -> (B, bins) probabilities: a Gaussian around each, integrated over the bins."""
    edges = torch.arange(bins + 1, device=extent.device)
    steps: Tensor = torch.special.ndtr((edges - bin_positions(extent, bins)[:, None]) / SPREAD).diff(dim=1)
    return torch.div(steps, steps.sum(dim=1, keepdim=True))


def quantile_extent(logits: Tensor, quantile: float) -> Tensor:
    """(B, bins) logits -> (B,) the extent below which this fraction of the distribution lies."""
    bins = logits.shape[1]
    total = logits.softmax(dim=1).cumsum(dim=1)
    index = (total < quantile).sum(dim=1, keepdim=True).clamp_max(bins - 1)
    above = total.gather(1, index)
    mass = logits.softmax(dim=1).gather(1, index)
    position = index + 1.0 - (above - quantile) / mass.clamp_min(1e-6)
    return MIN_EXTENT * (position[:, 0] * (math.log(MAX_EXTENT / MIN_EXTENT) / bins)).exp()


def median_extent(logits: Tensor | None) -> Tensor | None:
    """The median of each distribution, if there is one."""
    return None if logits is None else quantile_extent(logits, 0.5)
