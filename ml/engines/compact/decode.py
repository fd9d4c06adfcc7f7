"""From the network's words to a solid: a density along the photo's rays, cut by the photo's own mask.

The solid lives in a grid that fans out with the photo's rays, so that the silhouette is met by construction; the mask
at its full resolution cuts the sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from ml.camera import Camera
from ml.engines.compact.network import GRID, PICTURE, REACH, CompactNetwork, encode

SOFT = 0.08
"""Densities run from −SOFT to SOFT around the surface: canonical distance along the ray."""
THINNEST = 0.045
"""Least length of the first part along a ray, so that a plate or a leg outlives the surface's lattice."""
DEPTHS = 96


@dataclass(frozen=True)
class RayVolume:
    """A solid seen along the rays of a photo.

    `density` (DEPTHS, GRID, GRID) over depth offsets −REACH … REACH, rows and columns of the picture; positive inside.
    `outline` (S, S): signed distance to the mask's edge, canonical units at the object's middle, positive inside.
    """

    density: Tensor
    outline: Tensor
    camera: Camera

    def at(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) density, trilinear along the rays and cut by the outline."""
        picture = self.camera.project(points)
        depth = (picture[:, 2:] - self.camera.distance) / REACH
        places = torch.cat([picture[:, :2], depth], dim=1)[None, None, None]
        inner = F.grid_sample(self.density[None, None], places, padding_mode="border", align_corners=False)
        flat = picture[:, :2][None, None]
        edge = F.grid_sample(self.outline[None, None], flat, padding_mode="border", align_corners=False)
        return torch.minimum(inner.flatten(), edge.flatten())


def small_picture(rgba: NDArray[np.uint8]) -> Tensor:
    """(S, S, 4) uint8 straight alpha -> (1, 5, PICTURE, PICTURE) network input."""
    values = rgba.astype(np.float32) / 255.0
    alpha = values[..., 3:]
    small = cv2.resize(
        np.concatenate([values[..., :3] * alpha, alpha], axis=2), (PICTURE, PICTURE), interpolation=cv2.INTER_AREA
    )
    color = small[..., :3] / np.maximum(small[..., 3:], 1e-3)
    return encode(
        torch.from_numpy(color).permute(2, 0, 1)[None].clamp(0, 1), torch.from_numpy(small[None, ..., 3].copy())
    )


def signed_outline(alpha: NDArray[np.float32]) -> Tensor:
    """(S, S) opacity -> (S, S) signed distance to its edge in canonical units at the object's middle."""
    inside = alpha > 0.5
    distance = distance_transform_edt(inside) - distance_transform_edt(~inside)
    distance = np.where(inside, distance - 0.5, distance + 0.5)
    pixel = 2.0 * Camera().distance / Camera().focal / len(alpha)
    return torch.from_numpy(np.clip(distance * pixel, -SOFT, SOFT).astype(np.float32))


def ray_density(front: Tensor, end: Tensor, logits: Tensor, seen: Tensor, bias: float = 0.0) -> Tensor:
    """(G, G) first surface and end of the first part, (G, G, BINS) logits -> (DEPTHS, G, G) density.

    Pixels outside the silhouette repeat their nearest neighbour inside, for the outline cuts later and finer.
    """
    depth = torch.linspace(-REACH, REACH, DEPTHS + 1)
    depth = ((depth[1:] + depth[:-1]) / 2.0)[:, None, None]
    end = torch.maximum(end, front + THINNEST)
    first = torch.minimum(depth - front, end - depth)
    bins = F.interpolate(logits.permute(2, 0, 1)[None, None], (DEPTHS, *front.shape), mode="trilinear")[0, 0]
    rest = torch.where(depth > end, (bins + bias) * 0.03, torch.full_like(bins, -SOFT))
    density = torch.maximum(first, rest).clamp(-SOFT, SOFT)
    nearest = distance_transform_edt(~seen.numpy(), return_distances=False, return_indices=True)
    return density[:, nearest[0], nearest[1]]


@torch.no_grad()
def ray_volume(network: CompactNetwork, rgba: NDArray[np.uint8], bias: float = 0.0) -> RayVolume:
    """The solid that the network sees in a square cutout, (S, S, 4) uint8."""
    inputs = small_picture(rgba)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = network(inputs.contiguous(memory_format=torch.channels_last))
        logits = network.hidden(output.features)[0].float()
    alpha = rgba[..., 3].astype(np.float32) / 255.0
    seen = F.adaptive_avg_pool2d(torch.from_numpy(alpha)[None], GRID)[0] > 0.3
    front = output.front[0]
    density = ray_density(front, front + output.thickness[0], logits, seen, bias)
    return RayVolume(density, signed_outline(alpha), Camera(elevation=float(output.elevation[0])))
