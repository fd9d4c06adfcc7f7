import numpy as np
import pytest

from ml.core.camera import DISTANCE, Camera
from ml.engines.compact.network import GRID, bin_centres
from ml.mesh.raycast import Caster
from ml.training import posing, render
from ml.training.meshes import ColoredMesh
from ml.training.shapes.parts import box
from tests.ml.training.primitives import GREY, ball, cube, joined


def target_of(mesh: ColoredMesh) -> render.Target:
    posed = posing.pose(mesh.vertices, mesh.faces, azimuth=0.0, elevation=0.0)
    return render.cast_target(Caster(posed.vertices, posed.faces), posed, mesh.colors)


def test_a_ball_is_as_deep_as_it_is_wide() -> None:
    target = target_of(ball())
    row = target.depths[GRID // 2]
    width = np.isfinite(row[:, 0]).sum() / GRID * 2 * DISTANCE / Camera().focal
    front, end, back = target.depths[GRID // 2, GRID // 2]
    assert back - front == pytest.approx(width, rel=0.1)
    assert end == pytest.approx(back)


def test_a_hidden_box_is_behind_the_front_layer() -> None:
    target = target_of(joined(box(GREY, (0.2, 2, 2)), box(GREY, (0.2, 1, 1), (-1.0, 0, 0))))
    front, end, back = target.depths[GRID // 2, GRID // 2]
    assert end - front < 0.2
    assert back - end > 0.3
    centres = bin_centres().numpy()
    between = (centres > end + 0.06) & (centres < back - 0.2)
    assert not target.occupancy[GRID // 2, GRID // 2, between].any()
    assert target.occupancy[GRID // 2, GRID // 2].sum() > 4


def test_outside_the_silhouette_there_is_no_depth_and_no_filled_bin() -> None:
    target = target_of(ball())
    assert np.isnan(target.depths[0, 0]).all()
    assert not target.occupancy[0, 0].any()


def test_the_picture_covers_what_the_rays_hit() -> None:
    shape = cube()
    posed = posing.pose(shape.vertices, shape.faces, 30.0, 20.0)
    caster = Caster(posed.vertices, posed.faces)
    normals = render.corner_normals(posed.vertices, posed.faces, caster.normals)
    corners = shape.vertices[posed.faces]
    seen = render.see(caster, posed, corners, normals, shape.colors, np.random.default_rng(0))
    picture, cover = render.picture_of(seen)
    small = cover.reshape(GRID, 2, GRID, 2).mean(axis=(1, 3))
    hit = np.isfinite(render.cast_target(caster, posed, shape.colors).depths[..., 0])
    assert ((small > 0.5) == hit).mean() > 0.98
    assert picture[cover == 0].max() == 0.0
    assert picture[cover > 0].std() > 0.01


def test_normals_are_smooth_on_a_ball_and_sharp_on_a_cube() -> None:
    for shape, smooth in ((ball(), True), (cube(), False)):
        caster = Caster(shape.vertices, shape.faces)
        corners = render.corner_normals(shape.vertices, shape.faces, caster.normals)
        agrees = np.einsum("fcd,fd->fc", corners, caster.normals)
        assert (agrees.min() < 0.999) == smooth
