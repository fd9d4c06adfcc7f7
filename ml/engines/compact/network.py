"""The compact network: from one masked picture to the volume behind each of its pixels.

A small U-Net with a transformer at its bottom looks at a 128 × 128 picture. For each of 64 × 64 pixels it says where
the first surface lies, how thick the first part is, where the last surface lies, which of 64 depth bins behind the
first part are filled, and the colours of the back. Every pixel of the silhouette is thus filled by construction,
and only what is hidden has to be guessed as an occupancy. One number for the whole picture is the camera's elevation.

Depths are offsets from the middle of the object along the view, in canonical units (`ml.core.camera`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

PICTURE = 128
GRID = 64
BINS = 64
REACH = 1.1
"""Bins cover depth offsets from −REACH to REACH."""
WEIGHTS = Path(__file__).parent / "weights" / "compact.safetensors"


@dataclass(frozen=True)
class Output:
    """What the network says about a batch of B pictures.

    front, thickness, back (B, GRID, GRID): first surface, length of the first part, last surface.
    features (B, GRID, GRID, C): what `hidden` turns into occupancy. back_color (B, 3, GRID, GRID) sRGB in [0, 1].
    elevation (B,) degrees.
    """

    front: Tensor
    thickness: Tensor
    back: Tensor
    features: Tensor
    back_color: Tensor
    elevation: Tensor


class Block(nn.Module):
    """Two 3 × 3 convolutions around a residual path, normalised before each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(8, channels), nn.GroupNorm(8, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

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
        self.grow, self.shrink = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.shrink.weight)

    def forward(self, x: Tensor) -> Tensor:
        batch, count, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, count, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        shares = (q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(dim=-1)
        mixed = (shares @ v).transpose(1, 2).reshape(batch, count, width)
        x = x + self.out(mixed)
        result: Tensor = x + self.shrink(F.gelu(self.grow(self.norm2(x))))
        return result


class CompactNetwork(nn.Module):
    """About 7 million parameters; most of the work happens at 32 × 32 pixels and below, for the sake of CPUs."""

    def __init__(self, widths: tuple[int, int, int] = (64, 128, 256), layers: int = 6, head: int = 48) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.stem = nn.Conv2d(5 * 16 + 2, fine, 3, padding=1)
        self.fine_in = nn.Sequential(Block(fine), Block(fine))
        self.down1 = nn.Conv2d(fine, middle, 2, stride=2)
        self.middle_in = nn.Sequential(Block(middle), Block(middle), Block(middle))
        self.down2 = nn.Conv2d(middle, coarse, 2, stride=2)
        self.places = nn.Parameter(torch.randn(64, coarse) * 0.02)
        self.attention = nn.Sequential(*(Attention(coarse, coarse // 64) for _ in range(layers)))
        self.norm = nn.LayerNorm(coarse)
        self.tilt = nn.Sequential(nn.Linear(coarse, coarse), nn.GELU(), nn.Linear(coarse, 1))
        self.up2 = nn.Conv2d(coarse, middle, 1)
        self.middle_out = nn.Sequential(Block(middle), Block(middle), Block(middle))
        self.up1 = nn.Conv2d(middle, fine, 1)
        self.fine_out = nn.Sequential(Block(fine), Block(fine))
        self.spread = nn.Conv2d(fine, head * 4, 1)
        self.mix = nn.Conv2d(head, head, 3, padding=1)
        self.surface = nn.Conv2d(head, 6, 1)
        self.bins = nn.Linear(head, BINS)

    def forward(self, x: Tensor) -> Output:
        """`x` (B, 5, PICTURE, PICTURE) from `encode`."""
        fine = self.fine_in(self.stem(_with_places(F.pixel_unshuffle(x, 4))))
        middle = self.middle_in(self.down1(fine))
        coarse = self.down2(middle)
        tokens = self.norm(self.attention(coarse.flatten(2).transpose(1, 2) + self.places))
        elevation = self.tilt(tokens.mean(dim=1)).float().squeeze(1) * 15.0 + 12.0
        coarse = tokens.transpose(1, 2).reshape(coarse.shape)
        middle = self.middle_out(middle + _twice(self.up2(coarse)))
        fine = self.fine_out(fine + _twice(self.up1(middle)))
        features = F.silu(self.mix(F.silu(F.pixel_shuffle(self.spread(fine), 2))))
        surface = self.surface(features).float()
        return Output(
            front=surface[:, 0] * 0.3 - 0.2,
            thickness=F.softplus(surface[:, 1] - 1.0) + 0.01,
            back=surface[:, 2] * 0.3 + 0.2,
            features=features.permute(0, 2, 3, 1),
            back_color=torch.sigmoid(surface[:, 3:6] + _seen_color(x)),
            elevation=elevation,
        )

    def hidden(self, features: Tensor) -> Tensor:
        """(..., C) features of pixels -> (..., BINS) logits of being filled, right only behind the first part."""
        result: Tensor = self.bins(features.to(self.bins.weight.dtype))
        return result


def _seen_color(x: Tensor) -> Tensor:
    """(B, 5, P, P) network input -> (B, 3, GRID, GRID) logits of the photo's colours: the back is most like them."""
    color = F.avg_pool2d(x[:, :3].float() / 2.0 + 0.5, PICTURE // GRID)
    return torch.logit(color.clamp(0.02, 0.98))


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _with_places(x: Tensor) -> Tensor:
    """Append the pixel's own x and y: perspective and the ground depend on them."""
    steps = torch.linspace(-1.0, 1.0, x.shape[-1], dtype=x.dtype, device=x.device)
    places = torch.stack(torch.meshgrid(steps, steps, indexing="ij")).expand(len(x), -1, -1, -1)
    return torch.cat([x, places], dim=1)


def encode(picture: Tensor, mask: Tensor) -> Tensor:
    """(B, 3, P, P) sRGB in [0, 1] and (B, P, P) mask -> (B, 5, P, P): masked colours, mask, distance to the outline."""
    masks = (mask.numpy() > 0.5).astype(np.uint8)
    distance = np.stack([cv2.distanceTransform(each, cv2.DIST_L2, 3) for each in masks])
    inner = torch.from_numpy(distance).float() / 16.0
    return torch.cat([(picture - 0.5) * mask[:, None] * 2.0, mask[:, None], inner[:, None]], dim=1)


def bin_centres() -> Tensor:
    """(BINS,) depth offsets."""
    return ((torch.arange(BINS) + 0.5) / BINS * 2.0 - 1.0) * REACH


def load_network(path: Path = WEIGHTS) -> CompactNetwork:
    """The network with its trained weights. Raises FileNotFoundError when they are not there."""
    network = CompactNetwork()
    network.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    return network.eval()
