"""An image encoder that has seen real photos: EfficientNet-Lite0 (Tan and Le 2019; Liu 2020) with ImageNet weights.

Own implementation for inference and fine-tuning: the batch norms, which stay frozen, are folded into the convolutions.
`ml.training.imagenet` reads the published weights; afterwards they are part of the network's.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

STEM = 32
"""Channels after the first convolution."""
EXPANSION = 6
"""Hidden channels of a block for each of its inputs; the first block has none of its own."""
STAGES = ((16, 1, 3, 1), (24, 2, 3, 2), (40, 2, 5, 2), (80, 3, 3, 2), (112, 3, 5, 1), (192, 3, 5, 2))
"""Channels, blocks, kernel and stride of each stage; the last four layers of the published network are not used."""
TAPS = (2, 4, 5)
"""Stages whose results are used: 40, 112 and 192 channels at 1/8, 1/16 and 1/32 of the picture's side."""
ENLARGEMENT = 2
"""The picture is enlarged by it, so that the results have the resolutions of the network's own maps."""


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's padding: the odd row and column go to the bottom right."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        total = self.kernel_size[0] - self.stride[0]
        result: Tensor = super().forward(F.pad(x, (total // 2, total - total // 2) * 2) if total > 0 else x)
        return result


class InvertedBottleneck(nn.Module):
    """Expansion, depthwise convolution, projection; with a residual path where the shapes allow it."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int = EXPANSION) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = SameConv(inputs, hidden) if expansion > 1 else None
        self.depthwise = SameConv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = SameConv(hidden, outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.relu6(self.expand(x)) if self.expand else x
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """Pictures (B, 3, S, S) in [-1, 1] -> the maps of TAPS."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM, 3, 2)
        self.stages = nn.ModuleList()
        inputs = STEM
        for number, (outputs, blocks, kernel, stride) in enumerate(STAGES):
            sizes = [(inputs, stride), *[(outputs, 1)] * (blocks - 1)]
            expansion = EXPANSION if number else 1
            self.stages.append(
                nn.Sequential(*(InvertedBottleneck(size, outputs, kernel, step, expansion) for size, step in sizes))
            )
            inputs = outputs

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu6(self.stem(x))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return [maps[number] for number in TAPS]


class PhotoFeatures(nn.Module):
    """The encoder, and projections of its maps to the network's `widths`; they start at zero."""

    def __init__(self, widths: tuple[int, int, int], token_side: int) -> None:
        super().__init__()
        self.token_side = token_side
        self.encoder = EfficientNetLite0()
        sizes = [STAGES[number][0] for number in TAPS]
        self.project = nn.ModuleList(nn.Conv2d(size, width, 1) for size, width in zip(sizes, widths, strict=True))
        for layer in self.project:
            assert isinstance(layer, nn.Conv2d) and layer.bias is not None
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 3, P, P) masked colours in [-1, 1] -> what is added to the maps at 1/4, 1/8 and 1/16 of the side, the
        last one brought to `token_side`."""
        large = F.interpolate(x, scale_factor=float(ENLARGEMENT), mode="bilinear", align_corners=False)
        fine, middle, coarse = (layer(values) for layer, values in zip(self.project, self.encoder(large), strict=True))
        if coarse.shape[-1] != self.token_side:
            coarse = F.interpolate(coarse, size=self.token_side, mode="bilinear", align_corners=False)
        return fine, middle, coarse
