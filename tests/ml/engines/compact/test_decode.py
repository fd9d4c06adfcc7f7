"""Decoding: layers along the rays, the upright grid, and the colours of the back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ml.core.camera import RADIUS, Camera
from ml.core.images import Floats
from ml.engines.compact import decode
from ml.engines.compact.decode import DECODING
from ml.engines.compact.engine import CompactEngine, predict
from ml.engines.compact.network import BINS, GRID, PICTURE, REACH, CompactNetwork, Output
from ml.mesh import marching_cubes
from ml.photo.cutout import Cutout
from ml.scene.volume import VolumeScene


def disk(radius: float = 0.8, size: int = 512) -> Floats:
    steps = (np.arange(size) + 0.5) / size * 2.0 - 1.0
    return np.asarray(np.hypot(*np.meshgrid(steps, steps)) < radius, np.float32)


def output(front: float = -0.3, thickness: float = 0.6, elevation: float = 20.0) -> Output:
    flat = torch.ones(1, GRID, GRID)
    color = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, GRID, GRID)
    return Output(
        flat * front, flat * thickness, flat * (front + thickness), torch.zeros(1), color, torch.tensor([elevation])
    )


def empty_bins() -> torch.Tensor:
    return torch.full((GRID, GRID, BINS), -9.0)


def cutout(alpha: Floats) -> Cutout:
    rgba = np.full((512, 512, 4), 128, np.uint8)
    rgba[..., 3] = (alpha * 255).astype(np.uint8)
    return Cutout(rgba, (0, 0, 512, 512), "none")


def test_the_front_layer_is_between_its_front_and_end() -> None:
    volume = decode.ray_volume(output(), empty_bins(), disk())
    along_axis = torch.tensor([-0.4, -0.2, 0.0, 0.2, 0.4])
    camera = volume.camera
    points = camera.axes()[2] * along_axis[:, None]
    assert (volume.at(points) > 0).tolist() == [False, True, True, True, False]


def test_a_front_layer_without_thickness_still_exists() -> None:
    volume = decode.ray_volume(output(front=0.1, thickness=0.0), empty_bins(), disk())
    assert (volume.distance > 0).any(dim=0).all()


def ray(end: float, back: float, logit: float) -> list[bool]:
    """Whether a ray whose front layer begins at 0 is occupied at −0.05, 0.1, 0.4, 0.78 and 0.9."""
    flat = torch.ones(GRID, GRID)
    logits = torch.full((GRID, GRID, BINS), logit)
    distance = decode.ray_distance(flat * 0.0, flat * end, flat * back, logits, flat < 0)[:, 0, 0]
    depth = (torch.arange(DECODING.depths) + 0.5) / DECODING.depths * 2 * REACH - REACH
    return [bool(distance[(depth - place).abs().argmin()] > 0) for place in (-0.05, 0.1, 0.4, 0.78, 0.9)]


def test_hidden_bins_count_behind_the_front_layer_only() -> None:
    assert ray(0.2, 0.8, 9.0) == [False, True, True, True, True]


def test_there_is_a_back_layer_at_the_last_surface() -> None:
    assert ray(0.2, 0.8, -9.0) == [False, True, False, True, False]


@pytest.mark.parametrize(("end", "narrow", "joined"), [(0.77, False, True), (0.73, False, False), (0.73, True, True)])
def test_the_front_layer_extends_to_a_last_surface_close_behind_it(end: float, narrow: bool, joined: bool) -> None:
    flat = torch.ones(GRID, GRID)
    distance = decode.ray_distance(flat * 0.0, flat * end, flat * 0.8, empty_bins(), (flat > 0) & narrow)
    depth = (torch.arange(DECODING.depths) + 0.5) / DECODING.depths * 2 * REACH - REACH
    assert bool((distance[(depth > 0) & (depth < 0.8)] > 0).all()) == joined


@pytest.mark.parametrize(("step", "narrow", "joined"), [(0.06, False, True), (0.15, False, False), (0.15, True, True)])
def test_a_back_layer_that_slopes_away_from_the_camera_has_no_holes(step: float, narrow: bool, joined: bool) -> None:
    flat = torch.ones(GRID, GRID)
    back = flat * 0.3 + step * (torch.arange(GRID) % 2)
    distance = decode.ray_distance(flat * -0.9, flat * -0.8, back, empty_bins(), (flat > 0) & narrow)
    near, far = (DECODING.depths - distance[..., 0, column].flip(0).gt(0).float().argmax() for column in (0, 1))
    assert bool((distance[near:far, 0, 1] > 0).all()) == joined


@pytest.mark.parametrize("narrow", [True, False])
def test_a_narrow_part_that_leads_away_from_the_camera_stays_whole(narrow: bool) -> None:
    flat = torch.ones(GRID, GRID)
    front = (torch.arange(GRID) % 8)[:, None] * 0.1 - 0.4 * flat
    distance = decode.ray_distance(front, front, front, empty_bins(), (flat > 0) & narrow)
    assert bool(((distance[:, 1] > 0) & (distance[:, 2] > 0)).any()) == narrow


def test_a_leg_is_a_narrow_part_and_a_body_is_not() -> None:
    covered = np.zeros((GRID, GRID), bool)
    covered[10:35, 12:50] = True
    covered[35:60, 20:24] = True
    narrow = decode.narrow_parts(covered).numpy()
    assert narrow[36:60, 20:24].all()
    assert not narrow[16:30, 18:44].any()


def test_a_shape_too_deep_for_the_cube_is_scaled_down_with_its_camera() -> None:
    volume = decode.ray_volume(output(front=-1.0, thickness=2.0), empty_bins(), disk())
    assert volume.camera.distance < 1.9
    grid = decode.upright_grid(volume, disk())
    assert grid.max() > 0.5
    inside = (grid > 0.5).nonzero()
    assert inside.min() > 0 and inside.max() < DECODING.cells - 1


def test_sampling_only_around_the_object_loses_none_of_it() -> None:
    alpha = np.zeros((512, 512), np.float32)
    alpha[60:200, 300:480] = 1.0
    volume = decode.ray_volume(output(front=0.1, thickness=0.3, elevation=20.0), empty_bins(), alpha)
    grid = decode.upright_grid(volume, alpha)
    points = (torch.rand(40_000, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1) * RADIUS
    column, row = ((volume.camera.project(points)[:, :2] + 1) / 2 * 512).long().clamp(0, 511).T
    solid = (volume.at(points) > 0.02) & (torch.from_numpy(alpha)[row, column] > 0)
    place = (points / RADIUS).flip(1)[None, None, None]
    kept = torch.nn.functional.grid_sample(grid[None, None].float(), place, align_corners=True).flatten()
    assert solid.sum() > 100
    assert (kept[solid] > 0.5).all()
    assert grid.count_nonzero() < 0.3 * grid.numel()


def test_the_predicted_elevation_sets_the_object_upright() -> None:
    volume = decode.ray_volume(output(front=-0.02, thickness=0.04, elevation=30.0), empty_bins(), disk())
    plane = (decode.upright_grid(volume, disk()) > 0.5).nonzero().float() / (DECODING.cells - 1) * 2 * RADIUS - RADIUS
    _, _, axes = np.linalg.svd(plane.numpy() - plane.numpy().mean(axis=0), full_matrices=False)
    tilt = np.degrees(np.arcsin(abs(axes[2, 2])))
    assert tilt == pytest.approx(30.0, abs=2.0)


def test_the_silhouette_cuts_the_shape_at_the_photos_resolution() -> None:
    alpha = disk()
    alpha[:, 250:254] = 0.0
    scene = predicted_scene(alpha)
    camera = scene.camera
    column = torch.linspace(-0.3, 0.3, 9)
    right = camera.axes()[0] * (252.0 / 512.0 * 2 - 1) * camera.distance / camera.focal
    gap = right + camera.axes()[1] * column[:, None]
    beside = gap + camera.axes()[0] * 0.03
    assert (scene.density(gap) < scene.threshold).all()
    assert (scene.density(beside) > scene.threshold).all()


def predicted_scene(alpha: Floats) -> VolumeScene:
    network = CompactNetwork().eval()
    torch.nn.init.zeros_(network.surface.weight)
    assert network.surface.bias is not None
    network.surface.bias.data = torch.tensor([-1.0, 1.6, 1.0, 2.0, -2.0, -2.0])
    torch.nn.init.constant_(network.bins.bias, -9.0)
    torch.nn.init.zeros_(network.bins.weight)
    return predict(network, cutout(alpha))


def test_the_back_has_the_networks_colours_and_the_front_the_photos() -> None:
    scene = predicted_scene(disk())
    near, far = -scene.camera.axes()[2] * 0.5, scene.camera.axes()[2] * 0.3
    front, back = scene.color(torch.stack([near, far]))
    assert torch.allclose(front, torch.full((3,), 128 / 255), atol=0.05)
    assert back[0] > 0.6 and back[1] < 0.4


@pytest.mark.parametrize("coverage", ["thin", "full", "two parts", "touching"])
def test_unusual_masks_still_give_a_surface(coverage: str) -> None:
    alpha = np.zeros((512, 512), np.float32)
    if coverage == "thin":
        alpha[40:470, 254:258] = 1.0
    elif coverage == "full":
        alpha[6:506, 6:506] = 1.0
    elif coverage == "two parts":
        alpha[60:200, 60:200] = alpha[300:460, 300:460] = 1.0
    else:
        alpha[200:512, 0:512] = 1.0
    mesh = marching_cubes.extract(predicted_scene(alpha), 96)
    assert len(mesh.faces) > 50


def test_without_weights_the_silhouette_is_inflated(tmp_path: Path) -> None:
    engine = CompactEngine(weights=tmp_path / "none.safetensors")
    scene = engine.infer(cutout(disk()))
    assert engine.weights_hash == ""
    assert scene.camera == Camera()
    assert scene.back is None


def test_no_detail_of_the_photo_shows_on_the_back() -> None:
    rgba = np.full((512, 512, 4), 255, np.uint8)
    rgba[:, ::32, :3] = 0
    plain = decode.blurred_colors(np.full((512, 512, 4), 255, np.uint8))
    striped = decode.blurred_colors(rgba)
    assert np.allclose(plain, 1.0, atol=0.01)
    assert striped.std() < 0.01
    assert striped.mean() < 0.98


def test_pixels_outside_the_silhouette_do_not_colour_the_back() -> None:
    rgba = np.zeros((512, 512, 4), np.uint8)
    rgba[100:400, 100:400] = (200, 40, 40, 255)
    inside = decode.blurred_colors(rgba)[16:48, 16:48]
    assert np.allclose(inside, np.array([200, 40, 40]) / 255.0, atol=0.01)


def test_the_network_runs_in_float32_which_every_processor_has() -> None:
    rgba = np.full((PICTURE, PICTURE, 4), 128, np.uint8)
    result, logits = decode.run_network(CompactNetwork().eval(), rgba)
    assert {result.features.dtype, result.front.dtype, logits.dtype} == {torch.float32}
