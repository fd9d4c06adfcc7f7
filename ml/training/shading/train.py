"""Train the shading network: `python -m ml.training.shading.train FOLDER [--minutes N]`.

`FOLDER` holds samples of `ml.training.shading.samples` in `data` and, to measure, in `held`. Starts from the shipped
weights if there are any, and replaces them at the end with the averaged new ones.
"""

from __future__ import annotations

import argparse
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from ml.texture import shading_network
from ml.texture.shading_network import ShadingNetwork, encode
from ml.training.conventions import GAMMA, Sample
from ml.training.optimizer import Muon, clip_gradients, split
from ml.training.train import gather, open_shards, sample_indices, schedule

ARRAYS = ("picture", "cover", "shading", "change", "normals")
"""File names of a shard's arrays."""
RATE, AVERAGE = 4e-3, 0.998
"""Peak learning rate, and the decay of the averaged weights."""
OUTPUT_LAYERS = ("pos_embed", "change", "detail.2")
"""Parameters that AdamW takes although they are matrices, as in `ml.training.optimizer`."""
BATCH = 40
CHANGE_WEIGHT = 0.15
"""Of the change with the normal, relative to the shading itself."""
MAX_SHADING, MAX_CHANGE = 3.0, 4.0
"""Log brightness, and its change per radian, beyond which nothing is learnt: rims that hardly get any light."""
PAINTED = 0.4
"""How often a part of the picture is painted: a border that is no edge of the shape is no light."""
REPORT_SECONDS = 60.0


@dataclass(frozen=True)
class Batch:
    """Tensors: `colors` and `normals` as the network reads them, `mask` (B, P, P), and what it should predict."""

    colors: Tensor
    normals: Tensor
    mask: Tensor
    shading: Tensor
    change: Tensor


def to_batch(raw: Sample, rng: np.random.Generator | None) -> Batch:
    """Arrays of a shard -> tensors, mirrored and with other colours and noise if `rng` is given."""
    picture, cover = raw["picture"].astype(np.float32) / 255.0, raw["cover"] > 127
    normals, change = raw["normals"].astype(np.float32) / 127.0, raw["change"].astype(np.float32)
    shading = raw["shading"].astype(np.float32)
    if rng is not None:
        mirrored = rng.random(len(cover)) < 0.5
        for values in (picture, cover, shading, normals, change):
            values[mirrored] = values[mirrored][:, :, ::-1]
        for vectors in (normals, change):
            vectors[mirrored, ..., 0] *= -1.0
        picture = np.stack([degraded(image, rng) for image in picture])
    colors = torch.from_numpy(picture**GAMMA).permute(0, 3, 1, 2).float()
    mask = torch.from_numpy(cover).float()
    return Batch(
        colors=encode(colors, mask),
        normals=torch.from_numpy(normals).permute(0, 3, 1, 2),
        mask=mask,
        shading=torch.from_numpy(shading).clamp(-MAX_SHADING, MAX_SHADING),
        change=torch.from_numpy(change).permute(0, 3, 1, 2).clamp(-MAX_CHANGE, MAX_CHANGE),
    )


def degraded(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(P, P, 3) sRGB: colours permuted, a part painted, another exposure and white balance, blur, noise, 8 bits."""
    if rng.random() < 0.5:
        image = image[..., rng.permutation(3)]
    if rng.random() < PAINTED:
        image = painted(image, rng)
    gain = np.exp(rng.normal(0.0, 0.3) + rng.normal(0.0, 0.1, 3))
    image = (image**GAMMA * gain).clip(0.0, 1.0) ** (1.0 / GAMMA)
    if rng.random() < 0.3:
        image = cv2.blur(image, (3, 3), borderType=cv2.BORDER_REPLICATE)
    noisy = image + rng.normal(0.0, rng.uniform(0.0, 0.02), image.shape)
    return np.asarray((noisy.clip(0.0, 1.0) * 255.0).round() / 255.0, np.float32)


def painted(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(P, P, 3) sRGB with a stripe or a half in another colour and brightness, in the same light."""
    angle, size = rng.uniform(0.0, 2.0 * np.pi), len(image)
    row, column = np.mgrid[0:size, 0:size] / size - 0.5
    along = row * np.sin(angle) + column * np.cos(angle) - rng.uniform(-0.25, 0.25)
    wide = np.inf if rng.random() < 0.5 else rng.uniform(0.03, 0.25)
    part = ((along > 0.0) & (along < wide))[..., None]
    change = np.exp(rng.normal(0.0, 0.7) + rng.normal(0.0, 0.35, 3))
    return np.asarray(np.where(part, image * (change / max(change.max(), 1.0)) ** (1.0 / GAMMA), image), np.float32)


def losses(network: ShadingNetwork, batch: Batch) -> dict[str, Tensor]:
    """Mean absolute errors: of the log shading, after the best constant for each picture, and of its change."""
    shading, change = network(batch.colors, batch.normals)
    difference = (_centered(shading, batch.mask) - _centered(batch.shading, batch.mask)).abs()
    weight = F.avg_pool2d(batch.mask[:, None], shading_network.PICTURE // shading_network.CHANGES)
    return {
        "shading": (difference * batch.mask).sum() / batch.mask.sum(),
        "change": ((change - batch.change).abs() * weight).sum() / weight.sum(),
    }


def _centered(values: Tensor, mask: Tensor) -> Tensor:
    """(B, P, P) minus the mean over the mask."""
    return values - (values * mask).sum((1, 2), keepdim=True) / mask.sum((1, 2), keepdim=True).clamp_min(1.0)


@torch.no_grad()
def evaluate(network: ShadingNetwork, folder: Path) -> dict[str, float]:
    """`losses` of all samples in a folder."""
    network.eval()
    shards = open_shards(folder, ARRAYS)
    indices = sample_indices(shards)
    parts = np.array_split(indices, max(1, round(len(indices) / BATCH)))
    found = [losses(network, to_batch(gather(shards, part), None)) for part in parts]
    return {key: round(float(torch.stack([terms[key] for terms in found]).mean()), 4) for key in found[0]}


def train(folder: Path, minutes: float, *, seed: int = 0, batch: int = BATCH) -> ShadingNetwork:
    """The averaged weights after `minutes`; prints how good they are on the held-out samples every minute."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = deepcopy(shading_network.network()) if shading_network.WEIGHTS.is_file() else ShadingNetwork()
    averaged = deepcopy(network)
    matrices, others = split(network, OUTPUT_LAYERS)
    adam = torch.optim.AdamW(others, lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)
    optimizers = (Muon(matrices, lr=RATE), adam)
    shards = open_shards(folder / "data", ARRAYS)
    indices = sample_indices(shards)
    started = reported = time.monotonic()
    fraction, step = 0.0, 0
    while fraction < 1.0:
        raw = gather(shards, indices[rng.integers(len(indices), size=batch)])
        _step(network, averaged, optimizers, to_batch(raw, rng), rate=schedule(fraction, RATE), step=step)
        step, fraction = step + 1, (time.monotonic() - started) / 60.0 / minutes
        if time.monotonic() - reported > REPORT_SECONDS or fraction >= 1.0:
            print(step, evaluate(averaged, folder / "held"), flush=True)
            reported = time.monotonic()
    return averaged


def _step(
    network: ShadingNetwork,
    averaged: ShadingNetwork,
    optimizers: tuple[torch.optim.Optimizer, ...],
    batch: Batch,
    *,
    rate: float,
    step: int,
) -> None:
    """One step of the optimisers and of the averaged weights."""
    terms = losses(network, batch)
    network.zero_grad(set_to_none=True)
    (terms["shading"] + CHANGE_WEIGHT * terms["change"]).backward()  # type: ignore[no-untyped-call]
    clip_gradients(network)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    with torch.no_grad():
        weight = 1.0 - min(AVERAGE, (1.0 + step) / (20.0 + step))
        for mean, latest in zip(averaged.parameters(), network.parameters(), strict=True):
            mean.lerp_(latest, weight)


def save(network: ShadingNetwork, target: Path = shading_network.WEIGHTS) -> None:
    """Write the weights in half precision."""
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: values.half().contiguous() for name, values in network.state_dict().items()}, target)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    save(train(options.folder, options.minutes))


if __name__ == "__main__":
    main()
