"""The loss terms of the compact network, and the metrics that tell how well it does."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import DISTANCE, Camera
from ml.engines.compact.extent import MIN_EXTENT, median_extent, target_distribution
from ml.engines.compact.network import BINS, GRID, CompactNetwork, Output, bin_centres
from ml.training import symmetry

Batch = dict[str, Tensor]
"""inputs (B, 5, P, P), silhouette (B, G, G) bool, depths (B, G, G, 3), occupancy (B, G, G, BINS) uint8,
back (B, 3, G, G) in [0, 1], elevation (B,)."""


@dataclass(frozen=True)
class Config:
    """Weights of the loss terms. Depths in canonical units."""

    front: float = 4.0
    front_relief: float = 6.0
    thickness: float = 3.0
    log_thickness: float = 0.15
    """Weight of the ratio of thicknesses, which keeps thin parts thin."""
    back: float = 2.5
    back_relief: float = 3.0
    close: float = 0.4
    """Weight of the fraction of first and last surfaces that are not close; see `not_close`."""
    close_distance: float = 0.08
    """Depth error at which a surface is 37 % close: that of the F-scores' distances, 0.05 and 0.1."""
    hidden: float = 1.0
    color: float = 0.4
    elevation: float = 0.06
    """Per degree."""
    extent: float = 0.2
    """Weight of the cross-entropy of the extent's distribution."""
    mirror: float = 0.2
    """Weight of the mean cross-entropy of the mirror planes."""
    normal: float = 0.4
    """Weight of 1 − cosine between the first surface's normals."""
    smooth_step: float = 0.08
    """Depth steps between neighbouring pixels above which no normal is compared."""
    in_front: float = 0.15
    """Weight of a depth bin up to the end of the front layer, where the two surfaces decide; 1 behind it."""
    hidden_scale: float = 8.0
    """Divisor of a pixel's cross-entropy, summed over its bins."""
    pixels: int = 4096
    """Silhouette pixels drawn from a batch for the loss of the depth bins."""
    min_thickness: float = 0.01
    """Lower bound of a thickness before its logarithm is taken; the network's own lower bound."""
    relief_steps: tuple[int, ...] = (1, 3, 9)
    """Distances in pixels over which depth differences are compared."""
    max_relief: float = 0.3
    """Cap of one difference, so that the edge of a part in front of another does not outweigh all else."""


CONFIG = Config()


def losses(network: CompactNetwork, output: Output, batch: Batch, config: Config = CONFIG) -> dict[str, Tensor]:
    """Weighted loss terms by name; training minimises their sum."""
    silhouette, depths = batch["silhouette"], torch.nan_to_num(batch["depths"])
    front, end, back = depths.unbind(dim=-1)
    length = end - front
    log_length = length.clamp_min(config.min_thickness).log()
    color = (output.back_color - batch["back"]).abs().mean(dim=1)
    return {
        "front": config.front * _masked_mean(output.front - front, silhouette),
        "relief": config.front_relief * relief(output.front, front, silhouette, config),
        "thickness": config.thickness * _masked_mean(output.thickness - length, silhouette)
        + config.log_thickness * _masked_mean(output.thickness.log() - log_length, silhouette),
        "back": config.back * _masked_mean(output.back - back, silhouette)
        + config.back_relief * relief(output.back, back, silhouette, config),
        "close": config.close
        * (not_close(output.front - front, silhouette, config) + not_close(output.back - back, silhouette, config)),
        "hidden": config.hidden * hidden(network, output, batch, end, config),
        "color": config.color * _masked_mean(color, silhouette),
        "elevation": config.elevation * (output.elevation - batch["elevation"]).abs().mean(),
        "normal": config.normal * normal_error(output.front, front, silhouette, config),
        "extent": config.extent * extent_error(output.extent, true_extent(batch)),
        "mirror": config.mirror * mirror_error(output.mirror, batch),
    }


def true_extent(batch: Batch) -> Tensor:
    """(B,) half the distance between the nearest and the farthest point along the view; see `ml.engines.compact`.

    At least MIN_EXTENT, also of an object that was stretched out of its picture.
    """
    depths, outside = batch["depths"], ~batch["silhouette"]
    far = depths[..., 2].masked_fill(outside, -torch.inf).amax(dim=(1, 2))
    near = depths[..., 0].masked_fill(outside, torch.inf).amin(dim=(1, 2))
    return ((far - near) / 2.0).clamp_min(MIN_EXTENT)


def extent_error(logits: Tensor | None, extent: Tensor) -> Tensor:
    """Mean cross-entropy of the extent's distribution; 0 for a network without one."""
    if logits is None:
        return extent.new_zeros(())
    target = target_distribution(extent, logits.shape[1])
    return -(target * logits.log_softmax(dim=1)).sum(dim=1).mean()


def mirror_error(logits: Tensor | None, batch: Batch) -> Tensor:
    """Mean cross-entropy of the mirror planes; 0 for a network without them."""
    if logits is None:
        return batch["elevation"].new_zeros(())
    return F.binary_cross_entropy_with_logits(logits, true_planes(batch))


def true_planes(batch: Batch) -> Tensor:
    """(B, ANGLES) how far each upright plane is a mirror plane of the batch's objects, in [0, 1]."""
    return symmetry.planes(batch["occupancy"], batch["silhouette"], batch["elevation"])


def normal_error(predicted: Tensor, target: Tensor, silhouette: Tensor, config: Config = CONFIG) -> Tensor:
    """Mean 1 − cosine of the angle between the normals of two (B, G, G) surfaces, away from depth steps."""
    right, down = target[:, :-1, 1:] - target[:, :-1, :-1], target[:, 1:, :-1] - target[:, :-1, :-1]
    inside = silhouette[:, :-1, 1:] & silhouette[:, 1:, :-1] & silhouette[:, :-1, :-1]
    smooth = inside & (right.abs() < config.smooth_step) & (down.abs() < config.smooth_step)
    cosine = (_normals(predicted) * _normals(target)).sum(dim=-1)
    return ((1.0 - cosine) * smooth).sum() / smooth.sum().clamp_min(1)


def _normals(depth: Tensor) -> Tensor:
    """(B, G, G) depth offsets -> (B, G − 1, G − 1, 3) unit normals in camera space."""
    steps = (torch.arange(GRID, device=depth.device) + 0.5) / GRID * 2.0 - 1.0
    distance = (depth + DISTANCE) / Camera().focal
    points = torch.stack([steps * distance, steps[:, None] * distance, depth], dim=-1)
    corner = points[:, :-1, :-1]
    return F.normalize(torch.linalg.cross(points[:, :-1, 1:] - corner, points[:, 1:, :-1] - corner), dim=-1, eps=1e-9)


def _masked_mean(error: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error over the mask; 0 where it is empty."""
    return (error.abs() * mask).sum() / mask.sum().clamp_min(1)


def not_close(error: Tensor, mask: Tensor, config: Config = CONFIG) -> Tensor:
    """A smooth fraction of the mask whose error is large: like an F-score it rewards what can be met exactly, where
    the mean absolute error alone prefers a compromise between two possible depths (Welsch's loss)."""
    return _masked_mean(1.0 - (-(error / config.close_distance).square()).exp(), mask)


def relief(predicted: Tensor, target: Tensor, silhouette: Tensor, config: Config = CONFIG) -> Tensor:
    """Mean error of depth differences between nearby pixels: the shape of a surface regardless of its distance."""
    error, total = predicted - target, predicted.new_zeros(())
    for step in config.relief_steps:
        for dim in (1, 2):
            size = error.shape[dim] - step
            both = silhouette.narrow(dim, 0, size) & silhouette.narrow(dim, step, size)
            change = error.narrow(dim, step, size) - error.narrow(dim, 0, size)
            total = total + (change.abs().clamp_max(config.max_relief) * both).sum() / both.sum().clamp_min(1)
    return total / (2.0 * len(config.relief_steps))


def hidden(network: CompactNetwork, output: Output, batch: Batch, end: Tensor, config: Config = CONFIG) -> Tensor:
    """Cross-entropy of the depth bins at randomly chosen silhouette pixels; `end` (B, G, G) of the front layer."""
    pixels = batch["silhouette"].flatten().nonzero().squeeze(1)
    pixels = pixels[torch.randint(len(pixels), (config.pixels,))]
    logits = network.hidden(output.features.reshape(-1, output.features.shape[-1])[pixels]).float()
    target = batch["occupancy"].reshape(-1, BINS)[pixels].float()
    behind = (bin_centres().to(end.device) > end.flatten()[pixels][:, None]).float()
    weight = config.in_front + (1.0 - config.in_front) * behind
    loss = F.binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="sum")
    return loss / config.pixels / config.hidden_scale


def decode_occupancy(front: Tensor, thickness: Tensor, logits: Tensor, threshold: float = 0.0) -> Tensor:
    """(…) front and thickness, (…, BINS) logits -> (…, BINS) bool: the front layer, and filled bins behind it."""
    centres = bin_centres().to(front.device)
    half = float(centres[1] - centres[0]) / 2.0
    end = (front + thickness)[..., None]
    front_layer = (centres >= front[..., None] - half) & (centres <= end + half)
    return front_layer | ((centres > end) & (logits > threshold))


@torch.no_grad()
def metrics(network: CompactNetwork, output: Output, batch: Batch) -> dict[str, float]:
    """Mean depth errors (canonical units), mean volumetric IoU along the rays, median elevation error in degrees."""
    silhouette, depths = batch["silhouette"], torch.nan_to_num(batch["depths"])
    logits = network.hidden(output.features).float()
    filled = decode_occupancy(output.front, output.thickness, logits) & silhouette[..., None]
    target = batch["occupancy"].bool() & silhouette[..., None]
    intersection, union = (filled & target).sum((1, 2, 3)), (filled | target).sum((1, 2, 3))
    extent = median_extent(output.extent)
    known = {} if extent is None else {"extent": float((extent / true_extent(batch)).log().abs().mean())}
    if output.mirror is not None:
        known["mirror"] = float(mirror_error(output.mirror, batch))
    return known | {
        "front": float(_masked_mean(output.front - depths[..., 0], silhouette)),
        "thickness": float(_masked_mean(output.thickness - (depths[..., 1] - depths[..., 0]), silhouette)),
        "back": float(_masked_mean(output.back - depths[..., 2], silhouette)),
        "iou": float((intersection / union.clamp_min(1)).mean()),
        "elevation": float((output.elevation - batch["elevation"]).abs().median()),
        "color": float(_masked_mean((output.back_color - batch["back"]).abs().mean(dim=1), silhouette)),
    }
