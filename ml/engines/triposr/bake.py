"""A scene decoded once for all views: a grid of the decoder's values where the scene is not empty.

Neither density nor colour depends on the direction of view, so that all views share one grid: four of its cells
cover one texel of the planes, which keeps interpolated values close to those of the decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import RADIUS
from ml.engines.triposr import decoder
from ml.scene.ray_marching import BLOCKS, SAMPLES, block_corners, block_of, occupied_blocks

if TYPE_CHECKING:
    from ml.engines.triposr.scene import TriplaneScene

CELLS = 4 * BLOCKS
"""Cells per axis of the grid."""
FAINTEST = 0.3
"""Density that counts as empty: a whole ray of it hides a quarter of what is behind, but a block is only empty when
its neighbours are too, so that what is left out is far less."""
NOTHING = -20.0
"""Logarithm of the density in empty space: below 1e-8, invisible."""


@dataclass(frozen=True)
class BakedScene:
    """Decoded values on a grid, and which blocks of space are occupied."""

    table: Tensor
    """((CELLS + 1)³, 4) decoded values, index order x, y, z; `NOTHING` where space is empty."""
    occupied: Tensor
    """(BLOCKS, BLOCKS, BLOCKS) bool: whether a block or one of its neighbours is occupied."""
    samples: int = SAMPLES
    """Steps that a ray takes, as in the published code."""

    def density_and_color(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3) canonical points -> (N,) density and (N, 3) sRGB, interpolated before their activations."""
        rows, weights = _corners(points)
        raw = F.embedding_bag(rows, self.table, per_sample_weights=weights, mode="sum")
        return decoder.density(raw), decoder.color(raw)


@torch.inference_mode()
def bake(scene: TriplaneScene) -> BakedScene:
    """Sample the scene at the corners of BLOCKS³ blocks, then on the grid inside those that are occupied (270 MB)."""
    device = scene.planes.device
    occupied = occupied_blocks(scene.density(block_corners().to(device)) > FAINTEST)
    axis = torch.linspace(-RADIUS, RADIUS, CELLS + 1, device=device)
    block = block_of(axis)
    needed = occupied[block][:, block][:, :, block].flatten().nonzero()[:, 0]
    table = torch.zeros((CELLS + 1) ** 3, 4, device=device)
    table[:, 0] = NOTHING
    index = torch.stack(torch.unravel_index(needed, (CELLS + 1,) * 3), dim=1)
    table[needed] = scene.decode(axis[index])
    return BakedScene(table, occupied)


def _corners(points: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3) points -> the 8 grid points around each, (N, 8) int32, and their trilinear weights, (N, 8)."""
    position = ((points + RADIUS) * (CELLS / (2.0 * RADIUS))).clamp_(0.0, CELLS - 1e-3)
    low = position.floor()
    after = position - low
    before, cell, step = 1.0 - after, low.int(), CELLS + 1
    first = (cell[:, 0] * step + cell[:, 1]) * step + cell[:, 2]
    rows = torch.stack([first + x * step * step + y * step + z for x in (0, 1) for y in (0, 1) for z in (0, 1)], dim=1)
    x, y, z = (torch.stack([before[:, axis], after[:, axis]], dim=1) for axis in range(3))
    weights = x[:, :, None, None] * y[:, None, :, None] * z[:, None, None, :]
    return rows, weights.flatten(1)
