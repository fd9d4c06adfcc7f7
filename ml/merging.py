"""One solid and its colours out of the scenes of several photos that stand in one frame.

Truncated distances are averaged, each with the weight of the photo that imagined it (Curless and Levoy 1996, "A
volumetric method for building complex models from range images"): full up to a little behind the first surface, which
the photo shows, less for what it only guesses. What an outline cuts off is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt, gaussian_filter
from torch import Tensor

from ml import lattice, silhouettes
from ml.camera import RADIUS
from ml.cutout import Cutout
from ml.engines.compact.scene import SOFT, VolumeScene, density_of
from ml.placing import Placed
from ml.sampling import to_bytes
from ml.scene import Scene
from ml.texture import scene_colors

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
DEPTH_SIDE = 96
DEPTH_STEPS = 96


def as_volume(scene: Scene, cutout: Cutout) -> VolumeScene:
    """The scene with densities in [0, 1] that fall through 0.5 on its surface: an engine's other kind is sampled."""
    if isinstance(scene, VolumeScene):
        return scene
    points = silhouettes.lattice(SAMPLES, scene.radius)
    inside = lattice.densities(scene, points.numpy()).reshape((SAMPLES,) * 3) > scene.threshold
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
    firsts = [first_depth(each.view.scene) for each in placed]
    steps = torch.linspace(-RADIUS, RADIUS, CELLS)
    y, z = torch.meshgrid(steps[1:-1], steps[1:-1], indexing="ij")
    grid = torch.zeros(CELLS, CELLS, CELLS, dtype=torch.float16)
    for index in range(1, CELLS - 1):
        points = torch.stack([steps[index].expand_as(y), y, z], dim=-1).reshape(-1, 3)
        grid[index, 1:-1, 1:-1] = _densities(placed, firsts, points).view(y.shape).half()
    return grid


def colors(placed: Sequence[Placed], grid: Tensor) -> Tensor:
    """(COLOR_CELLS, …, 3) uint8 sRGB over the canonical cube: each place as the photo has it that shows it best.

    Only around the surface of the solid `grid`; elsewhere grey, which packs small.
    """
    firsts = [first_depth(each.view.scene) for each in placed]
    points = silhouettes.lattice(COLOR_CELLS, RADIUS)
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
    camera = scene.camera
    origins, directions = camera.rays(DEPTH_SIDE)
    scale = 1.0 / (directions @ camera.axes()[2])
    depths = camera.distance - scene.radius + (torch.arange(DEPTH_STEPS) + 0.5) / DEPTH_STEPS * 2.0 * scene.radius
    first = torch.full((len(directions),), camera.distance + scene.radius)
    for depth in depths.flip(0):
        inside = scene.density(origins + directions * (depth * scale)[:, None]) > scene.threshold
        first = torch.where(inside, depth, first)
    return first.view(1, 1, DEPTH_SIDE, DEPTH_SIDE)


def _densities(placed: Sequence[Placed], firsts: Sequence[Tensor], points: Tensor) -> Tensor:
    outlines, cameras = [each.view.outline for each in placed], [each.camera for each in placed]
    hull = silhouettes.hull(outlines, cameras, points)
    near = (hull > -SOFT).nonzero().flatten()
    found = torch.zeros(len(points))
    if len(near):
        merged = _merged(placed, firsts, points[near])
        found[near] = torch.minimum(merged, density_of(hull[near] + SOFTNESS))
    return found


def _merged(placed: Sequence[Placed], firsts: Sequence[Tensor], points: Tensor) -> Tensor:
    """(N,) the weighted mean of the photos' densities."""
    mixed, total = torch.zeros(len(points)), torch.zeros(len(points))
    for each, first in zip(placed, firsts, strict=True):
        own = each.own(points)
        weight = weights(each, first, own, GUESS)
        mixed, total = mixed + weight * each.view.scene.density(own), total + weight
    return mixed / total
