"""The photo encoder, and how the published weights become its own."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.engines.compact.photo_encoder import STAGES, EfficientNetLite0, PhotoFeatures, SameConv
from ml.training import imagenet


def test_the_maps_have_the_resolutions_of_the_networks_own() -> None:
    maps = PhotoFeatures((8, 16, 32), 8)(torch.zeros(1, 3, 128, 128))
    assert [tuple(values.shape) for values in maps] == [(1, 8, 32, 32), (1, 16, 16, 16), (1, 32, 8, 8)]
    assert all(values.abs().max() == 0.0 for values in maps)


def test_strided_convolutions_pad_at_the_bottom_right() -> None:
    layer = SameConv(1, 1, 3, 2)
    nn.init.ones_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    x = torch.arange(16.0).view(1, 1, 4, 4)
    expected = F.conv2d(F.pad(x, (0, 1, 0, 1)), torch.ones(1, 1, 3, 3), stride=2)
    assert torch.equal(layer(x), expected)


def published() -> dict[str, Tensor]:
    """Random weights with the names and shapes of the published file, as far as they are used."""
    source: dict[str, Tensor] = {}
    own = EfficientNetLite0().state_dict()

    def add(conv: str, norm: str, name: str) -> None:
        shape = own[f"{name}.weight"].shape
        source[f"{conv}.weight"] = torch.randn(shape)
        source.update({f"{norm}.{key}": torch.rand(shape[0]) + 0.5 for key in ("weight", "bias", "running_mean")})
        source[f"{norm}.running_var"] = torch.rand(shape[0]) + 0.5

    add("_conv_stem", "_bn0", "stem")
    number = 0
    for stage, (_, blocks, _, _) in enumerate(STAGES):
        for block in range(blocks):
            old, new = f"_blocks.{number}", f"stages.{stage}.{block}"
            if stage:
                add(f"{old}._expand_conv", f"{old}._bn0", f"{new}.expand")
            add(f"{old}._depthwise_conv", f"{old}._bn1", f"{new}.depthwise")
            add(f"{old}._project_conv", f"{old}._bn2", f"{new}.project")
            number += 1
    return source


def test_a_folded_convolution_does_what_convolution_and_norm_did() -> None:
    source = published()
    weights = imagenet.folded(source, "_conv_stem", "_bn0", "stem")
    norm = nn.BatchNorm2d(32, eps=imagenet.EPSILON).eval()
    norm.load_state_dict({key[5:]: value for key, value in source.items() if key.startswith("_bn0.")}, strict=False)
    x = torch.randn(1, 3, 16, 16)
    expected = norm(F.conv2d(x, source["_conv_stem.weight"]))
    assert torch.allclose(F.conv2d(x, weights["stem.weight"], weights["stem.bias"]), expected, atol=1e-4)


def test_the_published_file_becomes_the_encoders_weights(tmp_path: Path) -> None:
    torch.save(published(), tmp_path / "published.pth")
    imagenet.main([str(tmp_path / "published.pth"), str(tmp_path / "encoder.safetensors")])
    encoder = EfficientNetLite0()
    imagenet.load_into(encoder, tmp_path / "encoder.safetensors")
    expected = imagenet.encoder_weights(torch.load(tmp_path / "published.pth", weights_only=True))
    assert torch.allclose(
        encoder.state_dict()["stages.5.0.depthwise.weight"], expected["stages.5.0.depthwise.weight"], atol=1e-2
    )
