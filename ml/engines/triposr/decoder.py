"""The decoder: from the scene codes to density and colour at a point. Three planes are sampled and read by an MLP.

The first layer is linear and so is bilinear sampling, so the planes can go through that layer once, ahead of time
(`fold`): a point then costs one weighted sum of 12 rows instead of 3 samplings of 40 channels and a 120 × 64 product.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import RADIUS

Layers = tuple[tuple[Tensor, Tensor], ...]
"""Weight (outputs, inputs) and bias (outputs,) of each layer, float32."""

DENSITY_BIAS = -1.0
"""Added to the logarithm of the density, as published."""
CHUNK = 8192
"""Points per pass: an activation of 2 MiB stays in the cache, and malloc keeps its memory for the next pass."""
GPU_CHUNK = 1 << 20
"""Points per pass on a GPU: 256 MiB per activation, enough to keep it busy."""
PAIRS = ((0, 1), (0, 2), (1, 2))
"""The two coordinates that plane 0, 1 and 2 are sampled at; the first runs along the plane's width."""


@dataclass(frozen=True)
class Decoder:
    """Planes after the first layer, as one table of rows, and the layers that follow."""

    table: Tensor
    """(3 · side², width): each plane with one row of zeros before and two after it, in both directions."""
    side: int
    first_bias: Tensor
    layers: Layers


def fold(planes: Tensor, layers: Layers) -> Decoder:
    """Planes (3, C, S, S) and all layers of the decoder -> `Decoder`. Values outside the planes are zero."""
    matrix, bias = layers[0]
    parts = matrix.float().chunk(3, dim=1)
    mixed = [torch.einsum("oc,chw->hwo", part, plane) for part, plane in zip(parts, planes.float(), strict=True)]
    padded = F.pad(torch.stack(mixed), (0, 0, 1, 2, 1, 2))
    return Decoder(padded.flatten(0, 2).contiguous(), padded.shape[1], bias, layers[1:])


@torch.inference_mode()
def decode(decoder: Decoder, points: Tensor) -> Tensor:
    """(N, 3) canonical points -> (N, 4) float32: the density's logarithm (before its bias) and three colour logits."""
    points = points.to(decoder.table.device, torch.float32)
    result = points.new_empty(len(points), decoder.layers[-1][0].shape[0])
    size = CHUNK if points.device.type == "cpu" else GPU_CHUNK
    for start in range(0, len(points), size):
        result[start : start + size] = _decode_chunk(decoder, points[start : start + size])
    return result


def density(raw: Tensor) -> Tensor:
    """(N, 4) decoded values -> (N,) density."""
    return torch.exp(raw[:, 0] + DENSITY_BIAS)


def color(raw: Tensor) -> Tensor:
    """(N, 4) decoded values -> (N, 3) sRGB in [0, 1]."""
    return torch.sigmoid(raw[:, 1:4])


def _decode_chunk(decoder: Decoder, points: Tensor) -> Tensor:
    rows, weights = _corners(points, decoder.side)
    x = F.embedding_bag(rows, decoder.table, per_sample_weights=weights, mode="sum").add_(decoder.first_bias)
    for matrix, bias in decoder.layers:
        x = F.linear(F.silu(x, inplace=True), matrix, bias)
    return x


def _corners(points: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """(N, 3) points -> the 12 rows of the table around each, (N, 12) int32, and their bilinear weights, (N, 12)."""
    texels = side - 3
    position = (points * (0.5 * texels / RADIUS) + (0.5 * texels + 0.5)).clamp_(0.0, texels + 1.0)
    low = position.floor()
    after = position - low
    before, cell = 1.0 - after, low.int()
    rows, weights = [], []
    for plane, (u, v) in enumerate(PAIRS):
        corner = (cell[:, v] + plane * side) * side + cell[:, u]
        rows += [corner, corner + 1, corner + side, corner + side + 1]
        for along_v in (before[:, v], after[:, v]):
            weights += [before[:, u] * along_v, after[:, u] * along_v]
    return torch.stack(rows, dim=1), torch.stack(weights, dim=1)
