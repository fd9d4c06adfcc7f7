"""Feet end on one plane; what is not a foot stays where it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
import torch

from ml.core.camera import DISTANCE, Camera
from ml.core.images import Floats
from ml.core.masks import Mask
from ml.engines.compact import decode, ground
from ml.engines.compact.network import BINS, GRID, Output
from ml.evaluation import topology
from ml.mesh import marching_cubes, repair
from ml.mesh.raycast import Caster
from ml.scene.volume import VolumeScene, silhouette_density
from ml.training import posing, render, shapes
from ml.training.meshes import normalized
from ml.training.shapes.parts import Part, box, four_corners

ELEVATION = 20.0
GREY = np.full(3, 0.5, np.float32)


@dataclass(frozen=True)
class View:
    """What a perfect network predicts from a picture: opacity (512, 512) and the depths along its rays."""

    alpha: Floats
    output: Output


def view_of(parts: list[Part], azimuth: float = 25.0) -> View:
    mesh = normalized(shapes.join("object", parts))
    posed = posing.pose(mesh.vertices, mesh.faces, azimuth, ELEVATION)
    caster = Caster(posed.vertices, posed.faces)
    depths = torch.from_numpy(render.cast_target(caster, posed, mesh.colors).depths).nan_to_num(0.0)
    rays = render.unit_depth_rays(512, posed.focal)
    alpha = caster.occluded(np.zeros_like(rays), rays).reshape(512, 512).astype(np.float32)
    front, end, back = depths.unbind(dim=2)
    flat = torch.zeros(1, 3, GRID, GRID)
    elevation = torch.tensor([ELEVATION])
    return View(alpha, Output(front[None], (end - front)[None], back[None], flat, flat, elevation))


def with_wrong_depths(view: View) -> View:
    """The same prediction with the depths of the picture's left and right half off in opposite directions."""
    error = torch.where(torch.arange(GRID) < GRID // 2, -0.06, 0.06)
    output = replace(view.output, front=view.output.front + error, back=view.output.back + error)
    return replace(view, output=output)


def stance(view: View) -> topology.Topology:
    volume = decode.ray_volume(view.output, torch.full((GRID, GRID, BINS), -9.0), view.alpha)
    scene = VolumeScene(
        decode.upright_grid(volume, view.alpha),
        torch.zeros(4, 4, 3, dtype=torch.uint8),
        silhouette=silhouette_density(view.alpha, volume.camera),
        camera=volume.camera,
    )
    mesh = repair.finish(marching_cubes.extract(scene, 128), 20_000)
    return topology.measure(mesh.vertices, mesh.faces)


def table() -> list[Part]:
    return [box(GREY, (1.6, 2.0, 0.15), (0, 0, 1.5)), *four_corners(box(GREY, (0.16, 0.16, 1.5), (0.7, 0.9, 0.75)))]


def test_four_legs_end_on_one_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    view = with_wrong_depths(view_of(table()))
    measured = stance(view)
    assert measured.feet == 4
    assert measured.stance < 0.02
    monkeypatch.setattr(ground, "find_legs", lambda mask: [])
    assert stance(view).stance > 0.04


def test_feet_correct_the_elevation() -> None:
    view = view_of(table())
    depth = view.output.front[0].numpy()
    found = ground.find(depth, view.alpha, ELEVATION - 4.0)
    assert abs(found.elevation - ELEVATION) < 3.0


def test_each_leg_is_found_and_a_box_has_none() -> None:
    assert len(ground.find_legs(view_of(table()).alpha > 0.5)) == 4
    assert len(ground.find_legs(view_of([box(GREY, (1, 1, 1))]).alpha > 0.5)) == 1


def row_of_foot(depth: float, height: float = -0.4) -> int:
    """Row of 512 in which a foot at this depth from the camera meets a plane at this height."""
    camera = Camera(elevation=ELEVATION)
    forward, up = float(camera.axes()[2, 2]), float(camera.axes()[1, 2])
    upwards = (height - float(camera.position()[2]) - forward * depth) / (up * depth)
    return round((1.0 - upwards * camera.focal) * 256.0)


def chair() -> tuple[Mask, Floats]:
    """A chair whose fourth leg disappears behind the front right one, and depths in which it is almost as near."""
    near, far = 1.7, 2.1
    mask, front = np.zeros((512, 512), np.uint8), np.zeros((GRID, GRID), np.float32)
    mask[120:280, 120:392] = 1
    front[:, :], front[:, 21:27], front[:, 40:45] = near - DISTANCE, far - DISTANCE, near + 0.15 - DISTANCE
    for column, top, depth in ((140, 140, near), (372, 372, near), (192, 192, far), (358, 326, far)):
        foot, end = row_of_foot(depth), column
        corners = [(top - 8, 280), (top + 8, 280), (end + 8, foot), (end - 8, foot)]
        cv2.fillPoly(mask, [np.array(corners, np.int32)], 1)
    return mask > 0, front


def test_a_leg_that_disappears_behind_another_is_found_and_stands_on_the_same_plane() -> None:
    mask, front = chair()
    legs = ground.find_legs(mask)
    assert [leg.behind for leg in legs].count(True) == 1 and len(legs) == 4
    [behind] = [leg for leg in legs if leg.behind]
    assert abs(behind.row - row_of_foot(2.1)) < 12
    found = ground.find(front, mask.astype(np.float32), ELEVATION)
    assert abs(found.shift[behind.row // 8, behind.column // 8] - 0.25) < 0.05
    assert abs(found.shift[row_of_foot(1.7) // 8 - 1, 372 // 8]) < 0.02
    assert found.height is not None and abs(found.height + 0.4) < 0.02


def test_hands_are_not_feet() -> None:
    arms = [box(GREY, (0.2, 0.2, 0.8), (0, side * 0.7, 1.4)) for side in (-1, 1)]
    legs = [box(GREY, (0.3, 0.3, 1.0), (0, side * 0.25, 0.5)) for side in (-1, 1)]
    view = view_of([box(GREY, (0.3, 1.6, 0.8), (0, 0, 1.4 + 0.35)), *arms, *legs], azimuth=0.0)
    found = ground.find(view.output.front[0].numpy(), view.alpha, ELEVATION)
    assert len(ground.find_legs(view.alpha > 0.5)) == 4
    assert found.elevation == ELEVATION
    assert abs(found.shift).max() < 0.01


def test_an_object_without_legs_stays_as_predicted() -> None:
    view = view_of([box(GREY, (1, 1, 1))])
    found = ground.find(view.output.front[0].numpy(), view.alpha, ELEVATION)
    assert (found.elevation, found.height) == (ELEVATION, None)
    assert not found.shift.any()
