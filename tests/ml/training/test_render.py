import numpy as np
import pytest

from ml.mesh.raycast import Caster
from ml.training import posing, render
from ml.training.shapes.parts import box
from tests.ml.training.solids import GREY, ball, cube, solid


def target_of(shape, azimuth=0.0, elevation=0.0):
    view = posing.pose(shape.vertices, shape.faces, azimuth, elevation)
    return view, render.cast_target(Caster(view.vertices, view.faces), view, shape.colors)


def test_a_ball_is_as_deep_as_it_is_wide():
    _, target = target_of(ball())
    row = target.depths[render.GRID // 2]
    width = np.isfinite(row[:, 0]).sum() / render.GRID * 2 * 1.9 / 2.747
    front, end, back = target.depths[render.GRID // 2, render.GRID // 2]
    assert back - front == pytest.approx(width, rel=0.1)
    assert end == pytest.approx(back)


def test_a_hidden_box_stands_behind_the_first_part():
    _, target = target_of(solid(box(GREY, (0.2, 2, 2)), box(GREY, (0.2, 1, 1), (-1.0, 0, 0))))
    front, end, back = target.depths[render.GRID // 2, render.GRID // 2]
    assert end - front < 0.2
    assert back - end > 0.3
    centres = render.bin_centres()
    between = (centres > end + 0.06) & (centres < back - 0.2)
    assert not target.occupancy[render.GRID // 2, render.GRID // 2, between].any()
    assert target.occupancy[render.GRID // 2, render.GRID // 2].sum() > 4


def test_outside_the_silhouette_there_is_no_depth_and_nothing_filled():
    _, target = target_of(ball())
    assert np.isnan(target.depths[0, 0]).all()
    assert not target.occupancy[0, 0].any()


def test_the_picture_covers_what_the_rays_hit():
    shape = cube()
    view = posing.pose(shape.vertices, shape.faces, 30.0, 20.0)
    caster = Caster(view.vertices, view.faces)
    normals = render.corner_normals(view.vertices, view.faces, caster.normals)
    corners = shape.vertices[view.faces]
    picture, cover = render.draw(caster, view, corners, normals, shape.colors, np.random.default_rng(0))
    small = cover.reshape(render.GRID, 2, render.GRID, 2).mean(axis=(1, 3))
    hit = np.isfinite(render.cast_target(caster, view, shape.colors).depths[..., 0])
    assert ((small > 0.5) == hit).mean() > 0.98
    assert picture[cover == 0].max() == 0.0
    assert picture[cover > 0].std() > 0.01


def test_normals_are_smooth_on_a_ball_and_sharp_on_a_cube():
    for shape, smooth in ((ball(), True), (cube(), False)):
        caster = Caster(shape.vertices, shape.faces)
        corners = render.corner_normals(shape.vertices, shape.faces, caster.normals)
        agrees = np.einsum("fcd,fd->fc", corners, caster.normals)
        assert (agrees.min() < 0.999) == smooth
