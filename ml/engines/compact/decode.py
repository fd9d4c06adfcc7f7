"""From the network's predictions to a scene: an SDF along the photo's rays, resampled into an upright voxel grid.

The shape is first held in a grid that fans out with the photo's rays, so that it meets the silhouette by construction.
Then it is sampled into the grid of a `VolumeScene`, whose silhouette cuts it at the photo's full resolution.
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
from ml.core.images import Floats
from ml.core.masks import Mask
from ml.engines.compact import ground, symmetry
from ml.engines.compact.extent import quantile_extent
from ml.engines.compact.network import GRID, PICTURE, REACH, CompactNetwork, Output, encode
from ml.scene.volume import TRUNCATION, density_of


@dataclass(frozen=True)
class DecodingConfig:
    """How predictions become a shape. Lengths in scene units; the values were tuned on held-out meshes
    (docs/evaluation.md)."""

    depths: int = 128
    """Samples along a ray, two for each depth bin."""
    cells: int = 160
    """Grid points per axis of the upright grid: 0.011 apart, a sixth of the truncation band."""
    truncation: float = 0.08
    """Signed distances along a ray are clipped to ±truncation, so that a depth step between two pixels stays sharp."""
    min_thickness: float = 0.03
    """Least thickness of the front layer, so that a plate or a leg survives the surface extraction grid."""
    logit_scale: float = 0.03
    """Signed distance for one unit of a bin's logit."""
    gap: float = 0.035
    """Empty length between front layer and last surface below which they are joined."""
    back_layer: float = 0.04
    """Thickness of the layer at the last surface where the front layer ends well before it."""
    back_step: float = 0.07
    """Depth step between the last surfaces of neighbouring pixels up to which their layers are connected."""
    narrow_width: int = 6
    """Network pixels up to which a part of the silhouette counts as narrow: a leg, a trunk, a handle."""
    narrow_margin: int = 2
    """Network pixels around narrow parts that are treated like them."""
    narrow_gap: float = 0.1
    """`gap` of narrow parts: there is rarely anything behind them, and they must not be cut in two."""
    narrow_step: float = 0.2
    """`back_step` of narrow parts, so that they stay connected to the body at whatever depth it is."""
    level_feet: bool = True
    """Whether all feet are moved onto one level plane."""
    foot: float = 0.1
    """Largest thickness of a foot: its middle is what meets the ground."""
    min_coverage: float = 0.3
    """Opacity from which on a network pixel counts as covered; the silhouette cuts off what is too much."""
    rim: int = 2
    """Network pixels beyond the covered ones that the upright grid extends; the silhouette cuts them."""
    max_extent: float = 0.85
    """Largest coordinate of the shape; a larger one is scaled down together with its camera."""
    min_elevation: float = -30.0
    max_elevation: float = 60.0
    """Range of the camera's elevation in degrees, that of the training views."""
    extent_quantile: float = 0.5
    """The extent along the view is chosen so that the true one is smaller with this probability."""
    photo_weight: float = 0.3
    """Weight of the photo's blurred colours in those of the back."""
    blur: float = 6.0
    """Standard deviation, in network pixels, of the blur that removes detail from them."""
    back_size: int = 256
    """Side of the back's picture in pixels."""


DECODING = DecodingConfig()


@dataclass(frozen=True)
class RayVolume:
    """A shape along the rays of a photo.

    `distance` (depths, GRID, GRID): signed distance along the ray, positive inside, over depth offsets −`reach` …
    `reach` from the origin and the rows and columns of the picture that `camera` takes. `ground`: height of the plane
    below which nothing is.
    """

    distance: Tensor
    camera: Camera
    reach: float
    ground: float | None = None

    def at(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) signed distance, trilinear along the rays."""
        projected = self.camera.project(points)
        depth = (projected[:, 2:] - self.camera.distance) / self.reach
        positions = torch.cat([projected[:, :2], depth], dim=1)[None, None, None]
        distance = F.grid_sample(self.distance[None, None], positions, padding_mode="border", align_corners=False)
        return distance.flatten()


def network_input(rgba: NDArray[np.uint8], *, exact: bool = False) -> Tensor:
    """(S, S, 4) uint8 straight alpha -> (1, 5, PICTURE, PICTURE) network input."""
    values = rgba.astype(np.float32) / 255.0
    alpha = values[..., 3:]
    premultiplied = np.concatenate([values[..., :3] * alpha, alpha], axis=2)
    small = cv2.resize(premultiplied, (PICTURE, PICTURE), interpolation=cv2.INTER_AREA).astype(np.float32)
    color = torch.from_numpy(small[..., :3] / np.maximum(small[..., 3:], 1e-3)).clamp(0.0, 1.0)
    return encode(color.permute(2, 0, 1)[None], torch.from_numpy(small[None, ..., 3].copy()), exact=exact)


def run_network(network: CompactNetwork, rgba: NDArray[np.uint8]) -> tuple[Output, Tensor]:
    """The predictions for one square cutout (S, S, 4) uint8, and (GRID, GRID, BINS) logits of the hidden bins.

    They are the mean over the picture and its mirror image: errors to one side cancel.
    """
    picture = network_input(rgba, exact=network.config.exact_distances)
    with torch.no_grad():
        pair = torch.cat([picture, picture.flip(3)]).contiguous(memory_format=torch.channels_last)
        encoded = network.encoded(pair)
        output = network.decoded(pair, encoded, chosen_extent(encoded.extent))
        logits = network.hidden(output.features)
    mean = Output(
        front=_mirror_mean(output.front, 2),
        thickness=_mirror_mean(output.thickness, 2),
        back=_mirror_mean(output.back, 2),
        features=output.features[:1],
        back_color=_mirror_mean(output.back_color, 3),
        elevation=output.elevation.mean(dim=0, keepdim=True),
        mirror=None if output.mirror is None else _mean_planes(output.mirror),
    )
    return mean, _mirror_mean(logits, 2)[0]


def chosen_extent(logits: Tensor | None, config: DecodingConfig = DECODING) -> Tensor | None:
    """(B, K) logits for views of one object -> the same extent (B,) for all, from the mean of their distributions."""
    if logits is None:
        return None
    mean = logits.log_softmax(dim=1).mean(dim=0, keepdim=True)
    return quantile_extent(mean, config.extent_quantile).expand(len(logits))


def _mean_planes(pair: Tensor) -> Tensor:
    """(2, ANGLES) logits of a picture and of its mirror image -> (1, ANGLES) their mean."""
    return (pair[:1] + symmetry.mirror_image(pair[1:])) / 2.0


def _mirror_mean(pair: Tensor, columns: int) -> Tensor:
    """(2, …) of a picture and of its mirror image -> (1, …) the mean, flipped back along the dimension `columns`."""
    return (pair[:1] + pair[1:].flip(columns)) / 2.0


def ray_volume(output: Output, logits: Tensor, alpha: Floats, config: DecodingConfig = DECODING) -> RayVolume:
    """The shape of the first picture of `output`; pixels beyond the silhouette repeat the nearest one inside."""
    covered = covered_pixels(alpha, config)
    rows, columns = _nearest_covered(covered)
    front, thickness, back = (depth[0][rows, columns] for depth in (output.front, output.thickness, output.back))
    narrow = narrow_parts(covered, config)[rows, columns]
    middle = front + thickness.clamp(0.0, config.foot) / 2.0
    find = ground.find if config.level_feet else ground.as_predicted
    stand = find(middle.numpy(), alpha, float(output.elevation[0]))
    shift = torch.from_numpy(stand.shift[rows, columns])
    front, back = front + shift, back + shift
    distance = ray_distance(front, front + thickness, back, logits[rows, columns], narrow, config)
    camera = Camera(elevation=float(np.clip(stand.elevation, config.min_elevation, config.max_elevation)))
    return fit_in_cube(RayVolume(distance, camera, REACH, stand.height), covered, config)


def ray_distance(
    front: Tensor, end: Tensor, back: Tensor, logits: Tensor, narrow: Tensor, config: DecodingConfig = DECODING
) -> Tensor:
    """(G, G) depth of first surface, end of front layer and last surface, (G, G, BINS) logits, (G, G) bool narrow
    pixels -> (depths, G, G) signed distance.

    The front layer always exists, and extends to the last surface where the gap between them is small. Otherwise a thin
    back layer ends at the last surface, and between both the logits decide. Where the last surface slopes steeply away
    from the camera, the back layer reaches that of the next pixel, so that no holes open; in narrow parts the front
    layer does, so that a leg that leads away from the camera stays whole.
    """
    edges = torch.linspace(-REACH, REACH, config.depths + 1)
    depth = ((edges[1:] + edges[:-1]) / 2.0)[:, None, None]
    separate = back - end > torch.where(narrow, config.narrow_gap, config.gap)
    end = torch.maximum(torch.where(separate, end, torch.maximum(end, back)), front + config.min_thickness)
    end = torch.where(
        narrow, torch.maximum(end, config.min_thickness - _min_of_neighbours(-front, config.narrow_step)), end
    )
    front_layer = torch.minimum(depth - front, end - depth)
    nearest_back = _min_of_neighbours(back, torch.where(narrow, config.narrow_step, config.back_step))
    back_layer = torch.minimum(depth - torch.minimum(back - config.back_layer, nearest_back), back - depth)
    bins = F.interpolate(logits.permute(2, 0, 1)[None, None], (config.depths, *front.shape), mode="trilinear")[0, 0]
    hidden = torch.maximum(back_layer, bins * config.logit_scale)
    hidden = torch.where(separate, hidden, torch.full_like(bins, -config.truncation))
    distance = torch.where(depth > end, torch.maximum(front_layer, hidden), front_layer)
    return distance.clamp(-config.truncation, config.truncation)


def _min_of_neighbours(depth: Tensor, step: Tensor | float) -> Tensor:
    """(G, G) depths -> the least of each pixel and its eight neighbours; its own where that is `step` or more away."""
    least = -F.max_pool2d(-depth[None, None], 3, stride=1, padding=1)[0, 0]
    return torch.where(depth - least < step, least, depth)


def fit_in_cube(volume: RayVolume, covered: Mask, config: DecodingConfig = DECODING) -> RayVolume:
    """The same shape, scaled down around the origin together with its camera if it would leave the cube."""
    points = _inside_points(volume, covered, 0.0)
    if len(points) == 0:
        return volume
    scale = min(1.0, config.max_extent / float(points.abs().max()))
    camera = volume.camera
    nearer = Camera(camera.elevation, camera.azimuth, DISTANCE * scale, camera.fov)
    level = None if volume.ground is None else volume.ground * scale
    return RayVolume(volume.distance * scale, nearer, volume.reach * scale, level)


def upright_grid(volume: RayVolume, alpha: Floats, config: DecodingConfig = DECODING) -> Tensor:
    """(cells, cells, cells) float16 density over the canonical cube, index order x, y, z; 0 on its faces.

    It extends a little beyond the silhouette, which cuts it, and is empty farther away.
    """
    cells, rim = config.cells, 2 * config.rim + 1
    grid = torch.zeros(cells, cells, cells, dtype=torch.float16)
    steps = torch.linspace(-RADIUS, RADIUS, cells)
    around = cv2.dilate(covered_pixels(alpha, config).astype(np.uint8), np.ones((rim, rim), np.uint8))
    points = _inside_points(volume, around > 0, -TRUNCATION)
    if len(points) == 0:
        return grid
    xs, ys, zs = _bounding_cells(points, cells)
    y, z = torch.meshgrid(steps[ys], steps[zs], indexing="ij")
    for index in range(xs.start, xs.stop):
        slab = torch.stack([steps[index].expand_as(y), y, z], dim=-1).reshape(-1, 3)
        distance = volume.at(slab).view(y.shape)
        if volume.ground is not None:
            distance = torch.minimum(distance, z - volume.ground)
        grid[index, ys, zs] = density_of(distance).half()
    return grid


def _bounding_cells(points: Tensor, cells: int) -> tuple[slice, slice, slice]:
    """The grid points around (N, 3) points with a margin of two, without those on the cube's faces."""
    index = (points / RADIUS + 1.0) * ((cells - 1) / 2.0)
    low = (index.amin(dim=0).floor().int() - 2).clamp(1, cells - 1).tolist()
    high = (index.amax(dim=0).ceil().int() + 3).clamp(1, cells - 1).tolist()
    return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])


def covered_pixels(alpha: Floats, config: DecodingConfig = DECODING) -> Mask:
    """(S, S) opacity -> (GRID, GRID) pixels that the object covers; of a thin object those that it covers most."""
    small = cv2.resize(alpha, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(small > min(config.min_coverage, float(small.max()) * 0.9))


def _nearest_covered(covered: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns (GRID, GRID) of the nearest covered pixel. Not `masks.nearest_index`, whose distances are
    approximate and would choose other pixels in ties."""
    rows, columns = distance_transform_edt(~covered, return_distances=False, return_indices=True)
    return rows, columns


def narrow_parts(covered: Mask, config: DecodingConfig = DECODING) -> Tensor:
    """(GRID, GRID) bool: pixels of narrow parts and of sharp corners, with a margin."""
    pixels = covered.astype(np.uint8)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (config.narrow_width + 1, config.narrow_width + 1))
    parts = pixels - cv2.morphologyEx(pixels, cv2.MORPH_OPEN, disk)
    margin = 2 * config.narrow_margin + 1
    return torch.from_numpy(cv2.dilate(parts, np.ones((margin, margin), np.uint8)) > 0)


def _inside_points(volume: RayVolume, pixels: Mask, min_distance: float) -> Tensor:
    """(N, 3) canonical middles of the cells of `volume` on the rays of `pixels` whose distance is above the minimum."""
    depths = len(volume.distance)
    step, row, column = ((volume.distance > min_distance) & torch.from_numpy(pixels)).nonzero().unbind(dim=1)
    depth = ((step + 0.5) / depths * 2.0 - 1.0) * volume.reach + volume.camera.distance
    x, y = (((pixel + 0.5) / GRID * 2.0 - 1.0) * depth / volume.camera.focal for pixel in (column, row))
    return torch.stack([x, -y, depth - volume.camera.distance], dim=1) @ volume.camera.axes()


def back_picture(output: Output, rgba: NDArray[np.uint8], config: DecodingConfig = DECODING) -> Tensor:
    """(back_size, back_size, 3) uint8 sRGB of the far side, not mirrored, extended beyond the silhouette.

    A mix of the predicted colours and the photo's blurred ones, without detail, so that the photo does not show on the
    back: on held-out meshes the mix is nearer to the truth than either.
    """
    rows, columns = _nearest_covered(covered_pixels(rgba[..., 3].astype(np.float32) / 255.0, config))
    predicted = output.back_color[0].permute(1, 2, 0).numpy()
    mixed = predicted * (1.0 - config.photo_weight) + blurred_colors(rgba, config) * config.photo_weight
    size = (config.back_size, config.back_size)
    large = cv2.resize(mixed[rows, columns], size, interpolation=cv2.INTER_CUBIC)
    return torch.from_numpy((np.clip(large, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))


def blurred_colors(rgba: NDArray[np.uint8], config: DecodingConfig = DECODING) -> Floats:
    """(GRID, GRID, 3) colours of the object alone, each the weighted mean of its neighbourhood."""
    values = rgba.astype(np.float32) / np.float32(255.0)
    values[..., :3] *= values[..., 3:]
    small = cv2.resize(values, (GRID, GRID), interpolation=cv2.INTER_AREA)
    mean = cv2.GaussianBlur(small, (0, 0), config.blur)
    return np.asarray(mean[..., :3] / np.maximum(mean[..., 3:], 1e-3), np.float32)
