"""What the network is punished for, and the figures of how well it does."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.engines.compact.network import BINS, CompactNetwork, Output, bin_centres

Batch = dict[str, Tensor]
"""inputs (B, 5, P, P), seen (B, G, G) bool, depths (B, G, G, 3), occupancy (B, G, G, BINS) uint8,
back (B, 3, G, G) in [0, 1], elevation (B,)."""
PIXELS = 4096
"""Pixels of a batch, drawn from all silhouettes, on which the occupancy of hidden bins is judged."""


def losses(network: CompactNetwork, output: Output, batch: Batch) -> dict[str, Tensor]:
    """Each term alone, already weighted; their sum is what training lowers."""
    seen, depths = batch["seen"], torch.nan_to_num(batch["depths"])
    front, end, back = depths.unbind(dim=-1)
    length = end - front
    color = (output.back_color - batch["back"]).abs().mean(dim=1)
    return {
        "front": 4.0 * _masked(output.front - front, seen),
        "relief": 6.0 * relief(output.front, front, seen),
        "thickness": 3.0 * _masked(output.thickness - length, seen)
        + 0.15 * _masked(output.thickness.log() - length.clamp_min(0.01).log(), seen),
        "back": 2.5 * _masked(output.back - back, seen) + 3.0 * relief(output.back, back, seen),
        "hidden": 1.0 * hidden(network, output, batch, end),
        "color": 0.4 * _masked(color, seen),
        "elevation": 0.06 * (output.elevation - batch["elevation"]).abs().mean(),
    }


def _masked(error: Tensor, seen: Tensor) -> Tensor:
    return (error.abs() * seen).sum() / seen.sum().clamp_min(1)


def relief(guess: Tensor, truth: Tensor, seen: Tensor) -> Tensor:
    """Error of depth differences between pixels 1, 3 and 9 apart: the shape of the surface whatever its distance.

    Differences are capped, so that an outline in front of another does not outweigh all else.
    """
    error, total = guess - truth, guess.new_zeros(())
    for step in (1, 3, 9):
        for dim in (1, 2):
            size = error.shape[dim] - step
            both = seen.narrow(dim, 0, size) & seen.narrow(dim, step, size)
            change = error.narrow(dim, step, size) - error.narrow(dim, 0, size)
            total = total + (change.abs().clamp_max(0.3) * both).sum() / both.sum().clamp_min(1)
    return total / 6.0


def hidden(network: CompactNetwork, output: Output, batch: Batch, end: Tensor) -> Tensor:
    """Cross-entropy of the bins at sampled pixels; bins up to the end of the first part count little."""
    places = batch["seen"].flatten().nonzero().squeeze(1)
    places = places[torch.randint(len(places), (PIXELS,))]
    logits = network.hidden(output.features.reshape(-1, output.features.shape[-1])[places]).float()
    truth = batch["occupancy"].reshape(-1, BINS)[places].float()
    behind = (bin_centres() > end.flatten()[places][:, None]).float()
    weight = 0.15 + 0.85 * behind
    loss = F.binary_cross_entropy_with_logits(logits, truth, weight=weight, reduction="sum")
    return loss / PIXELS / 8.0


def decode(front: Tensor, thickness: Tensor, logits: Tensor, threshold: float = 0.0) -> Tensor:
    """(…) front and thickness, (…, BINS) logits -> (…, BINS) bool: the first part, and filled bins behind it."""
    centres = bin_centres()
    half = float(centres[1] - centres[0]) / 2.0
    end = (front + thickness)[..., None]
    first = (centres >= front[..., None] - half) & (centres <= end + half)
    return first | ((centres > end) & (logits > threshold))


@torch.no_grad()
def figures(network: CompactNetwork, output: Output, batch: Batch) -> dict[str, float]:
    """Mean depth errors (canonical units), volumetric IoU along the rays per object, median elevation error."""
    seen, depths = batch["seen"], torch.nan_to_num(batch["depths"])
    filled = decode(output.front, output.thickness, network.hidden(output.features).float()) & seen[..., None]
    truth = batch["occupancy"].bool() & seen[..., None]
    both, either = (filled & truth).sum((1, 2, 3)), (filled | truth).sum((1, 2, 3))
    return {
        "front": float(_masked(output.front - depths[..., 0], seen)),
        "thickness": float(_masked(output.thickness - (depths[..., 1] - depths[..., 0]), seen)),
        "back": float(_masked(output.back - depths[..., 2], seen)),
        "iou": float((both / either.clamp_min(1)).mean()),
        "elevation": float((output.elevation - batch["elevation"]).abs().median()),
        "color": float(_masked((output.back_color - batch["back"]).abs().mean(dim=1), seen)),
    }
