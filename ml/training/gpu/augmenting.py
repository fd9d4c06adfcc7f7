"""Photo faults on the device, new for every batch (see `ml.training.augment`), and the network's input."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.engines.compact.network import BINS, PICTURE
from ml.training.gpu.materials import chance, uniform_on
from ml.training.losses import Batch

DISTANCE_SCALE = 16.0
"""Pixels of distance to the silhouette's edge that count as one, as in `ml.engines.compact.network.encode`."""
BLUR_RADIUS = 4
"""Pixels that the widest blur reaches: 2.5 standard deviations."""
DCT = 8
"""Side of a block of JPEG."""

Sample = dict[str, Tensor]
"""Fields of `ml.training.gpu.rendering.Rendered` by name, for B samples."""


def as_batch(raw: Sample, random: torch.Generator | None) -> Batch:
    """Stored samples -> what the losses need; with a generator mirrored, stretched, recoloured and photographed."""
    picture, cover = raw["picture"].float() / 255.0, raw["cover"].float() / 255.0
    fields = {
        "picture": picture.permute(0, 3, 1, 2),
        "cover": cover[:, None],
        "back": raw["back"].float().permute(0, 3, 1, 2) / 255.0,
        "depths": raw["depths"].float().permute(0, 3, 1, 2),
        "occupancy": unpacked(raw["occupancy"]).permute(0, 3, 1, 2),
    }
    if random is not None:
        fields = _colors_swapped(_stretched(_mirrored(fields, random), random), random)
        fields["picture"] = photographed(fields["picture"], random)
        fields["cover"] = badly_cut(fields["cover"], random)
    depths = fields["depths"].permute(0, 2, 3, 1)
    return {
        "inputs": encoded(fields["picture"], fields["cover"][:, 0]),
        "silhouette": depths[..., 0].isfinite(),
        "depths": depths,
        "occupancy": fields["occupancy"].permute(0, 2, 3, 1),
        "back": fields["back"],
        "elevation": raw["angles"][:, 0],
    }


def unpacked(bits: Tensor) -> Tensor:
    """(B, G, G) int64 -> (B, G, G, BINS) uint8."""
    return (bits[..., None] >> torch.arange(BINS, device=bits.device) & 1).to(torch.uint8)


def encoded(picture: Tensor, mask: Tensor) -> Tensor:
    """(B, 3, P, P) and (B, P, P) -> the network's (B, 5, P, P) input."""
    distance = distance_inside(mask > 0.5) / DISTANCE_SCALE
    return torch.cat([(picture - 0.5) * mask[:, None] * 2.0, mask[:, None], distance[:, None]], dim=1)


def distance_inside(mask: Tensor) -> Tensor:
    """(B, P, P) bool -> distance in pixels to the nearest pixel outside, exact (Felzenszwalb and Huttenlocher 2012).

    Their lower envelope is found by comparing all pairs of rows, which suits a GPU.
    """
    size = mask.shape[-1]
    steps = torch.arange(size, device=mask.device, dtype=torch.float32)
    gap = (steps[:, None] - steps[None]).square()
    far = torch.tensor(float(4 * size * size), device=mask.device)
    in_row = torch.where(mask[:, :, None, :], far, gap).amin(dim=-1)
    squared = torch.stack([(in_row + gap[row][None, :, None]).amin(dim=1) for row in range(size)], dim=1)
    return squared.clamp_max(2.0 * size * size).sqrt()


def _mirrored(fields: Sample, random: torch.Generator) -> Sample:
    """Half of the samples, left to right."""
    flip = uniform_on(random)((len(fields["cover"]), 1, 1, 1), 0.0, 1.0) < 0.5
    return {key: torch.where(flip, values.flip(3), values) for key, values in fields.items()}


def _stretched(fields: Sample, random: torch.Generator) -> Sample:
    """Half of the tall objects wider or narrower, as far as the frame allows; exact in perspective, depths stay."""
    cover = fields["cover"][:, 0] > 0.5
    wide = cover.any(dim=1).sum(dim=1).clamp_min(1).float()
    high = cover.any(dim=2).sum(dim=1).clamp_min(1).float()
    uniform, count = uniform_on(random), len(cover)
    most = (high / wide).clamp(1.0, 1.6)
    factor = (uniform((count,), 0.0, 1.0) * (most.log() - _log(0.6)) + _log(0.6)).exp()
    chosen = (uniform((count,), 0.0, 1.0) < 0.5) & (wide < high)
    factor = torch.where(chosen, factor, 1.0)
    return {key: _columns_stretched(values, factor, key) for key, values in fields.items()}


def _log(value: float) -> Tensor:
    return torch.tensor(value).log()


def _columns_stretched(values: Tensor, factor: Tensor, key: str) -> Tensor:
    """(B, C, H, W) with its columns `factor` (B,) times as wide around the middle; empty where nothing was."""
    count = values.shape[3]
    columns = torch.arange(count, device=values.device) + 0.5 - count / 2
    source = (columns[None] / factor[:, None] + count / 2).floor().long()
    inside = (source >= 0) & (source < count)
    index = source.clamp(0, count - 1)[:, None, None].expand(-1, values.shape[1], values.shape[2], -1)
    result = values.gather(3, index)
    if key == "picture":  # its backdrop goes on
        return result
    empty = torch.nan if key == "depths" else 0
    return torch.where(inside[:, None, None], result, empty).to(values.dtype)


def _colors_swapped(fields: Sample, random: torch.Generator) -> Sample:
    """Red, green and blue exchanged in a third of the samples, in picture and back alike."""
    count = len(fields["cover"])
    order = torch.rand(count, 3, generator=random, device=random.device).argsort(dim=1)
    kept = torch.arange(3, device=random.device).expand(count, 3)
    order = torch.where(uniform_on(random)((count, 1), 0.0, 1.0) < 0.33, order, kept)
    swapped = {
        key: fields[key].gather(1, order[:, :, None, None].expand_as(fields[key])) for key in ("picture", "back")
    }
    return {**fields, **swapped}


def photographed(picture: Tensor, random: torch.Generator) -> Tensor:
    """(B, 3, P, P) sRGB in [0, 1] with JPEG losses, blur, exposure, white balance, gamma, grey, and noise."""
    uniform, count = uniform_on(random), len(picture)
    shape = (count, 1, 1, 1)
    image = torch.where(chance(0.3, shape, random), _jpeg_losses(picture, uniform(shape, 0.01, 0.12)), picture)
    image = torch.where(chance(0.35, shape, random), blurred(image, uniform((count,), 0.4, 1.6)), image)
    gain = uniform(shape, 0.75, 1.3) * uniform((count, 3, 1, 1), 0.88, 1.12)
    image = (image * gain).clamp(0.0, 1.0) ** uniform(shape, 0.7, 1.4)
    image = torch.where(chance(0.08, shape, random), image.mean(dim=1, keepdim=True), image)
    noise = torch.randn(image.shape, generator=random, device=image.device) * uniform(shape, 0.005, 0.05)
    return torch.where(chance(0.4, shape, random), image + noise, image).clamp(0.0, 1.0)


def badly_cut(mask: Tensor, random: torch.Generator) -> Tensor:
    """(B, 1, P, P) masks with soft, grown or shrunk edges, and sometimes a bite taken out or a blob left over."""
    uniform, count = uniform_on(random), len(mask)
    soft = blurred(mask, uniform((count,), 0.5, 1.5))
    shape = (count, 1, 1, 1)
    cut = ((soft - 0.5) * uniform(shape, 1.0, 4.0) + uniform(shape, 0.35, 0.65)).clamp(0.0, 1.0)
    mask = torch.where(uniform(shape, 0.0, 1.0) < 0.5, cut, mask)
    steps = torch.arange(PICTURE, device=mask.device, dtype=torch.float32)
    x, y = uniform(shape, 20.0, 108.0), uniform(shape, 20.0, 108.0)
    disk = (steps - x).square() + (steps[:, None] - y).square() < uniform(shape, 3.0, 10.0).square()
    faulty = uniform(shape, 0.0, 1.0) < 0.06
    return torch.where(disk & faulty, (uniform(shape, 0.0, 1.0) < 0.5).float(), mask)


def blurred(values: Tensor, sigma: Tensor) -> Tensor:
    """(B, C, H, W) blurred by a Gaussian of its own standard deviation (B,) in pixels for each sample."""
    steps = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=values.device, dtype=torch.float32)
    kernel = (-steps.square() / (2.0 * sigma[:, None].square())).exp()
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(values.shape[1], 0)[:, None]
    flat = F.pad(values.flatten(0, 1)[None], [BLUR_RADIUS] * 4, mode="replicate")
    across = F.conv2d(flat, kernel[:, :, None], groups=len(kernel))
    return F.conv2d(across, kernel[..., None], groups=len(kernel))[0].view_as(values)


def _jpeg_losses(picture: Tensor, step: Tensor) -> Tensor:
    """What JPEG loses: the cosine coefficients of 8 × 8 blocks rounded, the coarser the higher their frequency."""
    basis = _cosines(picture.device)
    rows, columns = picture.shape[2] // DCT, picture.shape[3] // DCT
    blocks = picture.view(*picture.shape[:2], rows, DCT, columns, DCT).permute(0, 1, 2, 4, 3, 5)
    coefficients = basis @ blocks @ basis.T
    order = torch.arange(DCT, device=picture.device)
    scale = step[..., None, None] * (1.0 + (order[:, None] + order).float())
    restored: Tensor = basis.T @ ((coefficients / scale).round() * scale) @ basis
    return restored.permute(0, 1, 2, 4, 3, 5).reshape(picture.shape)


def _cosines(device: torch.device) -> Tensor:
    """(8, 8) orthonormal cosine transform (DCT-II)."""
    order = torch.arange(DCT, device=device, dtype=torch.float32)
    basis: Tensor = ((order + 0.5)[None] * order[:, None] * torch.pi / DCT).cos() * (2.0 / DCT) ** 0.5
    basis[0] /= 2.0**0.5
    return basis
