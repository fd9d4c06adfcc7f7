"""The TripoSR network, read from top to bottom: a picture becomes three planes of scene codes.

Plain functions over the checkpoint's own tensor names (`Weights`), so that what is loaded is what is computed.
Matrices may be bfloat16: the running sum of each transformer stays float32 and only products take the lower precision.
Source: Tochilkin et al., 2024 (arXiv 2403.02151); the vision transformer is DINO ViT-B/16 (Caron et al., 2021).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.engines.triposr.sizes import Sizes

Weights = Mapping[str, Tensor]

TILE = 1024
"""Queries per tile in attention on a CPU: with 3072 keys their scores take 6 MiB."""
GROUPS = 32
"""Groups of the normalisation before the transformer, as published."""
START = "backbone.start_tokens"
"""Not in the checkpoint: the result of `start_tokens`, stored when a checkpoint is converted."""
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet, which DINO expects (Caron et al. 2021)."""


@torch.inference_mode()
def scene_codes(weights: Weights, sizes: Sizes, pictures: Tensor) -> Tensor:
    """(B, H, W, 3) RGB in [0, 1], the object on grey 0.5 -> (B, 3, C, 2P, 2P) float32 scene codes."""
    tokens = image_tokens(weights, sizes, pictures)
    return upsample(weights, sizes, backbone(weights, sizes, tokens))


# --- the picture: vision transformer ---------------------------------------------------------------------------------


@torch.inference_mode()
def image_tokens(weights: Weights, sizes: Sizes, pictures: Tensor) -> Tensor:
    """(B, H, W, 3) RGB in [0, 1] -> (B, 1 + patches, width) float32 tokens, the class token first."""
    root = "image_tokenizer.model"
    x = _embed_patches(weights, sizes, f"{root}.embeddings", _normalise(pictures, sizes.picture))
    for index in range(sizes.vit_layers):
        x = _vit_block(weights, f"{root}.encoder.layer.{index}", x, sizes.vit_heads)
    return _layer_norm(weights, f"{root}.layernorm", x, 1e-12)


def _normalise(pictures: Tensor, size: int) -> Tensor:
    x = pictures.float().permute(0, 3, 1, 2)
    if x.shape[-2:] != (size, size):
        x = F.interpolate(x, (size, size), mode="bilinear", align_corners=False, antialias=True)
    return (x - x.new_tensor(IMAGENET_MEAN).view(3, 1, 1)) / x.new_tensor(IMAGENET_STD).view(3, 1, 1)


def _embed_patches(weights: Weights, sizes: Sizes, root: str, x: Tensor) -> Tensor:
    kernel, bias = (
        weights[f"{root}.patch_embeddings.projection.weight"],
        weights[f"{root}.patch_embeddings.projection.bias"],
    )
    patches = F.conv2d(x, kernel.float(), bias.float(), stride=sizes.patch).flatten(2).transpose(1, 2)
    class_token = weights[f"{root}.cls_token"].float().expand(len(x), -1, -1)
    return torch.cat([class_token, patches], dim=1) + _positions(weights, sizes, root)


def _positions(weights: Weights, sizes: Sizes, root: str) -> Tensor:
    """(1, 1 + patches, width): the learnt grid resized. The factor (n + 0.1) / g, not n / g, maps the coordinates."""
    positions = weights[f"{root}.position_embeddings"].float()
    learnt, needed = sizes.vit_picture // sizes.patch, sizes.picture // sizes.patch
    grid = positions[:, 1:].reshape(1, learnt, learnt, -1).permute(0, 3, 1, 2)
    factor = (needed + 0.1) / learnt
    grid = F.interpolate(grid, scale_factor=(factor, factor), mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


def _vit_block(weights: Weights, name: str, x: Tensor, heads: int) -> Tensor:
    y = _layer_norm(weights, f"{name}.layernorm_before", x, 1e-12)
    projections = (f"{name}.attention.attention.{part}" for part in ("query", "key", "value"))
    query, key, value = (_linear(weights, projection, y) for projection in projections)
    x = x + _linear(weights, f"{name}.attention.output.dense", _attention(query, key, value, heads))
    y = _linear(weights, f"{name}.intermediate.dense", _layer_norm(weights, f"{name}.layernorm_after", x, 1e-12))
    return x + _linear(weights, f"{name}.output.dense", F.gelu(y))


# --- the planes: transformer with cross-attention to the picture -----------------------------------------------------


@torch.inference_mode()
def backbone(weights: Weights, sizes: Sizes, picture_tokens: Tensor) -> Tensor:
    """(B, T, vit width) image tokens -> (B, 3 P², width) float32 triplane tokens, ordered plane, row, column."""
    x = start_tokens(weights, sizes).repeat(len(picture_tokens), 1, 1)
    picture_tokens = picture_tokens.to(weights[f"{_block_name(0)}.attn2.to_k.weight"].dtype)
    for index in range(sizes.blocks):
        if index:
            x += _self_attention(weights, _block_name(index), x, sizes.heads)
        x += _cross_attention(weights, _block_name(index), x, picture_tokens, sizes.heads)
        x += _feed_forward(weights, _block_name(index), x)
    return _linear(weights, "backbone.proj_out", x) + _learnt_tokens(weights)


@torch.inference_mode()
def start_tokens(weights: Weights, sizes: Sizes) -> Tensor:
    """(1, 3 P², inner) float32: the tokens after the first block's self-attention, where no photo has come in yet.

    They are the same for every photo: taken from `weights` where a conversion has stored them, else computed.
    """
    if START in weights:
        return weights[START]
    x = _learnt_tokens(weights).transpose(1, 2)
    x = F.group_norm(x, GROUPS, weights["backbone.norm.weight"], weights["backbone.norm.bias"], eps=1e-6)
    x = _linear(weights, "backbone.proj_in", x.transpose(1, 2)).float()
    return x + _self_attention(weights, _block_name(0), x, sizes.heads)


def _learnt_tokens(weights: Weights) -> Tensor:
    return weights["tokenizer.embeddings"].float().permute(0, 2, 3, 1).flatten(0, 2)[None]


def _block_name(index: int) -> str:
    return f"backbone.transformer_blocks.{index}"


def _self_attention(weights: Weights, name: str, x: Tensor, heads: int) -> Tensor:
    y = _layer_norm(weights, f"{name}.norm1", x, 1e-5)
    return _attend(weights, f"{name}.attn1", y, y, heads)


def _cross_attention(weights: Weights, name: str, x: Tensor, picture_tokens: Tensor, heads: int) -> Tensor:
    return _attend(weights, f"{name}.attn2", _layer_norm(weights, f"{name}.norm2", x, 1e-5), picture_tokens, heads)


def _feed_forward(weights: Weights, name: str, x: Tensor) -> Tensor:
    y = _linear(weights, f"{name}.ff.net.0.proj", _layer_norm(weights, f"{name}.norm3", x, 1e-5))
    hidden, gate = y.chunk(2, dim=-1)
    return _linear(weights, f"{name}.ff.net.2", F.gelu(gate).mul_(hidden))


def _attend(weights: Weights, name: str, x: Tensor, source: Tensor, heads: int) -> Tensor:
    query = _linear(weights, f"{name}.to_q", x)
    key, value = _linear(weights, f"{name}.to_k", source), _linear(weights, f"{name}.to_v", source)
    return _linear(weights, f"{name}.to_out.0", _attention(query, key, value, heads))


@torch.inference_mode()
def upsample(weights: Weights, sizes: Sizes, tokens: Tensor) -> Tensor:
    """(B, 3 P², width) triplane tokens -> (B, 3, C, 2P, 2P) float32: each plane through one transposed convolution."""
    batch, side = len(tokens), sizes.plane
    planes = tokens.view(batch * 3, side, side, -1).permute(0, 3, 1, 2)
    kernel, bias = weights["post_processor.upsample.weight"], weights["post_processor.upsample.bias"]
    codes = F.conv_transpose2d(planes, kernel.float(), bias.float(), stride=2)
    return codes.view(batch, 3, sizes.code_channels, 2 * side, 2 * side)


# --- parts -----------------------------------------------------------------------------------------------------------


def _linear(weights: Weights, name: str, x: Tensor) -> Tensor:
    matrix = weights[f"{name}.weight"]
    bias = weights.get(f"{name}.bias")
    return F.linear(x.to(matrix.dtype), matrix, None if bias is None else bias.to(matrix.dtype))


def _layer_norm(weights: Weights, name: str, x: Tensor, eps: float) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], eps)


def _attention(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """(B, N, heads · d), (B, M, heads · d) twice -> (B, N, heads · d): softmax(q kᵀ / √d) v for each head."""
    query, key, value = (x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (query, key, value))
    if query.dtype == torch.bfloat16 and query.device.type == "cpu":
        return _tiled_attention(query, key, value).transpose(1, 2).flatten(2)
    return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)


def _tiled_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """(B, H, N, d), (B, H, M, d) twice -> (B, H, N, d): plain products, tile by tile.

    torch's own attention on a CPU multiplies bfloat16 no faster than float32; plain products reach more than twice
    that, and a tile of scores stays in the third-level cache.
    """
    result = torch.empty_like(query)
    query = query * query.shape[-1] ** -0.5
    for index in itertools.product(range(query.shape[0]), range(query.shape[1])):
        transposed, values = key[index].T.contiguous(), value[index].contiguous()
        for rows in range(0, query.shape[2], TILE):
            scores = query[index][rows : rows + TILE] @ transposed
            result[index][rows : rows + TILE] = scores.softmax(dim=-1) @ values
    return result
