from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.texture import rasterize

SIZE = 16


def inside(triangle: NDArray[Any], x: float, y: float) -> bool:
    a, b, c = triangle
    sides = [(q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) for p, q in ((a, b), (b, c), (c, a))]
    return bool(min(sides) > 1e-6 or max(sides) < -1e-6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-4.0, SIZE + 4.0), min_size=6, max_size=6))
def test_every_pixel_centre_inside_is_covered(numbers: list[float]) -> None:
    triangle = np.array(numbers).reshape(3, 2)
    found = set(rasterize.rasterize(triangle[None], SIZE).pixel.tolist())
    for row in range(SIZE):
        for column in range(SIZE):
            if inside(triangle, column + 0.5, row + 0.5):
                assert row * SIZE + column in found


def test_two_triangles_of_a_square_cover_each_pixel_once() -> None:
    square = np.array([[[0, 0], [16, 0], [16, 16]], [[0, 0], [16, 16], [0, 16]]], float)
    pixel = rasterize.rasterize(square + np.array([0.0, 0.013]), SIZE).pixel
    assert len(pixel) == len(np.unique(pixel)) == SIZE * SIZE


def test_barycentric_weights_reproduce_the_pixel_centre() -> None:
    triangle = np.array([[[1.2, 0.7], [14.1, 3.3], [5.0, 15.2]]])
    found = rasterize.rasterize(triangle, SIZE)
    position = found.interpolate(triangle[0], np.array([[0, 1, 2]], np.int32))
    centre = np.stack([found.pixel % SIZE, found.pixel // SIZE], axis=1) + 0.5
    assert len(position) > 50
    assert np.allclose(position, centre, atol=1e-4)


def test_a_degenerate_triangle_covers_nothing() -> None:
    line = np.array([[[0.0, 0.0], [8.0, 8.0], [16.0, 16.0]]])
    assert len(rasterize.rasterize(line, SIZE).pixel) == 0
