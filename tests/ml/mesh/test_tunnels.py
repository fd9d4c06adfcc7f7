"""Tunnels that the silhouette does not show are closed; those that it shows, and thin parts, stay."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.core.camera import RADIUS, Camera
from ml.evaluation.topology import genus
from ml.mesh import marching_cubes
from ml.mesh.geometry import components
from ml.mesh.tunnels import NARROW
from ml.scene.volume import VolumeScene

CELLS = 96
CAMERA = Camera()
SIDE = Camera(azimuth=90.0)
STEPS = np.linspace(-RADIUS, RADIUS, CELLS, dtype=np.float32)
X, Y, Z = np.meshgrid(STEPS, STEPS, STEPS, indexing="ij")
Solid = NDArray[np.bool_]


def block(x: float, y: float, z: float) -> Solid:
    """A box around the origin with these half sides."""
    return np.asarray((np.abs(X) < x) & (np.abs(Y) < y) & (np.abs(Z) < z))


def hole(half_width: float) -> Solid:
    """Along the axis from side to side, which the photo does not show."""
    return np.asarray((np.abs(X) < half_width) & (np.abs(Z) < half_width))


def scene_of(solid: Solid) -> VolumeScene:
    return VolumeScene(torch.from_numpy(solid).half(), torch.zeros(4, 4, 3, dtype=torch.uint8), camera=CAMERA)


def topology_of(solid: Solid, *photos: Camera) -> tuple[int, int]:
    """The numbers of tunnels and of components of the surface."""
    mesh = marching_cubes.extract(scene_of(solid), 128, photos=photos)
    return genus(mesh.faces), int(components(mesh.faces, len(mesh.vertices)).max()) + 1


def test_a_tunnel_that_the_photo_does_not_show_is_filled() -> None:
    pierced = block(0.3, 0.4, 0.3) & ~hole(0.02)
    assert topology_of(pierced) == (1, 1)
    assert topology_of(pierced, CAMERA) == (0, 1)


def test_a_tunnel_that_another_photo_shows_stays() -> None:
    assert topology_of(block(0.3, 0.4, 0.3) & ~hole(0.028), CAMERA, SIDE) == (1, 1)


def test_a_wide_tunnel_stays() -> None:
    assert topology_of(block(0.3, 0.4, 0.3) & ~hole(0.02 + 2.0 * NARROW), CAMERA) == (1, 1)


def test_a_tunnel_in_a_funnel_is_closed_by_a_membrane_and_the_funnel_stays() -> None:
    funnel = block(0.3, 0.4, 0.3) & ~(np.hypot(X, Z) < np.maximum(np.abs(Y), 0.02) * 0.6)
    mesh = marching_cubes.extract(scene_of(funnel), 128, photos=[CAMERA])
    assert genus(mesh.faces) == 0
    assert np.abs(mesh.vertices[np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 2]) < 0.015, 1]).max() < 0.1


def test_a_thin_bridge_that_covers_nothing_on_its_own_is_cut() -> None:
    bridge = (np.abs(Y) < 0.3) & (np.abs(X + 0.4) < 0.012) & (np.abs(Z) < 0.012)
    ends = block(0.42, 0.3, 0.2) & (np.abs(Y) > 0.2) & (X < 0.0)
    body = block(0.3, 0.4, 0.3)
    assert topology_of(body | bridge | ends) == (1, 1)
    assert topology_of(body | bridge | ends, CAMERA) == topology_of(body | ends)


def test_a_handle_that_the_photo_shows_stays() -> None:
    ring = (np.hypot(Y - 0.35, Z) < 0.2) & (np.hypot(Y - 0.35, Z) > 0.1) & (np.abs(X) < 0.04)
    cup = block(0.25, 0.25, 0.35) | ring
    assert topology_of(cup, CAMERA) == topology_of(cup) == (1, 1)


def test_a_thin_handle_with_a_narrow_gap_that_the_photo_shows_stays() -> None:
    ring = (np.hypot(Y - 0.32, Z) < 0.08) & (np.hypot(Y - 0.32, Z) > 0.05) & (np.abs(X) < 0.015)
    cup = block(0.25, 0.25, 0.35) | ring
    assert topology_of(cup, CAMERA) == topology_of(cup) == (1, 1)


def test_a_chair_back_keeps_its_gaps() -> None:
    gaps = (
        (np.abs(X) < 0.1) & (np.abs(Z) < 0.2) & ((np.abs(np.abs(Y) - 0.1) < 0.04) | (np.abs(np.abs(Y) - 0.25) < 0.04))
    )
    back = block(0.04, 0.35, 0.35) & ~gaps
    assert topology_of(back, CAMERA) == topology_of(back) == (4, 1)


def test_a_vase_with_a_narrow_mouth_stays_hollow() -> None:
    radius = np.hypot(np.hypot(X, Y), Z)
    vase = (radius < 0.5) & ~((radius < 0.42) | (np.hypot(X, Y) < 0.025) & (Z > 0.0))
    pierced = vase & ~((np.hypot(X, Y) < 0.025) & (Z < 0.0))
    volume = np.count_nonzero(vase) * (2.0 * RADIUS / (CELLS - 1)) ** 3
    mesh = marching_cubes.extract(scene_of(pierced), 128, photos=[SIDE])
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    enclosed = np.einsum("fc,fc->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6.0
    assert enclosed == pytest.approx(volume, rel=0.1)


def test_a_thin_leg_that_the_photo_shows_stays_connected() -> None:
    leg = (np.hypot(X, Y) < 0.03) & (np.abs(Z) < 0.5)
    assert topology_of((block(0.3, 0.3, 0.5) & (Z > 0.4)) | leg, CAMERA) == (0, 1)


def test_a_shape_without_tunnels_does_not_change() -> None:
    whole = scene_of(block(0.3, 0.4, 0.3))
    plain, closed = marching_cubes.extract(whole, 64), marching_cubes.extract(whole, 64, photos=[CAMERA])
    assert np.array_equal(plain.vertices, closed.vertices)
