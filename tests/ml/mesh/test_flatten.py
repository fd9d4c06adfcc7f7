"""Wavy faces become flat; edges, curved surfaces and the silhouette stay."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.core.masks import iou
from ml.evaluation.single_photo import silhouette
from ml.mesh.flatten import flatten
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh

HALF = 0.4
CAMERA = Camera(elevation=20.0)


def rotation(axis: str, degrees: float) -> np.ndarray[Any, Any]:
    """(4, 4) rotation about "x", "y" or "z"."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    return matrix


TURN = rotation("z", 30.0)


def mesh_of(shape: trimesh.Trimesh) -> Mesh:
    vertices, faces = np.asarray(shape.vertices, np.float32), np.asarray(shape.faces, np.int32)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def cube(wave: float) -> Mesh:
    """A turned cube of side 0.8 with waves of this height on its faces, none at the edges."""
    box = cast("trimesh.Trimesh", trimesh.creation.box((2 * HALF,) * 3).subdivide_to_size(0.03))
    points = np.asarray(box.vertices)
    axis = np.abs(points).argmax(axis=1)
    rows = np.arange(len(points))
    others = np.stack([np.where(axis == 0, 1, 0), np.where(axis == 2, 1, 2)])
    inside = np.prod(np.cos(points[rows, others] * np.pi / (2 * HALF)), axis=0)
    waves = np.sin(points[rows, others] * 40.0).prod(axis=0)
    points[rows, axis] += wave * inside * waves * np.sign(points[rows, axis])
    box.vertices = points
    box.apply_transform(TURN)
    return mesh_of(box)


def distances_from_faces(mesh: Mesh) -> Floats:
    """(V,) distances from the surface of the turned cube without waves."""
    upright = mesh.vertices @ TURN[:3, :3]
    return np.asarray(np.abs(np.abs(upright).max(axis=1) - HALF), np.float32)


def test_the_faces_of_a_wavy_box_become_flat() -> None:
    wavy = cube(0.012)
    flat = flatten(wavy, CAMERA)
    assert np.quantile(distances_from_faces(wavy), 0.95) > 0.005
    assert np.quantile(distances_from_faces(flat), 0.95) < 0.01 * 2 * HALF / 4


def test_edges_and_corners_stay_sharp() -> None:
    flat = flatten(cube(0.012), CAMERA)
    upright = np.abs(flat.vertices @ TURN[:3, :3])
    for target in ((HALF, HALF, HALF), (HALF, HALF, 0.0), (HALF, 0.0, HALF), (0.0, HALF, HALF)):
        assert np.linalg.norm(upright - target, axis=1).min() < 0.01
        assert np.linalg.norm(upright - target, axis=1)[upright.max(axis=1) > HALF + 0.005].min(initial=1.0) > 0.05


def test_a_bevelled_edge_becomes_sharper() -> None:
    box = cast("trimesh.Trimesh", trimesh.creation.box((2 * HALF,) * 3).subdivide_to_size(0.02))
    points = np.asarray(box.vertices)
    over = np.maximum(points[:, 0] + points[:, 1] - (2 * HALF - 0.036), 0.0) / 2.0
    points[:, :2] -= over[:, None]
    box.vertices = points
    bevelled, camera = mesh_of(box), Camera(elevation=20.0, azimuth=45.0)
    sharp = flatten(bevelled, camera).vertices
    edge = (np.abs(bevelled.vertices[:, :2] - HALF).max(axis=1) < 0.06) & (np.abs(bevelled.vertices[:, 2]) < 0.3)
    assert (HALF - bevelled.vertices[edge, :2].max(axis=1)).max() > 0.015
    assert np.abs(HALF - sharp[edge, :2].max(axis=1)).max() < 0.007


def test_the_silhouette_stays() -> None:
    wavy = cube(0.012)
    assert iou(silhouette(flatten(wavy, CAMERA), CAMERA), silhouette(wavy, CAMERA)) > 0.995


@pytest.mark.parametrize(
    "shape",
    [
        trimesh.creation.icosphere(subdivisions=5, radius=0.5),
        trimesh.creation.capsule(height=0.6, radius=0.3, count=(64, 64)),
    ],
)
def test_curved_surfaces_do_not_move(shape: trimesh.Trimesh) -> None:
    mesh = mesh_of(shape)
    assert np.array_equal(flatten(mesh, CAMERA).vertices, mesh.vertices)


def test_the_wall_of_a_cylinder_stays_round() -> None:
    shape: trimesh.Trimesh = trimesh.creation.cylinder(radius=0.3, height=1.0, sections=96).subdivide_to_size(0.04)
    shape.apply_transform(rotation("y", 10.0))
    mesh = mesh_of(shape)
    wall = np.abs(mesh.vertices @ np.array([np.sin(np.radians(10.0)), 0.0, np.cos(np.radians(10.0))])) < 0.45
    assert np.abs(flatten(mesh, CAMERA).vertices - mesh.vertices)[wall].max() < 0.003
