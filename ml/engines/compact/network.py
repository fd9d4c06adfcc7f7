"""The compact network: from one masked picture to what is along the ray of each of its pixels.

A small U-Net with a transformer at its bottom reads a 128 × 128 picture, helped by an encoder that has seen photos. For
each of 64 × 64 pixels it predicts the depth of the first surface, the thickness of the front layer behind it, the
depth of the last surface, which of 64 depth bins behind the front layer are occupied, and the colour of the back. Every
pixel of the silhouette is thus occupied by construction, and only what is hidden is predicted as an occupancy. One
number per picture is the camera's elevation.

Depths are offsets from the origin along the view, in scene units (`ml.core.camera`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ml.core.layers import Attention, Block, append_coordinates, upsample_2x
from ml.engines.compact.extent import ExtentCondition, median_extent
from ml.engines.compact.photo_encoder import PhotoFeatures
from ml.engines.compact.token_head import TokenHead

PICTURE = 128
"""Side of the input picture in pixels."""
GRID = 64
"""Side of the predicted maps in pixels."""
BINS = 64
"""Depth bins along a ray."""
REACH = 1.1
"""Depth offset of the outermost bin edges, −REACH and REACH: beyond any object that fits the picture and the cube."""
WEIGHTS = Path(__file__).parent / "weights" / "compact.safetensors"

# Offsets and scales of the outputs: what an untrained network (outputs near 0) predicts is a plausible object.
DEPTH_SCALE = 0.3
"""Scene units for one unit of a depth output."""
MEAN_DEPTH = 0.2
"""Typical depth offset in scene units: the first surface starts at −MEAN_DEPTH, the last one at MEAN_DEPTH."""
THICKNESS_SHIFT = 1.0
"""Subtracted before the softplus that keeps a thickness positive: an untrained network predicts about 0.3."""
MIN_THICKNESS = 0.01
"""Least thickness of the front layer, in scene units."""
ELEVATION_SCALE, MEAN_ELEVATION = 15.0, 12.0
"""Degrees: spread and mean of the elevations that photos are taken from."""
DISTANCE_SCALE = 16.0
"""Pixels for one unit of the distance channel, a quarter of the largest distance that occurs."""
COLOR_LIMIT = 0.02
"""Colours are clamped this far from 0 and 1 before their logit, to keep it finite."""
EMBEDDING_STD = 0.02
"""Standard deviation of the initial position embedding, as in ViT."""

UNSHUFFLE = 4
"""Side of the pixel blocks that become channels: 128 × 128 × 5 is read as 32 × 32 × 80."""
MIDDLE_SIDE = PICTURE // UNSHUFFLE // 2
"""Side of the middle map in pixels."""

RENAMED = {
    "places": "pos_embed",
    "tilt": "elevation_head",
    "spread": "upsample",
    "mix": "refine",
    "grow": "mlp_in",
    "shrink": "mlp_out",
}
"""Module names in the shipped weights file -> names here."""


@dataclass(frozen=True)
class CompactConfig:
    """Sizes of the network, which its weights file names; those of the shipped one: `ml.training.train.NETWORK`."""

    widths: tuple[int, int, int] = (64, 128, 256)
    """Channels at 32 × 32 and 16 × 16 pixels, and of a token: most of the work is done there, for the sake of CPUs."""
    layers: int = 6
    """Transformer layers."""
    token_side: int = 8
    """Tokens along each side of the picture: 8, or 16 for four times as many, each seeing its 2 × 2 pixels of the
    16 × 16 map."""
    head_width: int = 64
    """Channels of an attention head."""
    features: int = 48
    """Channels per pixel of the 64 × 64 map that the output layers read."""
    detail_blocks: int = 0
    """Blocks at 64 × 64 pixels."""
    extent_bins: int = 0
    """Bins of the distribution of the object's extent along the view, on which all maps then depend; 0: none."""
    exact_distances: bool = False
    """Whether the distance channel is exact; otherwise it is approximated with a 3 × 3 mask."""
    mirror_angles: int = 0
    """Upright planes of which the network says whether they are mirror planes (`symmetry.ANGLES`); 0: of none."""
    photo_encoder: bool = False
    """Whether an image encoder with ImageNet weights (`photo_encoder`) adds its features."""


@dataclass(frozen=True)
class Output:
    """Predictions for a batch of B pictures.

    front, thickness, back (B, GRID, GRID): depth of the first surface, thickness of the front layer, depth of the last
    surface. features (B, GRID, GRID, C): input of `hidden`. back_color (B, 3, GRID, GRID) sRGB in [0, 1]. elevation
    (B,) degrees. extent (B, K) logits of the object's half extent along the view, mirror (B, ANGLES) logits of its
    mirror planes (`symmetry`), if the network predicts them.
    """

    front: Tensor
    thickness: Tensor
    back: Tensor
    features: Tensor
    back_color: Tensor
    elevation: Tensor
    extent: Tensor | None = None
    mirror: Tensor | None = None


@dataclass(frozen=True)
class Encoded:
    """What the first half of the network makes of pictures, before the extent is chosen: feature maps at 32 × 32 and
    16 × 16 pixels, tokens (B, N, C); `elevation`, `extent` and `mirror` as in `Output`."""

    fine: Tensor
    middle: Tensor
    tokens: Tensor
    elevation: Tensor
    extent: Tensor | None = None
    mirror: Tensor | None = None


class CompactNetwork(nn.Module):
    """The network of `CompactConfig`."""

    def __init__(self, config: CompactConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CompactConfig()
        fine, middle, coarse = config.widths
        tokens = config.token_side**2
        self.stem = nn.Conv2d(5 * UNSHUFFLE**2 + 2, fine, 3, padding=1)
        self.fine_in = nn.Sequential(Block(fine), Block(fine))
        self.down1 = nn.Conv2d(fine, middle, 2, stride=2)
        self.middle_in = nn.Sequential(Block(middle), Block(middle), Block(middle))
        self.down2 = nn.Conv2d(middle, coarse, 2, stride=MIDDLE_SIDE // config.token_side)
        self.pos_embed = nn.Parameter(torch.randn(tokens, coarse) * EMBEDDING_STD)
        self.attention = nn.Sequential(*(Attention(coarse, coarse // config.head_width) for _ in range(config.layers)))
        self.norm = nn.LayerNorm(coarse)
        self.elevation_head = nn.Sequential(nn.Linear(coarse, coarse), nn.GELU(), nn.Linear(coarse, 1))
        self.up2 = nn.Conv2d(coarse, middle, 1)
        self.middle_out = nn.Sequential(Block(middle), Block(middle), Block(middle))
        self.up1 = nn.Conv2d(middle, fine, 1)
        self.fine_out = nn.Sequential(Block(fine), Block(fine))
        self.upsample = nn.Conv2d(fine, config.features * 4, 1)
        self.refine = nn.Conv2d(config.features, config.features, 3, padding=1)
        self.detail = nn.Sequential(*(Block(config.features) for _ in range(config.detail_blocks)))
        self.surface = nn.Conv2d(config.features, 6, 1)
        self.bins = nn.Linear(config.features, BINS)
        self.extent = TokenHead(coarse, config.extent_bins) if config.extent_bins else None
        self.mirror = TokenHead(coarse, config.mirror_angles) if config.mirror_angles else None
        self.condition = ExtentCondition((fine, middle, coarse)) if config.extent_bins else None
        self.photo = PhotoFeatures((fine, middle, coarse), config.token_side) if config.photo_encoder else None

    def forward(self, x: Tensor, extent: Tensor | None = None) -> Output:
        """`x` (B, 5, PICTURE, PICTURE) from `encode`; `extent` (B,) if it is known, otherwise the predicted median."""
        encoded = self.encoded(x)
        return self.decoded(x, encoded, median_extent(encoded.extent) if extent is None else extent)

    def encoded(self, x: Tensor) -> Encoded:
        """The first half of the network: everything that does not depend on the extent."""
        photo = self.photo(x[:, :3]) if self.photo else (0.0, 0.0, 0.0)
        fine = self.fine_in(self.stem(append_coordinates(F.pixel_unshuffle(x, UNSHUFFLE))) + photo[0])
        middle = self.middle_in(self.down1(fine) + photo[1])
        coarse = self._coarse(middle) + photo[2]
        tokens = self.norm(self.attention(coarse.flatten(2).transpose(1, 2) + self.pos_embed))
        elevation = self.elevation_head(tokens.mean(dim=1)).float().squeeze(1) * ELEVATION_SCALE + MEAN_ELEVATION
        extent = self.extent(tokens) if self.extent else None
        return Encoded(fine, middle, tokens, elevation, extent, self.mirror(tokens) if self.mirror else None)

    def _coarse(self, middle: Tensor) -> Tensor:
        """(B, C, 16, 16) -> a vector for each token; the last row and column see zeros beyond the edge."""
        padded = F.pad(middle, (0, 1, 0, 1)) if self.config.token_side == MIDDLE_SIDE else middle
        result: Tensor = self.down2(padded)
        return result

    def decoded(self, x: Tensor, encoded: Encoded, extent: Tensor | None) -> Output:
        """The maps of pictures `x` whose objects have this half `extent` (B,) along the view."""
        fine, middle, tokens = encoded.fine, encoded.middle, encoded.tokens
        gains: Tensor | None = None
        if self.condition and extent is not None:
            fine, middle, tokens, gains = self.condition(fine, middle, tokens, extent)
        side = self.config.token_side
        coarse = self.up2(tokens.transpose(1, 2).reshape(len(x), -1, side, side))
        middle = self.middle_out(middle + (upsample_2x(coarse) if side < MIDDLE_SIDE else coarse))
        fine = self.fine_out(fine + upsample_2x(self.up1(middle)))
        features = F.silu(self.detail(self.refine(F.silu(F.pixel_shuffle(self.upsample(fine), 2)))))
        surface = self.surface(features).float()
        depths = torch.stack(
            [
                surface[:, 0] * DEPTH_SCALE - MEAN_DEPTH,
                F.softplus(surface[:, 1] - THICKNESS_SHIFT),
                surface[:, 2] * DEPTH_SCALE + MEAN_DEPTH,
            ],
            dim=1,
        )
        front, thickness, back = (depths if gains is None else depths * gains[..., None, None]).unbind(dim=1)
        return Output(
            front=front,
            thickness=thickness + MIN_THICKNESS,
            back=back,
            features=features.permute(0, 2, 3, 1),
            back_color=torch.sigmoid(surface[:, 3:6] + _photo_color_logits(x)),
            elevation=encoded.elevation,
            extent=encoded.extent,
            mirror=encoded.mirror,
        )

    def hidden(self, features: Tensor) -> Tensor:
        """(..., C) features of pixels -> (..., BINS) logits of occupancy, trained behind the front layer only."""
        result: Tensor = self.bins(features.to(self.bins.weight.dtype))
        return result


def _photo_color_logits(x: Tensor) -> Tensor:
    """(B, 5, P, P) network input -> (B, 3, GRID, GRID) logits of the photo's colours: the back resembles them."""
    color = F.avg_pool2d(x[:, :3].float() / 2.0 + 0.5, PICTURE // GRID)
    return torch.logit(color.clamp(COLOR_LIMIT, 1.0 - COLOR_LIMIT))


def encode(picture: Tensor, mask: Tensor, *, exact: bool = False) -> Tensor:
    """(B, 3, P, P) sRGB in [0, 1] and (B, P, P) mask -> (B, 5, P, P): masked colours, mask, distance to its edge."""
    masks = (mask.numpy() > 0.5).astype(np.uint8)
    kernel = cv2.DIST_MASK_PRECISE if exact else cv2.DIST_MASK_3
    distances = np.stack([_edge_distance(single, kernel) for single in masks])
    inner = torch.from_numpy(distances).float() / DISTANCE_SCALE
    return torch.cat([(picture - 0.5) * mask[:, None] * 2.0, mask[:, None], inner[:, None]], dim=1)


def _edge_distance(mask: np.ndarray[Any, Any], kernel: int) -> np.ndarray[Any, Any]:
    """(P, P) pixels to the nearest background; to the frame where there is none, for which OpenCV has no distance."""
    if mask.all():
        return np.asarray(cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, kernel)[1:-1, 1:-1])
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, kernel))


def bin_centres() -> Tensor:
    """(BINS,) depth offsets of the middles of the bins."""
    return ((torch.arange(BINS) + 0.5) / BINS * 2.0 - 1.0) * REACH


def load_network(path: Path = WEIGHTS) -> CompactNetwork:
    """The network with its trained weights. Raises FileNotFoundError when they are missing."""
    config, weights = load_weights(path)
    network = CompactNetwork(config)
    network.load_state_dict(weights)
    return network.eval()


def load_weights(path: Path) -> tuple[CompactConfig, dict[str, Tensor]]:
    """The configuration in a weights file (the default one where it names none), and its tensors with today's names."""
    with safe_open(path, "pt") as file:
        fields = json.loads((file.metadata() or {}).get("config", "{}"))
        names = list(file.keys())
        weights = {_renamed(key): file.get_tensor(key).float() for key in names}
    return CompactConfig(**{**fields, "widths": tuple(fields.get("widths", CompactConfig.widths))}), weights


def save_network(network: CompactNetwork, path: Path, metadata: dict[str, str]) -> None:
    """Write the weights in half precision, with the configuration that `load_network` needs."""
    halves = {key: value.half().cpu().contiguous() for key, value in network.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(halves, path, metadata={**metadata, "config": json.dumps(asdict(network.config))})


def _renamed(key: str) -> str:
    """The key of a weights file with today's module names."""
    return ".".join(RENAMED.get(part, part) for part in key.split("."))
