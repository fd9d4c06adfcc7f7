"""A small network that tells in one photo what light adds to the brightness from what the object's colours do.

A U-Net with attention at its bottom (Ronneberger et al. 2015; Vaswani et al. 2017), trained on rendered objects whose
light is known (`ml.training.shading`). It sees the shape as predicted, so that it can tell a painted edge from a bend.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from ml.core.images import Floats
from ml.core.layers import Attention, Block, append_coordinates, upsample_2x
from ml.core.masks import Mask

PICTURE = 128
"""Side in pixels of the photo that the network reads and of the shading that it predicts."""
NORMALS = 64
"""Side in pixels of the map of normals that it reads."""
CHANGES = 32
"""Side in pixels of its map of how the shading changes with the normal."""
WEIGHTS = Path(__file__).parent / "weights" / "shading.safetensors"
DARKEST = 4e-3
"""Linear brightness below which the logarithm of a colour says nothing."""
FINE, MIDDLE, COARSE, DETAIL = 64, 96, 128, 12
"""Channels at 32 × 32, 16 × 16 and 8 × 8 pixels, and of each pixel of the full picture."""
LAYERS, HEADS = 3, 4
"""Transformer layers over the 64 tokens, and their attention heads."""
TOKENS = 8
"""Tokens along each side."""


@dataclass(frozen=True)
class Shading:
    """`log` (PICTURE, PICTURE): log brightness that the light adds, up to a constant. `change` (CHANGES, CHANGES, 2):
    its derivative by the normal, right and up in the picture."""

    log: Floats
    change: Floats


class ShadingNetwork(nn.Module):
    """Colours and normals to shading; see `forward`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4 * 16 + 3 * 4 + 2, FINE, 3, padding=1)
        self.fine_in, self.fine_out = Block(FINE), nn.Sequential(Block(FINE), Block(FINE))
        self.down1, self.up1 = nn.Conv2d(FINE, MIDDLE, 2, stride=2), nn.Conv2d(MIDDLE, FINE, 1)
        self.middle_in, self.middle_out = (nn.Sequential(Block(MIDDLE), Block(MIDDLE)) for _ in range(2))
        self.down2, self.up2 = nn.Conv2d(MIDDLE, COARSE, 2, stride=2), nn.Conv2d(COARSE, MIDDLE, 1)
        self.pos_embed = nn.Parameter(torch.randn(TOKENS**2, COARSE) * 0.02)
        self.attention = nn.Sequential(*(Attention(COARSE, HEADS) for _ in range(LAYERS)))
        self.change = nn.Conv2d(FINE, 2, 1)
        self.spread = nn.Conv2d(FINE, DETAIL * 16, 1)
        self.detail = nn.Sequential(nn.Conv2d(DETAIL + 4, 16, 3, padding=1), nn.SiLU(), nn.Conv2d(16, 1, 3, padding=1))

    def forward(self, colors: Tensor, normals: Tensor) -> tuple[Tensor, Tensor]:
        """`colors` (B, 4, PICTURE, PICTURE) of `encode`, `normals` (B, 3, NORMALS, NORMALS) in camera space (right, up,
        depth), 0 where nothing is -> `Shading.log` (B, PICTURE, PICTURE), `change` (B, 2, CHANGES, CHANGES)."""
        pixels = torch.cat([F.pixel_unshuffle(colors, 4), F.pixel_unshuffle(normals, 2)], dim=1)
        fine = self.fine_in(self.stem(append_coordinates(pixels)))
        middle = self.middle_in(self.down1(fine))
        tokens = self.attention(self.down2(middle).flatten(2).transpose(1, 2) + self.pos_embed)
        coarse = tokens.transpose(1, 2).reshape(len(colors), COARSE, TOKENS, TOKENS)
        middle = self.middle_out(middle + upsample_2x(self.up2(coarse)))
        fine = F.silu(self.fine_out(fine + upsample_2x(self.up1(middle))))
        detail = torch.cat([F.pixel_shuffle(self.spread(fine), 4), colors], dim=1)
        return self.detail(detail)[:, 0], self.change(fine)


def encode(color: Tensor, mask: Tensor) -> Tensor:
    """(B, 3, P, P) linear colours and (B, P, P) mask in {0, 1} -> (B, 4, P, P): log colours, 0 in the mean of the
    object, and the mask."""
    inside = mask[:, None]
    logs = torch.log(color.clamp_min(DARKEST))
    mean = (logs * inside).sum((1, 2, 3), keepdim=True) / (3.0 * inside.sum((1, 2, 3), keepdim=True)).clamp_min(1.0)
    return torch.cat([(logs - mean) * inside, inside], dim=1)


def predict(color: Floats, mask: Mask, normals: Floats) -> Shading:
    """The shading of an object: `color` (PICTURE, PICTURE, 3) linear, `mask` (PICTURE, PICTURE) and `normals`
    (PICTURE, PICTURE, 3) in camera space, 0 where they are not known."""
    small = cv2.resize(normals.astype(np.float32), (NORMALS, NORMALS), interpolation=cv2.INTER_AREA)
    length = np.linalg.norm(small, axis=2, keepdims=True)
    facing = np.where(small[..., 2:] > 0.0, -1.0, 1.0) * (length > 0.1)
    unit = small * facing / np.maximum(length, 1e-6)
    with torch.inference_mode():
        encoded = encode(_batch(color), torch.from_numpy(mask.astype(np.float32))[None])
        log, change = network()(encoded, _batch(unit))
    return Shading(log[0].numpy(), change[0].permute(1, 2, 0).numpy())


def _batch(picture: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32))[None]


@lru_cache(maxsize=1)
def network() -> ShadingNetwork:
    """The network with its trained weights. Raises FileNotFoundError when they are missing."""
    result = ShadingNetwork()
    result.load_state_dict({name: values.float() for name, values in load_file(WEIGHTS).items()})
    return result.eval()
