"""One solid and its colours out of the scenes of several photos that stand in one frame.

Truncated distances are averaged, each with the weight of the photo that imagined it (Curless and Levoy 1996, "A
volumetric method for building complex models from range images"): full up to a little behind the first surface, which
the photo shows, less for what it only guesses. What an outline cuts off is cut off. Where the photos put a part at
different depths, none of it would be left: so each ray through an outline is then filled where the mean comes nearest
to being solid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt, gaussian_filter
from torch import Tensor

from ml.core.camera import RADIUS
from ml.core.images import to_bytes
from ml.multiview import visual_hull
from ml.multiview.registration import Placed
from ml.photo.cutout import Cutout
from ml.scene.first_surface import first_surface_depth
from ml.scene.protocol import Scene
from ml.scene.query import densities, scene_colors
from ml.scene.volume import TRUNCATION, VolumeScene, density_of

CELLS = 128
"""Grid points per axis of the solid."""
COLOR_CELLS = 80
SAMPLES = 96
"""Lattice points per axis at which an engine's other kind of scene is read."""
SKIN = 0.06
"""Depth behind the first surface down to which a photo is taken at its word."""
FADE = 0.1
"""Depth over which its word then loses weight."""
GUESS = 0.5
"""Weight that a photo keeps where it only guesses."""
GUESSED_COLOR = 0.02
"""The same for colours."""
SOFTNESS = 0.012
"""What stands this far beyond an outline is kept: masks and cameras are not exact."""
FILL_SIDE = 96
"""Pixels a side in which outlines are filled: a little coarser than the grid, so that each holds some of its points."""
FILLED = 0.025
"""Distance inside that a filled ray reaches, less at the outline's edge: a part of twice this thickness."""
LEAVE = 0.02
"""How far below the wanted distance a ray is left that meets something anyway, so that nothing is added to it."""
LOWEST = -0.1
"""Lift of rays that miss the outline."""
BLUR = 0.8
"""Grid cells over which the solid is smoothed: filled rays differ a little from their neighbours."""
FAR_CELLS = 80
DEPTH_SIDE = 96


def as_volume(scene: Scene, cutout: Cutout) -> VolumeScene:
    """The scene with densities in [0, 1] that fall through 0.5 on its surface: an engine's other kind is sampled."""
    if isinstance(scene, VolumeScene):
        return scene
    points = visual_hull.lattice(SAMPLES, scene.radius)
    inside = densities(scene, points.numpy()).reshape((SAMPLES,) * 3) > scene.threshold
    distance = distance_transform_edt(inside) - distance_transform_edt(~inside)
    smooth = gaussian_filter(distance, 0.7) * (2.0 * scene.radius / (SAMPLES - 1))
    return VolumeScene(
        density_of(torch.from_numpy(smooth.astype(np.float32))).half(),
        picture(cutout),
        colors=torch.from_numpy(to_bytes(scene_colors(scene, points.numpy())).reshape((SAMPLES,) * 3 + (3,))),
        camera=scene.camera,
        radius=scene.radius,
    )


def picture(cutout: Cutout) -> Tensor:
    """(S, S, 3) uint8 colours of a cutout, as a `VolumeScene` keeps them."""
    return torch.from_numpy(np.ascontiguousarray(cutout.rgba[..., :3]))


def solid(placed: Sequence[Placed]) -> Tensor:
    """(CELLS, CELLS, CELLS) float16 density in [0, 1], 0.5 on the surface, index order x, y, z; empty at its walls."""
    points = visual_hull.lattice(CELLS, RADIUS)
    chunks = [slice(first, first + CELLS**2 * 8) for first in range(0, len(points), CELLS**2 * 8)]
    hull = torch.cat([_hull(placed, points[chunk]) for chunk in chunks])
    near = ((hull > -TRUNCATION) & (points.abs().amax(dim=1) < RADIUS * (1.0 - 1.0 / CELLS))).nonzero().flatten()
    points, hull = points[near], hull[near]
    distance = filled(placed, points, means(placed, points), hull)
    grid = torch.zeros(CELLS**3)
    grid[near] = density_of(torch.minimum(distance, hull + SOFTNESS))
    smooth = torch.from_numpy(gaussian_filter(grid.view(CELLS, CELLS, CELLS).numpy(), BLUR))
    return F.pad(smooth[1:-1, 1:-1, 1:-1], (1,) * 6).half()


def _hull(placed: Sequence[Placed], points: Tensor) -> Tensor:
    return visual_hull.hull([each.view.outline for each in placed], [each.camera for each in placed], points)


@dataclass(frozen=True)
class Means:
    """Mean over the photos of the distance to the surface at N points, positive inside: `near` (N,) clipped to
    ±TRUNCATION, which decides what is solid; `far` (N,) untruncated, which tells where a missing part likely is."""

    near: Tensor
    far: Tensor


def means(placed: Sequence[Placed], points: Tensor) -> Means:
    """The photos' distances, each with its weight."""
    mixed, total = torch.zeros(2, len(points)), torch.zeros(len(points))
    for each in placed:
        own, scene = each.own(points), each.view.scene
        weight = weights(each, first_depth(scene), own, GUESS)
        near = (scene.density(own) - 0.5) * (2.0 * TRUNCATION)
        mixed, total = mixed + weight * torch.stack([near, each.scale * _far(scene, own)]), total + weight
    near, far = (mixed / total).unbind()
    return Means(near, far)


def _far(scene: Scene, points: Tensor) -> Tensor:
    """(N,) signed distance to the scene's surface, by the distance transform of a coarse lattice."""
    lattice_ = visual_hull.lattice(FAR_CELLS, scene.radius)
    inside = (scene.density(lattice_) > scene.threshold).view((FAR_CELLS,) * 3).numpy()
    distance = (distance_transform_edt(inside) - distance_transform_edt(~inside)) * (2.0 * scene.radius / FAR_CELLS)
    places = (points / scene.radius).flip(1)[None, None, None]
    volume = torch.from_numpy(distance.astype(np.float32))[None, None]
    return F.grid_sample(volume, places, padding_mode="border", align_corners=True).flatten()


def filled(placed: Sequence[Placed], points: Tensor, found: Means, hull: Tensor) -> Tensor:
    """The near distances (N,), raised until every ray through an outline meets something inside the `hull` (N,)."""
    near, far = found.near, found.far
    for each in placed:
        lift = _lift(each, points, near, far, hull)
        seen = each.camera.project(points)[None, None, :, :2]
        raised = far + F.grid_sample(lift, seen, padding_mode="border", align_corners=False).flatten()
        near = torch.maximum(near, torch.where(hull > 0.0, raised, -torch.inf))
        far = torch.maximum(far, near)
    return near


def _lift(placed: Placed, points: Tensor, near: Tensor, far: Tensor, hull: Tensor) -> Tensor:
    """(1, 1, FILL_SIDE, FILL_SIDE) by how much the far distances (N,) must rise for each ray of a photo to be filled.

    Neighbours are drawn along, so that what is filled is one piece and not a bundle of single rays.
    """
    pixel, empty = visual_hull.places(placed.camera, points, FILL_SIDE), torch.full((FILL_SIDE**2 + 1,), -torch.inf)
    wanted = placed.view.outline.depth(FILL_SIDE).mul(2.0 * placed.camera.half_extent).clamp_max(FILLED)
    best, likely = (
        empty.scatter_reduce(0, pixel, torch.where(hull > 0.0, each, -torch.inf), "amax")[:-1] for each in (near, far)
    )
    through = (wanted > 0.0) & likely.isfinite()
    lacking, missing = through & (best < wanted), wanted - likely
    lift = torch.where(lacking, missing, missing.clamp_max(0.0) - LEAVE)
    lift = torch.where(through, lift, LOWEST).clamp_min(LOWEST).view(1, 1, FILL_SIDE, FILL_SIDE)
    return torch.maximum(F.avg_pool2d(lift, 3, stride=1, padding=1), lift)


def colors(placed: Sequence[Placed], grid: Tensor) -> Tensor:
    """(COLOR_CELLS, …, 3) uint8 sRGB over the canonical cube: each place as the photo has it that shows it best.

    Only around the surface of the solid `grid`; elsewhere grey, which packs small.
    """
    firsts = [first_depth(each.view.scene) for each in placed]
    points = visual_hull.lattice(COLOR_CELLS, RADIUS)
    mixed, total = torch.zeros(len(points), 3), torch.zeros(len(points), 1)
    for each, first in zip(placed, firsts, strict=True):
        own = each.own(points)
        weight = weights(each, first, own, GUESSED_COLOR)[:, None]
        mixed, total = mixed + weight * each.view.scene.color(own), total + weight
    found = ((mixed / total).clamp(0.0, 1.0) * 255.0 + 0.5).to(torch.uint8)
    density = F.interpolate(grid[None, None].float(), COLOR_CELLS, mode="trilinear", align_corners=True).flatten()
    found[(density <= 0.0) | (density >= 1.0)] = 128
    return found.view(COLOR_CELLS, COLOR_CELLS, COLOR_CELLS, 3)


def weights(placed: Placed, first: Tensor, own: Tensor, least: float) -> Tensor:
    """(N,) how far a photo is believed at points of its own frame: 1 up to its first surface, `least` behind."""
    seen = placed.view.scene.camera.project(own)
    surface = F.grid_sample(first, seen[None, None, :, :2], padding_mode="border", align_corners=False).flatten()
    return 1.0 - (1.0 - least) * ((seen[:, 2] - surface - SKIN) / FADE).clamp(0.0, 1.0)


def first_depth(scene: Scene) -> Tensor:
    """(1, 1, DEPTH_SIDE, DEPTH_SIDE) depth at which the photo's rays first meet its own solid; far where nothing is."""
    depth = first_surface_depth(scene.density, scene.camera, DEPTH_SIDE, radius=scene.radius, threshold=scene.threshold)
    return depth[None, None]
