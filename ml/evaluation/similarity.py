"""How alike two pictures of an object look: PSNR, SSIM, and a distance between features of the compact network."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from ml.core.images import GREY, Floats, blend
from ml.core.masks import Mask
from ml.engines.compact.decode import network_input
from ml.engines.compact.network import CompactNetwork
from ml.render.mesh_renderer import Picture

SSIM_SIGMA, SSIM_RANGE = 1.5, (0.01**2, 0.03**2)
"""Window and constants of SSIM (Wang et al. 2004) for values in [0, 1]."""
MIN_ERROR = 1e-10
"""Mean squared error at which the PSNR is capped, at 100 dB."""


@dataclass(frozen=True)
class Similarity:
    """PSNR in dB and SSIM (higher is better), perceptual distance from 0 (the same) to 2 (lower is better)."""

    psnr: float
    ssim: float
    perceptual: float


def compare(network: CompactNetwork, first: Picture, second: Picture) -> Similarity:
    """Two (S, S, 4) uint8 pictures with straight alpha, on middle grey, where at least one shows the object."""
    object_pixels = np.asarray((first[..., 3] > 127) | (second[..., 3] > 127))
    one, other = (np.asarray(blend(picture, GREY) / np.float32(255.0), np.float32) for picture in (first, second))
    return Similarity(
        _psnr(one, other, object_pixels),
        ssim(one.mean(axis=2), other.mean(axis=2), object_pixels),
        _perceptual_distance(network, first, second, object_pixels),
    )


def _psnr(one: Floats, other: Floats, pixels: Mask) -> float:
    error = float(np.mean((one[pixels] - other[pixels]) ** 2)) if pixels.any() else 0.0
    return -10.0 * float(np.log10(max(error, MIN_ERROR)))


def ssim(one: Floats, other: Floats, pixels: Mask) -> float:
    """Mean structural similarity of two (S, S) grey pictures over `pixels`."""
    mean_one, mean_other = _blur(one), _blur(other)
    variance = _blur(one * one) - mean_one**2 + _blur(other * other) - mean_other**2
    covariance = _blur(one * other) - mean_one * mean_other
    low, high = SSIM_RANGE
    top = (2.0 * mean_one * mean_other + low) * (2.0 * covariance + high)
    values = top / ((mean_one**2 + mean_other**2 + low) * (variance + high))
    return float(values[pixels].mean()) if pixels.any() else 1.0


def _blur(picture: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), SSIM_SIGMA), np.float32)


def _perceptual_distance(network: CompactNetwork, first: Picture, second: Picture, pixels: Mask) -> float:
    """Mean over two scales of the squared distance between unit feature vectors, as in LPIPS without its weights.

    Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric" (CVPR 2018).
    """
    distances = []
    for one, other in zip(_features(network, first), _features(network, second), strict=True):
        apart = ((F.normalize(one, dim=0) - F.normalize(other, dim=0)) ** 2).sum(dim=0).numpy()
        cover = cv2.resize(pixels.astype(np.float32), apart.shape[::-1], interpolation=cv2.INTER_AREA)
        distances.append(float((apart * cover).sum() / max(float(cover.sum()), 1e-6)))
    return float(np.mean(distances))


@torch.inference_mode()
def _features(network: CompactNetwork, picture: Picture) -> tuple[torch.Tensor, torch.Tensor]:
    """The encoder's maps (C, H, W) at a quarter and an eighth of the network's picture."""
    encoded = network.encoded(network_input(picture, exact=network.config.exact_distances))
    return encoded.fine[0], encoded.middle[0]
