"""Parts that our networks are made of."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORM_GROUPS = 8
"""Groups of channels that share a mean (Wu and He 2018); divides the width of every block."""


class Block(nn.Module):
    """Two 3 × 3 convolutions around a residual path, normalised before each; initially the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(NORM_GROUPS, channels), nn.GroupNorm(NORM_GROUPS, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.silu(self.norm1(x)))
        result: Tensor = x + self.conv2(F.silu(self.norm2(y)))
        return result


class Attention(nn.Module):
    """A pre-norm transformer layer (Vaswani et al. 2017, as in ViT)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp_in, self.mlp_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        for layer in (self.out, self.mlp_out):  # initially the identity
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        batch, count, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, count, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, count, width)
        x = x + self.out(attended)
        result: Tensor = x + self.mlp_out(F.gelu(self.mlp_in(self.norm2(x))))
        return result


def upsample_2x(x: Tensor) -> Tensor:
    """(B, C, S, S) -> (B, C, 2 S, 2 S), bilinear."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def append_coordinates(x: Tensor) -> Tensor:
    """(B, C, S, S) -> (B, C + 2, S, S) with the pixel's row and column in [-1, 1]: perspective depends on them."""
    steps = torch.linspace(-1.0, 1.0, x.shape[-1], dtype=x.dtype, device=x.device)
    coordinates = torch.stack(torch.meshgrid(steps, steps, indexing="ij")).expand(len(x), -1, -1, -1)
    return torch.cat([x, coordinates], dim=1)
