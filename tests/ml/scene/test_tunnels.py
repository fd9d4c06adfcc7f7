"""Tunnels that the silhouette does not show are closed; those that it shows, and thin parts, stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.core.camera import RADIUS, Camera
from ml.evaluation.single_photo import silhouette
from ml.evaluation.topology import Topology, measure
from ml.mesh import marching_cubes, repair
from ml.scene import tunnels
from ml.scene.volume import VolumeScene, silhouette_density

CELLS = 96
CAMERA = Camera()
STEPS = np.linspace(-RADIUS, RADIUS, CELLS, dtype=np.float32)
X, Y, Z = np.meshgrid(STEPS, STEPS, STEPS, indexing="ij")
Solid = NDArray[np.bool_]


def block(x: float, y: float, z: float) -> Solid:
    """A box around the origin with these half sides."""
    return np.asarray((np.abs(X) < x) & (np.abs(Y) < y) & (np.abs(Z) < z))


def scene_of(solid: Solid) -> VolumeScene:
    """The shape with the silhouette that it has from the photo's side."""
    scene = VolumeScene(torch.from_numpy(solid).half(), torch.zeros(4, 4, 3, dtype=torch.uint8), camera=CAMERA)
    mesh = marching_cubes.extract(scene, CELLS - 1)
    mask = silhouette(mesh, CAMERA)
    return replace(scene, silhouette=silhouette_density(mask.astype(np.float32), CAMERA))


def topology_of(scene: VolumeScene) -> Topology:
    mesh = repair.finish(marching_cubes.extract(scene, 128), 20_000)
    return measure(mesh.vertices, mesh.faces)


@pytest.fixture(scope="module")
def pierced() -> VolumeScene:
    """A box with a tunnel from side to side, which the photo cannot show."""
    return scene_of(block(0.3, 0.4, 0.3) & ~((np.abs(X) < 0.04) & (np.abs(Z) < 0.04)))


def test_a_tunnel_that_the_photo_does_not_show_is_filled(pierced: VolumeScene) -> None:
    assert topology_of(pierced).genus == 1
    assert topology_of(tunnels.close_tunnels(pierced)).genus == 0


def test_a_handle_that_the_photo_shows_stays() -> None:
    ring = (np.hypot(Y - 0.35, Z) < 0.2) & (np.hypot(Y - 0.35, Z) > 0.1) & (np.abs(X) < 0.04)
    cup = scene_of(block(0.25, 0.25, 0.35) | ring)
    assert topology_of(tunnels.close_tunnels(cup)).genus == topology_of(cup).genus == 1


def test_a_chair_back_keeps_its_gaps() -> None:
    gaps = (
        (np.abs(X) < 0.1) & (np.abs(Z) < 0.2) & ((np.abs(np.abs(Y) - 0.1) < 0.04) | (np.abs(np.abs(Y) - 0.25) < 0.04))
    )
    back = scene_of(block(0.04, 0.35, 0.35) & ~gaps)
    assert topology_of(tunnels.close_tunnels(back)).genus == topology_of(back).genus == 4


def test_a_thin_leg_that_the_photo_shows_stays_connected() -> None:
    leg = (np.hypot(X, Y) < 0.03) & (np.abs(Z) < 0.5)
    table = scene_of((block(0.3, 0.3, 0.5) & (Z > 0.4)) | leg)
    closed = topology_of(tunnels.close_tunnels(table))
    assert (closed.genus, closed.components) == (0, 1)


def test_a_shape_without_tunnels_does_not_change() -> None:
    whole = scene_of(block(0.3, 0.4, 0.3))
    assert torch.equal(tunnels.close_tunnels(whole).grid, whole.grid)


def test_an_empty_scene_stays_empty() -> None:
    empty = VolumeScene(torch.zeros(CELLS, CELLS, CELLS).half(), torch.zeros(4, 4, 3, dtype=torch.uint8))
    assert tunnels.close_tunnels(empty) is empty
