from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.mesh import marching_cubes, repair
from ml.mesh.geometry import face_areas_and_normals
from ml.mesh.mesh import Mesh
from ml.texture import rasterize, unwrap
from ml.texture.unwrap import Layout
from tests.ml.scenes import AnalyticScene, ball

SIZE = 512


@pytest.fixture(scope="module")
def toy() -> Mesh:
    return repair.finish(marching_cubes.extract(AnalyticScene(), 96), 4_000)


@pytest.fixture(scope="module", params=["xatlas", "box"])
def layout(toy: Mesh, request: pytest.FixtureRequest) -> Layout:
    found = unwrap.unwrap(toy, SIZE, time_limit=60 if request.param == "xatlas" else 0)
    assert found.method == request.param
    return found


def test_every_triangle_keeps_its_index_and_corners(toy: Mesh, layout: Layout) -> None:
    assert np.array_equal(layout.source[layout.faces], toy.faces)


def test_uv_are_in_the_unit_square(layout: Layout) -> None:
    assert layout.uv.dtype == np.float32
    assert layout.uv.min() >= 0.0
    assert layout.uv.max() <= 1.0


def test_triangles_do_not_overlap(layout: Layout) -> None:
    pixel = rasterize.rasterize(layout.uv[layout.faces] * SIZE, SIZE).pixel
    assert len(pixel) - len(np.unique(pixel)) < 1e-3 * len(pixel)


def test_the_layout_covers_much_of_the_texture(layout: Layout) -> None:
    pixel = rasterize.rasterize(layout.uv[layout.faces] * SIZE, SIZE).pixel
    assert len(np.unique(pixel)) > 0.4 * SIZE * SIZE


def test_texel_density_is_even_over_the_surface(toy: Mesh, layout: Layout) -> None:
    area, _ = face_areas_and_normals(toy.vertices, toy.faces)
    flat = np.pad(layout.uv, ((0, 0), (0, 1)))
    density = face_areas_and_normals(flat, layout.faces)[0] / np.maximum(area, 1e-12)
    big = area > np.median(area)
    assert np.quantile(density[big], 0.9) < 4 * np.quantile(density[big], 0.1)


def test_the_time_limit_falls_back_to_box_projection(
    toy: Mesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = tmp_path / "ended.py"
    ended.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)\n")
    monkeypatch.setattr(unwrap, "PROGRAM", ended)
    assert unwrap.unwrap(toy, SIZE, time_limit=20).method == "box"


@pytest.mark.parametrize("method", ["xatlas", "box"])
def test_a_named_method_is_used_whatever_the_time_limit(toy: Mesh, method: str) -> None:
    other = 0 if method == "xatlas" else 60
    assert unwrap.unwrap(toy, SIZE, method, time_limit=other).method == method


def test_a_large_mesh_is_unwrapped_in_pieces() -> None:
    ball_mesh = repair.finish(marching_cubes.extract(ball(), 128), 12_000)
    found = unwrap.unwrap(ball_mesh, SIZE)
    assert found.method == "xatlas"
    assert np.array_equal(found.source[found.faces], ball_mesh.faces)
    pixel = rasterize.rasterize(found.uv[found.faces] * SIZE, SIZE).pixel
    assert len(pixel) - len(np.unique(pixel)) < 1e-3 * len(pixel)


def test_a_single_tetrahedron_is_unwrapped() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
    found = unwrap.unwrap(Mesh(vertices, faces, vertices), 64, time_limit=0)
    assert np.array_equal(found.source[found.faces], faces)
