"""Points of a surface: evenly spread, the same ones each time, and with the normals of their side of a hard edge."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh
from ml.texture import surface
from ml.texture.unwrap import unwrap

COUNT = 6_000


@pytest.fixture(scope="module")
def box() -> Mesh:
    """A box of 1 × 2 × 3 whose sides are made of triangles of very different sizes."""
    whole = trimesh.creation.box((1.0, 2.0, 3.0))
    fine = whole.subdivide(np.arange(4)).process(validate=True)
    vertices, faces = fine.vertices.astype(np.float32), fine.faces.astype(np.int32)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def test_a_sample_has_as_many_points_on_each_side_as_its_area_asks_for(box: Mesh) -> None:
    sample = surface.sampled(surface.creased(box), COUNT)
    assert abs(len(sample.points) - COUNT) <= 1
    side = np.abs(sample.normals).argmax(axis=1)
    assert np.bincount(side) / COUNT == pytest.approx(np.array([6.0, 3.0, 2.0]) / 11.0, abs=0.002)


def test_a_sample_leaves_no_gaps(box: Mesh) -> None:
    sample = surface.sampled(surface.creased(box), COUNT)
    front = sample.points[sample.normals[:, 0] > 0.9][:, 1:]
    cells = np.floor((front + np.array([1.0, 1.5])) * 10.0).astype(int)  # 20 × 30 cells
    assert len(np.unique(cells, axis=0)) == 600


def test_a_sample_is_the_same_each_time(box: Mesh) -> None:
    assert np.array_equal(surface.sampled(box, COUNT).points, surface.sampled(box, COUNT).points)


def test_a_side_of_a_hard_edge_has_its_own_normal_before_and_after_the_layout(box: Mesh) -> None:
    creased = surface.creased(box)
    split, uv = surface.split(creased, unwrap(box, 256, "box"))
    for mesh in (creased, split):
        assert np.allclose(np.abs(mesh.normals).max(axis=1), 1.0, atol=1e-5)
        assert np.array_equal(mesh.vertices[mesh.faces], box.vertices[box.faces])
    assert len(uv) == len(split.vertices) >= len(creased.vertices)


def test_a_part_of_a_surface_has_the_chosen_points(box: Mesh) -> None:
    whole = surface.corners(box)
    chosen = whole.points[:, 2] > 0.0
    assert 0 < chosen.sum() < len(chosen)
    assert np.array_equal(whole.part(chosen).points, whole.points[chosen])
