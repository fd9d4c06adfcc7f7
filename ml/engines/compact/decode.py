"""From the network's words to a scene: a solid along the photo's rays, stood upright, with the colours of both sides.

The solid is first held in a grid that fans out with the photo's rays, so that the silhouette is met by construction;
then it is read into the upright grid of a `VolumeScene`, whose outline cuts it at the photo's full resolution.
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

from ml.core.camera import DISTANCE, RADIUS, Camera
from ml.engines.compact.network import GRID, PICTURE, REACH, CompactNetwork, Output, encode
from ml.scene.volume import TRUNCATION, density_of

SOFT = 0.08
"""Signed distances along a ray are kept between −SOFT and SOFT: a step between two pixels then stays a step."""
THINNEST = 0.03
"""Least length of the first part along a ray, so that a plate or a leg outlives the lattice of the surface."""
HIDDEN_SCALE = 0.03
"""Signed distance for one unit of the hidden bins' logits."""
GAP = 0.035
"""Empty length between the first part and the last surface below which the two are one part."""
WALL_THICKNESS = 0.04
"""Of what stands at the last surface of a ray when the first part ends well before it."""
STEP = 0.07
"""Length between the last surfaces of two neighbouring pixels up to which they are one; a larger one parts them."""
NARROW = 6
"""Pixels of the network's grid up to which a part of the silhouette is narrow: a leg, a trunk, a handle."""
NARROW_GAP = 0.1
"""GAP there: little stands behind a narrow part, and it must not be cut through."""
NARROW_STEP = 0.2
"""STEP there, so that a narrow part holds on to what it belongs to, be it deeper or not."""
PHOTO_SHARE = 0.3
"""Of the photo's own colours in those of the back, without detail."""
SURROUNDINGS = 6.0
"""Standard deviation, in pixels of the network's grid, of what a colour without detail is the mean of."""
DEPTHS = 128
CELLS = 160
COVERED = 0.3
"""Opacity above which a pixel of the network's grid is asked; the outline cuts what it holds beyond the object."""
RIM = 2
"""Pixels of the network's grid around the object that the upright grid goes on for."""
WALL = 0.85
"""Canonical distance from the middle that a solid may reach; a deeper one is made smaller as a whole."""


@dataclass(frozen=True)
class RayVolume:
    """A solid along the rays of a photo.

    `distance` (DEPTHS, GRID, GRID): signed distance along the ray, positive inside, over depth offsets −`reach` …
    `reach` from the middle and the rows and columns of the picture that `camera` takes.
    """

    distance: Tensor
    camera: Camera
    reach: float

    def at(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) signed distance, trilinear along the rays."""
        seen = self.camera.project(points)
        depth = (seen[:, 2:] - self.camera.distance) / self.reach
        places = torch.cat([seen[:, :2], depth], dim=1)[None, None, None]
        found = F.grid_sample(self.distance[None, None], places, padding_mode="border", align_corners=False)
        return found.flatten()


def small_picture(rgba: NDArray[np.uint8]) -> Tensor:
    """(S, S, 4) uint8 straight alpha -> (1, 5, PICTURE, PICTURE) network input."""
    values = rgba.astype(np.float32) / 255.0
    alpha = values[..., 3:]
    both = np.concatenate([values[..., :3] * alpha, alpha], axis=2)
    small = cv2.resize(both, (PICTURE, PICTURE), interpolation=cv2.INTER_AREA).astype(np.float32)
    color = torch.from_numpy(small[..., :3] / np.maximum(small[..., 3:], 1e-3)).clamp(0.0, 1.0)
    return encode(color.permute(2, 0, 1)[None], torch.from_numpy(small[None, ..., 3].copy()))


def nearest_seen(alpha: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(S, S) opacity -> rows and columns (GRID, GRID) of the nearest pixel that the object covers."""
    rows, columns = distance_transform_edt(~_covered(alpha), return_distances=False, return_indices=True)
    return rows, columns


def ray_distance(front: Tensor, end: Tensor, back: Tensor, logits: Tensor, narrow: Tensor) -> Tensor:
    """(G, G) first surface, end of the first part and last surface, (G, G, BINS) logits, (G, G) bool which pixels
    belong to a narrow part -> (DEPTHS, G, G) distance.

    The first part is there by construction, and it goes through to the last surface where little would be left between
    them; else a thin wall stands at the last surface, and between both whatever the logits hold for filled. Where the
    last surface runs steeply away from the eye, the wall reaches that of the next pixel.
    """
    edges = torch.linspace(-REACH, REACH, DEPTHS + 1)
    depth = ((edges[1:] + edges[:-1]) / 2.0)[:, None, None]
    apart = back - end > torch.where(narrow, NARROW_GAP, GAP)
    end = torch.maximum(torch.where(apart, end, torch.maximum(end, back)), front + THINNEST)
    first = torch.minimum(depth - front, end - depth)
    inner = torch.minimum(back - WALL_THICKNESS, _reached(back, torch.where(narrow, NARROW_STEP, STEP)))
    wall = torch.minimum(depth - inner, back - depth)
    bins = F.interpolate(logits.permute(2, 0, 1)[None, None], (DEPTHS, *front.shape), mode="trilinear")[0, 0]
    rest = torch.where(apart, torch.maximum(wall, bins * HIDDEN_SCALE), torch.full_like(bins, -SOFT))
    return torch.where(depth > end, torch.maximum(first, rest), first).clamp(-SOFT, SOFT)


def _reached(depth: Tensor, step: Tensor) -> Tensor:
    """(G, G) depths -> the least of each pixel and its eight neighbours; its own where that is `step` or more off."""
    least = -F.max_pool2d(-depth[None, None], 3, stride=1, padding=1)[0, 0]
    return torch.where(depth - least < step, least, depth)


def ask(network: CompactNetwork, rgba: NDArray[np.uint8]) -> tuple[Output, Tensor]:
    """What the network says of one square cutout (S, S, 4) uint8, and the (GRID, GRID, BINS) logits of hidden bins.

    It looks at the mirror image, too, and the mean of both is taken: errors to one side cancel.
    """
    picture = small_picture(rgba)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        both = torch.cat([picture, picture.flip(3)]).contiguous(memory_format=torch.channels_last)
        output = network(both)
        logits = network.hidden(output.features).float()
    mean = Output(
        front=_unmirrored(output.front, 2),
        thickness=_unmirrored(output.thickness, 2),
        back=_unmirrored(output.back, 2),
        features=output.features[:1],
        back_color=_unmirrored(output.back_color, 3),
        elevation=output.elevation.mean(dim=0, keepdim=True),
    )
    return mean, _unmirrored(logits, 2)[0]


def _unmirrored(pair: Tensor, columns: int) -> Tensor:
    """(2, …) of a picture and of its mirror image -> (1, …) the mean, turned back along the dimension `columns`."""
    return (pair[:1] + pair[1:].flip(columns)) / 2.0


def ray_volume(output: Output, logits: Tensor, alpha: NDArray[np.float32]) -> RayVolume:
    """The solid of the first picture of `output`; pixels beyond the silhouette repeat their nearest one inside."""
    rows, columns = nearest_seen(alpha)
    front, thickness, back = (each[0][rows, columns] for each in (output.front, output.thickness, output.back))
    narrow = narrow_parts(_covered(alpha))[rows, columns]
    distance = ray_distance(front, front + thickness, back, logits[rows, columns], narrow)
    volume = RayVolume(distance, Camera(elevation=float(output.elevation[0].clamp(-30.0, 60.0))), REACH)
    return fitted(volume, alpha)


def fitted(volume: RayVolume, alpha: NDArray[np.float32]) -> RayVolume:
    """The same solid, made smaller around the origin together with its camera where it would leave the cube."""
    points = _solid_points(volume, _covered(alpha), 0.0)
    if len(points) == 0:
        return volume
    scale = min(1.0, WALL / float(points.abs().max()))
    camera = volume.camera
    smaller = Camera(camera.elevation, camera.azimuth, DISTANCE * scale, camera.fov)
    return RayVolume(volume.distance * scale, smaller, volume.reach * scale)


def upright_grid(volume: RayVolume, alpha: NDArray[np.float32]) -> Tensor:
    """(CELLS, CELLS, CELLS) float16 density over the canonical cube, index order x, y, z; empty at its walls.

    It goes on a little beyond the silhouette, which the outline cuts; farther away it is empty.
    """
    grid = torch.zeros(CELLS, CELLS, CELLS, dtype=torch.float16)
    steps = torch.linspace(-RADIUS, RADIUS, CELLS)
    around = cv2.dilate(_covered(alpha).astype(np.uint8), np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8))
    points = _solid_points(volume, around > 0, -TRUNCATION)
    if len(points) == 0:
        return grid
    xs, ys, zs = _box(points)
    y, z = torch.meshgrid(steps[ys], steps[zs], indexing="ij")
    for index in range(xs.start, xs.stop):
        slab = torch.stack([steps[index].expand_as(y), y, z], dim=-1).reshape(-1, 3)
        grid[index, ys, zs] = density_of(volume.at(slab)).view(y.shape).half()
    return grid


def _box(points: Tensor) -> tuple[slice, slice, slice]:
    """The cells of the upright grid around (N, 3) points and two cells on, without those at its walls."""
    cells = (points / RADIUS + 1.0) * ((CELLS - 1) / 2.0)
    low = (cells.amin(dim=0).floor().int() - 2).clamp(1, CELLS - 1).tolist()
    high = (cells.amax(dim=0).ceil().int() + 3).clamp(1, CELLS - 1).tolist()
    return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])


def narrow_parts(covered: NDArray[np.bool_]) -> Tensor:
    """(GRID, GRID) pixels of parts that are at most NARROW pixels wide, of sharp corners, and two around them."""
    whole = covered.astype(np.uint8)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (NARROW + 1, NARROW + 1))
    parts = whole - cv2.morphologyEx(whole, cv2.MORPH_OPEN, disk)
    return torch.from_numpy(cv2.dilate(parts, np.ones((5, 5), np.uint8)) > 0)


def _covered(alpha: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(GRID, GRID) pixels of the network's grid that the object covers; of a thin one those that it covers most."""
    small = cv2.resize(alpha, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(small > min(COVERED, float(small.max()) * 0.9))


def _solid_points(volume: RayVolume, pixels: NDArray[np.bool_], least: float) -> Tensor:
    """(N, 3) canonical middles of the cells of `volume` behind `pixels` whose distance is above `least`."""
    step, row, column = ((volume.distance > least) & torch.from_numpy(pixels)).nonzero().unbind(dim=1)
    depth = ((step + 0.5) / DEPTHS * 2.0 - 1.0) * volume.reach + volume.camera.distance
    x, y = (((each + 0.5) / GRID * 2.0 - 1.0) * depth / volume.camera.focal for each in (column, row))
    return torch.stack([x, -y, depth - volume.camera.distance], dim=1) @ volume.camera.axes()


def back_picture(output: Output, rgba: NDArray[np.uint8], size: int = 256) -> Tensor:
    """(size, size, 3) uint8 sRGB of the far side, in the photo's own left and right; going on beyond the silhouette.

    The network's guess, and a share of the photo's colours without any detail, so that the photo does not look out of
    the back: on held-out meshes that is nearer to the truth than either.
    """
    rows, columns = nearest_seen(rgba[..., 3].astype(np.float32) / 255.0)
    guess = output.back_color[0].permute(1, 2, 0).numpy()
    colors = (guess * (1.0 - PHOTO_SHARE) + _without_detail(rgba) * PHOTO_SHARE)[rows, columns]
    large = cv2.resize(colors, (size, size), interpolation=cv2.INTER_CUBIC)
    return torch.from_numpy((np.clip(large, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))


def _without_detail(rgba: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(GRID, GRID, 3) colours of the object alone, each the mean of its surroundings."""
    values = rgba.astype(np.float32) / np.float32(255.0)
    values[..., :3] *= values[..., 3:]
    mean = cv2.GaussianBlur(cv2.resize(values, (GRID, GRID), interpolation=cv2.INTER_AREA), (0, 0), SURROUNDINGS)
    return np.asarray(mean[..., :3] / np.maximum(mean[..., 3:], 1e-3), np.float32)
