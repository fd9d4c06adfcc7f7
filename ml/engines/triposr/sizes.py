"""The sizes that shape the network, and the name and shape of every tensor of a checkpoint that follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Sizes:
    """Sizes of the published network; a smaller one of the same layout serves the tests."""

    picture: int = 512
    """Side of the picture that the network sees, in pixels."""
    vit_width: int = 768
    vit_layers: int = 12
    vit_heads: int = 12
    vit_hidden: int = 3072
    vit_picture: int = 224
    """Side of the pictures that the vision transformer was first trained on: its position embeddings have that grid."""
    patch: int = 16
    plane: int = 32
    """Side of one token plane; the scene codes have twice that."""
    width: int = 1024
    blocks: int = 16
    heads: int = 16
    head_width: int = 64
    code_channels: int = 40
    decoder_width: int = 64
    decoder_layers: int = 9
    samples_per_ray: int = 128

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Sizes:
        """Read a `config.yaml` in the published format; the vision transformer's own sizes default to ViT-B/16."""
        vit, backbone, decoder = config["image_tokenizer"], config["backbone"], config["decoder"]
        return cls(
            picture=config["cond_image_size"],
            vit_width=vit.get("hidden_size", 768),
            vit_layers=vit.get("num_hidden_layers", 12),
            vit_heads=vit.get("num_attention_heads", 12),
            vit_hidden=vit.get("intermediate_size", 3072),
            vit_picture=vit.get("image_size", 224),
            patch=vit.get("patch_size", 16),
            plane=config["tokenizer"]["plane_size"],
            width=backbone["in_channels"],
            blocks=backbone["num_layers"],
            heads=backbone["num_attention_heads"],
            head_width=backbone["attention_head_dim"],
            code_channels=config["post_processor"]["out_channels"],
            decoder_width=decoder["n_neurons"],
            decoder_layers=decoder["n_hidden_layers"],
            samples_per_ray=config["renderer"]["num_samples_per_ray"],
        )


def checkpoint_shapes(sizes: Sizes) -> dict[str, Shape]:
    """Name -> shape of every tensor of a checkpoint of these sizes: 549 for the published ones."""
    return {name: shape for part in (_vit, _backbone, _ends, _decoder) for name, shape in part(sizes)}


def _dense(name: str, inputs: int, outputs: int, bias: bool = True) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (outputs, inputs)
    if bias:
        yield f"{name}.bias", (outputs,)


def _norm(name: str, width: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def _vit(sizes: Sizes) -> Iterator[tuple[str, Shape]]:
    root, width = "image_tokenizer.model", sizes.vit_width
    yield f"{root}.embeddings.cls_token", (1, 1, width)
    yield f"{root}.embeddings.position_embeddings", (1, 1 + (sizes.vit_picture // sizes.patch) ** 2, width)
    yield f"{root}.embeddings.patch_embeddings.projection.weight", (width, 3, sizes.patch, sizes.patch)
    yield f"{root}.embeddings.patch_embeddings.projection.bias", (width,)
    for index in range(sizes.vit_layers):
        layer = f"{root}.encoder.layer.{index}"
        for projection in ("attention.attention.query", "attention.attention.key", "attention.attention.value"):
            yield from _dense(f"{layer}.{projection}", width, width)
        yield from _dense(f"{layer}.attention.output.dense", width, width)
        yield from _dense(f"{layer}.intermediate.dense", width, sizes.vit_hidden)
        yield from _dense(f"{layer}.output.dense", sizes.vit_hidden, width)
        yield from _norm(f"{layer}.layernorm_before", width)
        yield from _norm(f"{layer}.layernorm_after", width)
    yield from _norm(f"{root}.layernorm", width)
    yield from _dense(f"{root}.pooler.dense", width, width)


def _backbone(sizes: Sizes) -> Iterator[tuple[str, Shape]]:
    width, inner = sizes.width, sizes.heads * sizes.head_width
    yield from _norm("backbone.norm", width)
    yield from _dense("backbone.proj_in", width, inner)
    for index in range(sizes.blocks):
        block = f"backbone.transformer_blocks.{index}"
        for norm in ("norm1", "norm2", "norm3"):
            yield from _norm(f"{block}.{norm}", inner)
        for attention, source in (("attn1", inner), ("attn2", sizes.vit_width)):
            yield from _dense(f"{block}.{attention}.to_q", inner, inner, bias=False)
            yield from _dense(f"{block}.{attention}.to_k", source, inner, bias=False)
            yield from _dense(f"{block}.{attention}.to_v", source, inner, bias=False)
            yield from _dense(f"{block}.{attention}.to_out.0", inner, inner)
        yield from _dense(f"{block}.ff.net.0.proj", inner, 8 * inner)
        yield from _dense(f"{block}.ff.net.2", 4 * inner, inner)
    yield from _dense("backbone.proj_out", inner, width)


def _ends(sizes: Sizes) -> Iterator[tuple[str, Shape]]:
    yield "tokenizer.embeddings", (3, sizes.width, sizes.plane, sizes.plane)
    yield "post_processor.upsample.weight", (sizes.width, sizes.code_channels, 2, 2)
    yield "post_processor.upsample.bias", (sizes.code_channels,)


def _decoder(sizes: Sizes) -> Iterator[tuple[str, Shape]]:
    widths = [3 * sizes.code_channels] + [sizes.decoder_width] * sizes.decoder_layers + [4]
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        yield from _dense(f"decoder.layers.{2 * index}", inputs, outputs)
