"""The primitives that families are built from. Lengths are free; z is up, the front faces +x."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.core.images import Floats
from ml.training.materials import random_color

Rng = np.random.Generator
Path = Iterable[Sequence[float] | NDArray[np.float64]]
"""Points of a curve in space."""
Point = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A closed piece: vertices (V, 3), faces (F, 3) counter-clockwise from outside, one sRGB colour (3,)."""

    vertices: Floats
    faces: NDArray[np.int64]
    color: Floats


def palette(rng: Rng, count: int = 3) -> list[Floats]:
    """`count` colours for one object; sometimes two of them are the same."""
    colors = [random_color(rng) for _ in range(count)]
    if rng.random() < 0.3:
        colors[-1] = colors[0]
    return colors


def grid_faces(rings: int, sides: int) -> NDArray[np.int64]:
    """Triangles between `rings` rings of `sides` vertices each, closed around, both ends capped by a fan."""
    i, j = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    a, b = i * sides + j, i * sides + (j + 1) % sides
    c, d = a + sides, b + sides
    walls = np.stack([np.stack([a, b, d], -1), np.stack([a, d, c], -1)], axis=2).reshape(-1, 3)
    fan = np.arange(1, sides - 1)
    zero = np.zeros_like(fan)
    bottom, top = np.stack([zero, fan + 1, fan], -1), np.stack([zero, fan, fan + 1], -1) + (rings - 1) * sides
    return np.concatenate([walls, bottom, top]).astype(np.int64)


def box(color: Floats, size: Point, at: Point = (0, 0, 0), taper: float = 1.0) -> Part:
    """A box of full lengths `size` centred at `at`; its top is `taper` times as wide as its bottom."""
    x, y, z = (length / 2.0 for length in size)
    ring = np.array([[x, y], [-x, y], [-x, -y], [x, -y]])
    low, high = np.column_stack([ring, np.full(4, -z)]), np.column_stack([ring * taper, np.full(4, z)])
    return Part((np.concatenate([low, high]) + np.array(at)).astype(np.float32), grid_faces(2, 4), color)


def round_box(color: Floats, size: Point, at: Point = (0, 0, 0), power: float = 4.0) -> Part:
    """A box with rounded edges: a superellipsoid; `power` 2 is an ellipsoid, 8 nearly a box."""
    ball = ellipsoid(color, (1, 1, 1), sides=20)
    length = np.sum(np.abs(ball.vertices) ** power, axis=1, keepdims=True) ** (1.0 / power)
    vertices = ball.vertices / np.maximum(length, 1e-6) * (np.array(size) / 2.0) + np.array(at)
    return Part(vertices.astype(np.float32), ball.faces, color)


def ellipsoid(color: Floats, radii: Point, at: Point = (0, 0, 0), sides: int = 16) -> Part:
    """An ellipsoid of half axes `radii` around `at`."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)
    unit = lathe(color, np.maximum(np.cos(angle), 1e-3), np.sin(angle), sides)
    return Part((unit.vertices * np.array(radii) + np.array(at)).astype(np.float32), unit.faces, color)


def lathe(color: Floats, radius: ArrayLike, height: ArrayLike, sides: int = 24, at: Point = (0, 0, 0)) -> Part:
    """A profile of radii and heights, bottom to top, revolved about z."""
    turn = np.arange(sides) * 2.0 * np.pi / sides
    r, z = np.asarray(radius, float)[:, None], np.asarray(height, float)[:, None]
    rings = np.stack([r * np.cos(turn), r * np.sin(turn), np.broadcast_to(z, (len(z), sides))], axis=-1)
    vertices = rings.reshape(-1, 3) + np.array(at)
    return Part(vertices.astype(np.float32), grid_faces(len(r), sides), color)


def rod(
    color: Floats, start: Point, end: Point, radius: float, end_radius: float | None = None, sides: int = 10
) -> Part:
    """A straight round rod between two points."""
    last = radius if end_radius is None else end_radius
    return tube(color, [start, end], [radius, last], sides)


def tube(color: Floats, path: Path, radii: ArrayLike, sides: int = 10) -> Part:
    """A round tube along a path of points (N, 3), of radius `radii` (N,) or one number."""
    points = np.array([tuple(point) for point in path], float)
    tangents = np.gradient(points, axis=0)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-9)
    side = np.cross(tangents, _least_aligned_axis(tangents))
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    other = np.cross(tangents, side)
    turn = (np.arange(sides) + 0.5) * 2.0 * np.pi / sides
    r = np.broadcast_to(np.asarray(radii, float), (len(points),))[:, None, None]
    rings = points[:, None] + r * (np.cos(turn)[:, None] * side[:, None] + np.sin(turn)[:, None] * other[:, None])
    return Part(rings.reshape(-1, 3).astype(np.float32), grid_faces(len(points), sides), color)


def _least_aligned_axis(tangents: NDArray[np.float64]) -> NDArray[np.float64]:
    """The axis that the path follows least, so that no ring is twisted against the next."""
    return np.asarray(np.eye(3)[np.argmin(np.abs(tangents).max(axis=0))])


def arc(
    centre: Point, radius: Point, first: float, last: float, plane: str = "xz", count: int = 12
) -> NDArray[np.float64]:
    """(count, 3) points of an elliptic arc between two angles in degrees, in the plane of two axes."""
    angle = np.radians(np.linspace(first, last, count))
    points = np.tile(np.asarray(centre, float), (count, 1))
    points[:, "xyz".index(plane[0])] += radius[0] * np.cos(angle)
    points[:, "xyz".index(plane[1])] += radius[1] * np.sin(angle)
    return points


def wheel(color: Floats, at: Point, radius: float, width: float) -> Part:
    """An upright disc that rolls along x."""
    x, y, z = at
    return rod(color, (x, y - width / 2, z), (x, y + width / 2, z), radius, sides=18)


def prism(color: Floats, profile: ArrayLike, width: float, at: Point = (0, 0, 0)) -> Part:
    """A side view (N, 2) of x and z, counter-clockwise and star-shaped from its first point, extruded along y."""
    flat = np.asarray(profile, float)
    half = np.full(len(flat), width / 2)
    near, far = np.stack([flat[:, 0], -half, flat[:, 1]], -1), np.stack([flat[:, 0], half, flat[:, 1]], -1)
    vertices = np.concatenate([far, near]) + np.array(at)
    return _outward(Part(vertices.astype(np.float32), grid_faces(2, len(flat)), color))


def _outward(part: Part) -> Part:
    corners = part.vertices[part.faces]
    volume = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()
    return part if volume > 0 else Part(part.vertices, part.faces[:, ::-1], part.color)


def rotated(part: Part, degrees: float, axis: str = "z", about: Point = (0, 0, 0)) -> Part:
    """The part rotated by an angle around an axis through `about`."""
    a, b = ((1, 2), (2, 0), (0, 1))["xyz".index(axis)]
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(np.radians(degrees))
    matrix[b, a] = np.sin(np.radians(degrees))
    matrix[a, b] = -matrix[b, a]
    vertices = (part.vertices - np.array(about)) @ matrix.T + np.array(about)
    return Part(vertices.astype(np.float32), part.faces, part.color)


def mirrored(part: Part) -> Part:
    """The part's mirror image across y = 0."""
    return Part(part.vertices * np.array([1, -1, 1], np.float32), part.faces[:, ::-1], part.color)


def pair(part: Part) -> list[Part]:
    """The part and its mirror image."""
    return [part, mirrored(part)]


def four_corners(part: Part) -> list[Part]:
    """The part and its mirror images across x = 0 and y = 0: the legs of a table."""
    back = Part(part.vertices * np.array([-1, 1, 1], np.float32), part.faces[:, ::-1], part.color)
    return [*pair(part), *pair(back)]
