"""A scene asked once and for all: a lattice of the decoder's values where the scene is not empty.

Neither density nor colour depends on the direction of view, so that all views of a turn can share one lattice: four
of its cells fall on one texel of the planes, which keeps what is interpolated close to what the decoder would say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import RADIUS
from ml.engines.triposr import decoder
from ml.scene.ray_marching import BLOCKS, SAMPLES, block_corners, block_of, solid_blocks

if TYPE_CHECKING:
    from ml.engines.triposr.scene import TriplaneScene

CELLS = 4 * BLOCKS
"""Cells per axis of the lattice."""
FAINTEST = 0.3
"""Density that counts as nothing: a whole ray of it hides a quarter of what is behind, but a block is only empty when
its neighbours are too, so that what is left out is far less."""
NOTHING = -20.0
"""The density's logarithm where space is empty."""


@dataclass(frozen=True)
class BakedScene:
    """Decoded values on a lattice, and which blocks of space hold something."""

    table: Tensor
    """((CELLS + 1)³, 4) decoded values, index order x, y, z; `NOTHING` where space is empty."""
    solid: Tensor
    """(BLOCKS, BLOCKS, BLOCKS) bool: whether a block or one of its neighbours holds something."""
    samples: int = SAMPLES
    """Steps that a ray takes, as in the published code."""

    def density_and_color(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3) canonical points -> (N,) density and (N, 3) sRGB, interpolated before their activations."""
        rows, shares = _corners(points)
        raw = F.embedding_bag(rows, self.table, per_sample_weights=shares, mode="sum")
        return decoder.density(raw), decoder.color(raw)


@torch.inference_mode()
def bake(scene: TriplaneScene) -> BakedScene:
    """Ask the scene at the corners of BLOCKS³ blocks, then on the lattice of those that are not empty (270 MB)."""
    solid = solid_blocks(scene.density(block_corners()) > FAINTEST)
    axis = torch.linspace(-RADIUS, RADIUS, CELLS + 1)
    block = block_of(axis)
    wanted = solid[block][:, block][:, :, block].flatten().nonzero()[:, 0]
    table = torch.zeros((CELLS + 1) ** 3, 4)
    table[:, 0] = NOTHING
    index = torch.stack(torch.unravel_index(wanted, (CELLS + 1,) * 3), dim=1)
    table[wanted] = scene.decode(axis[index])
    return BakedScene(table, solid)


def _corners(points: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3) points -> the 8 lattice points around each, (N, 8) int32, and their trilinear shares, (N, 8)."""
    place = ((points + RADIUS) * (CELLS / (2.0 * RADIUS))).clamp_(0.0, CELLS - 1e-3)
    low = place.floor()
    after = place - low
    before, cell, step = 1.0 - after, low.int(), CELLS + 1
    first = (cell[:, 0] * step + cell[:, 1]) * step + cell[:, 2]
    rows = torch.stack([first + x * step * step + y * step + z for x in (0, 1) for y in (0, 1) for z in (0, 1)], dim=1)
    x, y, z = (torch.stack([before[:, axis], after[:, axis]], dim=1) for axis in range(3))
    shares = x[:, :, None, None] * y[:, None, :, None] * z[:, None, None, :]
    return rows, shares.flatten(1)
