"""TSDF fusion: one density grid and its colours from the registered scenes of several photos.

Truncated signed distances are averaged (Curless and Levoy 1996, "A volumetric method for building complex models from
range images"). A photo has full weight up to a little behind its first surface, which it observes, and less weight for
what is only predicted. Whatever is outside a silhouette is cut off. A part that the photos place at different depths
would average to nothing, so each ray through a silhouette is then filled where the mean comes closest to the inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from torch import Tensor

from ml.core.camera import RADIUS
from ml.core.images import to_bytes
from ml.multiview import visual_hull
from ml.multiview.registration import RegisteredView
from ml.photo.cutout import Cutout
from ml.scene.first_surface import first_surface_depth
from ml.scene.protocol import Scene
from ml.scene.query import densities, scene_colors
from ml.scene.volume import TRUNCATION, VolumeScene, density_of

CELLS = 128
"""Points per axis of the fused density grid."""
COLOR_CELLS = 80
"""Points per axis of the fused colour grid."""
CHUNK = CELLS**2 * 8
"""Points whose hull distance is computed at a time."""
SAMPLES = 96
"""Points per axis at which a scene other than a volume is sampled."""
SAMPLE_BLUR = 0.7
"""Standard deviation in grid cells by which its distances are smoothed: they are whole cells at first."""
OBSERVED_DEPTH = 0.06
"""Depth in scene units behind the first surface up to which a photo has full weight."""
FALLOFF = 0.1
"""Depth in scene units over which its weight then falls."""
PREDICTED_WEIGHT = 0.5
"""Weight of a photo for shape that it does not observe."""
PREDICTED_COLOR_WEIGHT = 0.02
"""Weight of a photo for colours that it does not observe."""
SILHOUETTE_TOLERANCE = 0.012
"""Distance in scene units by which the fused shape may exceed a silhouette: masks and cameras are inexact."""
FILL_SIDE = 96
"""Side in pixels of the maps of fill offsets: a little coarser than the grid, so that each pixel has points in it."""
FILL_DEPTH = 0.025
"""Distance inside, in scene units, that a filled ray reaches at least, less near the silhouette's edge."""
FILL_MARGIN = 0.02
"""How far below the target a ray stays that meets something anyway, so that nothing is added to it."""
MIN_OFFSET = -0.1
"""Fill offset of rays outside the silhouette."""
BLUR = 0.8
"""Standard deviation in grid cells of the final smoothing: neighbouring filled rays differ slightly."""
DISTANCE_CELLS = 80
"""Points per axis of the grid on which untruncated distances are computed."""
DEPTH_SIDE = 96
"""Side in pixels of the depth map of the first surface."""
EMPTY_COLOR = 128
"""sRGB value of cells away from the surface, whose colour is never visible."""


def as_volume(scene: Scene, cutout: Cutout) -> VolumeScene:
    """The scene with densities in [0, 1] that pass 0.5 on its surface; scenes of other kinds are sampled."""
    if isinstance(scene, VolumeScene):
        return scene
    points = visual_hull.grid_points(SAMPLES, scene.radius)
    inside = densities(scene, points.numpy()).reshape((SAMPLES,) * 3) > scene.threshold
    distance = gaussian_filter(_signed_cells(inside), SAMPLE_BLUR) * (2.0 * scene.radius / (SAMPLES - 1))
    return VolumeScene(
        density_of(torch.from_numpy(distance.astype(np.float32))).half(),
        picture(cutout),
        colors=torch.from_numpy(to_bytes(scene_colors(scene, points.numpy())).reshape((SAMPLES,) * 3 + (3,))),
        camera=scene.camera,
        radius=scene.radius,
    )


def picture(cutout: Cutout) -> Tensor:
    """(S, S, 3) uint8 colours of a cutout, for a `VolumeScene`."""
    return torch.from_numpy(np.ascontiguousarray(cutout.rgba[..., :3]))


def _signed_cells(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Signed distance in cells to the boundary of a boolean grid, positive inside."""
    return np.asarray(distance_transform_edt(inside) - distance_transform_edt(~inside))


def fuse_density(registered: Sequence[RegisteredView]) -> Tensor:
    """(CELLS, CELLS, CELLS) float16 density in [0, 1], 0.5 on the surface, index order x, y, z; 0 at the boundary."""
    points = visual_hull.grid_points(CELLS, RADIUS)
    hull = torch.cat([_hull_distance(registered, chunk) for chunk in points.split(CHUNK)])  # type: ignore[no-untyped-call]
    near = ((hull > -TRUNCATION) & (points.abs().amax(dim=1) < RADIUS * (1.0 - 1.0 / CELLS))).nonzero().flatten()
    points, hull = points[near], hull[near]
    distance = fill_silhouettes(registered, points, average_distances(registered, points), hull)
    grid = torch.zeros(CELLS**3)
    grid[near] = density_of(torch.minimum(distance, hull + SILHOUETTE_TOLERANCE))
    smooth = torch.from_numpy(gaussian_filter(grid.view(CELLS, CELLS, CELLS).numpy(), BLUR))
    return F.pad(smooth[1:-1, 1:-1, 1:-1], (1,) * 6).half()


def _hull_distance(registered: Sequence[RegisteredView], points: Tensor) -> Tensor:
    silhouettes, cameras = [view.view.silhouette for view in registered], [view.camera for view in registered]
    return visual_hull.hull_distance(silhouettes, cameras, points)


@dataclass(frozen=True)
class FusedDistances:
    """Weighted means over the photos of the signed distance to the surface at N points, positive inside.

    `truncated` (N,) to ±TRUNCATION, which decides what is inside; `untruncated` (N,), which shows where a missing part
    most likely is.
    """

    truncated: Tensor
    untruncated: Tensor


def average_distances(registered: Sequence[RegisteredView], points: Tensor) -> FusedDistances:
    """The photos' distances at (N, 3) points, each with its weight."""
    weighted, total = torch.zeros(2, len(points)), torch.zeros(len(points))
    for view in registered:
        own, scene = view.to_own_frame(points), view.view.scene
        weight = weights(view, _depth_map(scene), own, PREDICTED_WEIGHT)
        truncated = (scene.density(own) - 0.5) * (2.0 * TRUNCATION)
        untruncated = view.scale * _untruncated_distance(scene, own)
        weighted, total = weighted + weight * torch.stack([truncated, untruncated]), total + weight
    return FusedDistances(*(weighted / total).unbind())


def _untruncated_distance(scene: Scene, points: Tensor) -> Tensor:
    """(N,) signed distance to the scene's surface, from the distance transform of a coarse grid."""
    grid = visual_hull.grid_points(DISTANCE_CELLS, scene.radius)
    inside = (scene.density(grid) > scene.threshold).view((DISTANCE_CELLS,) * 3).numpy()
    distance = _signed_cells(inside) * (2.0 * scene.radius / DISTANCE_CELLS)
    coordinates = (points / scene.radius).flip(1)[None, None, None]
    volume = torch.from_numpy(distance.astype(np.float32))[None, None]
    return F.grid_sample(volume, coordinates, padding_mode="border", align_corners=True).flatten()


def fill_silhouettes(
    registered: Sequence[RegisteredView], points: Tensor, distances: FusedDistances, hull: Tensor
) -> Tensor:
    """The truncated distances (N,), raised until every ray through a silhouette hits something in the `hull` (N,)."""
    truncated, untruncated = distances.truncated, distances.untruncated
    for view in registered:
        offsets = _fill_offsets(view, points, truncated, untruncated, hull)
        projected = view.camera.project(points)[None, None, :, :2]
        offset = F.grid_sample(offsets, projected, padding_mode="border", align_corners=False).flatten()
        truncated = torch.maximum(truncated, torch.where(hull > 0.0, untruncated + offset, -torch.inf))
        untruncated = torch.maximum(untruncated, truncated)
    return truncated


def _fill_offsets(
    registered: RegisteredView, points: Tensor, truncated: Tensor, untruncated: Tensor, hull: Tensor
) -> Tensor:
    """(1, 1, FILL_SIDE, FILL_SIDE) what must be added to the untruncated distances (N,) to fill each ray of a photo.

    Smoothed upwards, so that what is filled is one piece and not a bundle of single rays.
    """
    pixel = visual_hull.pixel_indices(registered.camera, points, FILL_SIDE)
    sdf = registered.view.silhouette.resized_sdf(FILL_SIDE)
    target = sdf.mul(2.0 * registered.camera.half_extent).clamp_max(FILL_DEPTH)
    empty = torch.full((FILL_SIDE**2 + 1,), -torch.inf)
    highest, closest = (
        empty.scatter_reduce(0, pixel, torch.where(hull > 0.0, distances, -torch.inf), "amax")[:-1]
        for distances in (truncated, untruncated)
    )
    inside = (target > 0.0) & closest.isfinite()
    missing = target - closest
    offset = torch.where(inside & (highest < target), missing, missing.clamp_max(0.0) - FILL_MARGIN)
    offset = torch.where(inside, offset, MIN_OFFSET).clamp_min(MIN_OFFSET).view(1, 1, FILL_SIDE, FILL_SIDE)
    return torch.maximum(F.avg_pool2d(offset, 3, stride=1, padding=1), offset)


def fuse_colors(registered: Sequence[RegisteredView], grid: Tensor) -> Tensor:
    """(COLOR_CELLS, …, 3) uint8 sRGB over the canonical cube, dominated at each point by the photos that observe it.

    Only around the surface of the density `grid`; grey elsewhere, which compresses well.
    """
    points = visual_hull.grid_points(COLOR_CELLS, RADIUS)
    weighted, total = torch.zeros(len(points), 3), torch.zeros(len(points), 1)
    for view in registered:
        own = view.to_own_frame(points)
        weight = weights(view, _depth_map(view.view.scene), own, PREDICTED_COLOR_WEIGHT)[:, None]
        weighted, total = weighted + weight * view.view.scene.color(own), total + weight
    colors = ((weighted / total).clamp(0.0, 1.0) * 255.0 + 0.5).to(torch.uint8)
    density = F.interpolate(grid[None, None].float(), COLOR_CELLS, mode="trilinear", align_corners=True).flatten()
    colors[(density <= 0.0) | (density >= 1.0)] = EMPTY_COLOR
    return colors.view(COLOR_CELLS, COLOR_CELLS, COLOR_CELLS, 3)


def _depth_map(scene: Scene) -> Tensor:
    """(1, 1, DEPTH_SIDE, DEPTH_SIDE) depth of the first surface that the photo's camera sees."""
    depth = first_surface_depth(scene.density, scene.camera, DEPTH_SIDE, radius=scene.radius, threshold=scene.threshold)
    return depth[None, None]


def weights(registered: RegisteredView, depth_map: Tensor, own: Tensor, predicted: float) -> Tensor:
    """(N,) weight of a photo at points of its own frame: 1 up to its first surface, `predicted` well behind it."""
    projected = registered.view.scene.camera.project(own)
    surface = F.grid_sample(depth_map, projected[None, None, :, :2], padding_mode="border", align_corners=False)
    behind = projected[:, 2] - surface.flatten() - OBSERVED_DEPTH
    return 1.0 - (1.0 - predicted) * (behind / FALLOFF).clamp(0.0, 1.0)
