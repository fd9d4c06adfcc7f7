"""Feet that end above the ground are moved onto it along the photo's rays; what is no foot stays."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch
import trimesh

from ml.core.camera import Camera
from ml.evaluation import topology
from ml.mesh import feet
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh

CAMERA = Camera(elevation=15.0)


def table(*lifts: float) -> Mesh:
    """A top of height 0.1 on legs of length 0.5, which end above the ground by these fractions of the height of 0.6."""
    parts = [_box((0.8, 0.8, 0.1), (0.0, 0.0, 0.3))]
    corners = [(0.33, 0.33), (0.33, -0.33), (-0.33, 0.33), (-0.33, -0.33)]
    for (x, y), lift in zip(corners, lifts, strict=True):
        length = 0.5 - 0.6 * lift
        parts.append(_box((0.08, 0.08, length + 0.01), (x, y, 0.255 - length / 2.0)))
    whole = trimesh.boolean.union(parts, engine="manifold").subdivide_to_size(0.05)
    vertices, faces = np.asarray(whole.vertices, np.float32), np.asarray(whole.faces, np.int32)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def _box(size: tuple[float, float, float], center: tuple[float, float, float]) -> trimesh.Trimesh:
    low, high = (np.array(center) + sign * np.array(size) / 2.0 for sign in (-1.0, 1.0))
    return cast("trimesh.Trimesh", trimesh.creation.box(bounds=[low, high]))


def assert_stands(mesh: Mesh, stance: float) -> None:
    measured = topology.measure(mesh.vertices, mesh.faces)
    assert measured.feet == 4
    assert measured.stance == pytest.approx(stance, abs=0.002)


def test_four_legs_end_on_one_plane() -> None:
    uneven = table(0.0, 0.02, 0.05, 0.04)
    assert_stands(uneven, 0.05)
    assert_stands(feet.level(uneven, CAMERA), 0.0)


def test_vertices_move_along_the_rays_of_the_photo() -> None:
    uneven = table(0.0, 0.02, 0.05, 0.04)
    before, after = (
        CAMERA.project(torch.from_numpy(mesh.vertices)).numpy() for mesh in (uneven, feet.level(uneven, CAMERA))
    )
    np.testing.assert_allclose(before[:, :2], after[:, :2], atol=1e-5)
    assert float((after[:, 2] - before[:, 2]).max()) > 0.03


def test_a_part_that_ends_much_higher_is_no_foot() -> None:
    short = table(0.0, 0.0, 0.0, 0.2)
    assert feet.level(short, CAMERA) is short


def test_feet_stay_where_their_rays_do_not_descend() -> None:
    uneven = table(0.0, 0.02, 0.05, 0.04)
    np.testing.assert_array_equal(feet.level(uneven, Camera(elevation=-10.0)).vertices, uneven.vertices)
