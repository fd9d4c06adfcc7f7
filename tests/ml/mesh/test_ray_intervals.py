import numpy as np

from ml.mesh import ray_intervals
from ml.mesh.raycast import Caster
from ml.training.shapes.parts import box
from tests.ml.training.solids import GREY, cube, solid

FORWARD = np.array([[0.0, 0.0, 1.0]], np.float32)


def crossings(shape, origin=(0.1, 0.2, -5.0)):
    caster = Caster(shape.vertices, shape.faces)
    distances, faces = ray_intervals.all_hits(caster, np.array([origin], np.float32), FORWARD)
    inside = ray_intervals.inside_after(caster, FORWARD, faces)
    return distances[0][faces[0] >= 0], inside[0][faces[0] >= 0]


def test_it_finds_both_walls_of_a_cube():
    distances, inside = crossings(cube())
    assert np.allclose(distances, [4.0, 6.0], atol=1e-3)
    assert inside.tolist() == [True, False]


def test_a_ray_stays_inside_where_two_boxes_overlap():
    two = solid(box(GREY, (2, 2, 2)), box(GREY, (2, 2, 2), (0, 0, 1)))
    distances, inside = crossings(two)
    assert np.allclose(distances, [4.0, 5.0, 6.0, 7.0], atol=1e-3)
    assert inside.tolist() == [True, True, True, False]


def test_nothing_is_inside_behind_the_last_hit_of_an_open_mesh():
    open_cube = cube()
    corners = open_cube.vertices[open_cube.faces]
    far = (corners[:, :, 2] > 0.9).all(axis=1)
    kept = type(open_cube)("open", open_cube.vertices, open_cube.faces[~far], open_cube.colors[~far])
    _, inside = crossings(kept)
    assert inside.tolist() == [False]


def test_a_miss_has_no_hits():
    distances, _ = crossings(cube(), origin=(9.0, 0.0, -5.0))
    assert len(distances) == 0
