"""Flat is flat: the vertices of planar regions move onto the planes that fit them best.

Planes are found by RANSAC (Fischler and Bolles 1981) among points of the surface with their smoothed normals, largest
first. A region that is bent, like a strip of a cylinder, is none. Where two planes meet, a rounded edge becomes
sharper: its vertices move to the plane that they reach first. The silhouette keeps its place: what the photo shows
moves along its rays, and where a plane is seen at a grazing angle, vertices near the silhouette stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_matrix

from ml.core.camera import Camera
from ml.mesh.geometry import Floats, face_areas_and_normals, vertex_normals
from ml.mesh.mesh import Mesh

TOLERANCE = 0.012
"""Distance from a plane, as a fraction of the longest side, up to which a point belongs to it."""
ANGLES = (25.0, 40.0)
"""Degrees between a normal and the plane's up to which a vertex moves fully, and from which on not at all."""
REACH = 2.0
"""Distance, in units of TOLERANCE, up to which points are left out when the next plane is looked for."""
MOVES = (2.0, 3.0)
"""Distances, in units of TOLERANCE, up to which a vertex moves fully, and from which on not at all: predicted faces
bend away at their corners."""
EDGE = (0.5, 0.94)
"""Cosines of half the angle between the normals of two planes that meet in an edge: angles of 120° and 40°."""
MIN_AREA = 0.05
"""Smallest planar region, as a fraction of the whole surface."""
MAX_BOW = 0.03
"""Largest bow of a region that counts as planar, as a fraction of its width: faces of predicted boxes have 0.01
to 0.03, strips of predicted cups and bowls 0.05 to 0.15."""
MAX_PLANES = 16
"""Regions that are looked at."""
MIN_COSINE = 0.35
"""Between a ray of the photo and a plane's normal: below it, the plane is seen at a grazing angle (70° and more)."""
PICTURE = 128
"""Side in pixels of the silhouette that vertices near its edge are found with."""
RIM = (1.0, 3.0)
"""Pixels from the edge of that silhouette up to which a vertex stays where it is, and from which on it moves fully."""
SAMPLES = 6000
"""Points of the surface that the planes are found with."""
HYPOTHESES = 160
"""Points whose tangent planes are tried for each plane."""
REFINEMENTS = 4
"""Least-squares fits to the points of a plane."""
SMOOTHING = 8
"""Rounds in which each normal is averaged with its neighbours'."""


@dataclass(frozen=True)
class Plane:
    """Points x with `normal` · x = `offset`; the normal has unit length and points out of the shape."""

    normal: NDArray[np.float64]
    offset: float

    def distance(self, points: Floats) -> NDArray[np.float64]:
        """(N, 3) points -> (N,) signed distances, positive outside."""
        return np.asarray(points @ self.normal - self.offset)


def flatten(mesh: Mesh, camera: Camera) -> Mesh:
    """A closed mesh with the vertices of planar regions on their planes; `camera` took the photo that shows it."""
    vertices, faces = mesh.vertices, mesh.faces
    normals = _smoothed_normals(vertices, faces)
    tolerance = TOLERANCE * float(np.ptp(vertices, axis=0).max())
    planes = find_planes(vertices, faces, normals, tolerance)
    if not planes:
        return mesh
    upright = np.stack([plane.normal for plane in planes])
    distances = np.stack([plane.distance(vertices) for plane in planes])
    weights = _weights(distances, upright, normals, tolerance)
    best, rows = np.argmax(weights, axis=0), np.arange(len(vertices))
    moves = (weights * distances)[best, rows, None] * _directions(vertices, upright[best], camera)
    moved = (vertices - moves).astype(np.float32)
    return replace(mesh, vertices=moved, normals=vertex_normals(moved, faces))


def _directions(vertices: Floats, normals: Floats, camera: Camera) -> Floats:
    """(V, 3) moves that change the distances to planes with these `normals` (V, 3) by 1, as far as they may."""
    rays = vertices - camera.position().numpy()
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    cosine = np.einsum("vc,vc->v", rays, normals)[:, None]
    grazing = np.abs(cosine) < MIN_COSINE
    along_ray = rays / np.where(grazing, 1.0, cosine)
    return np.where(grazing, normals * _freedom(vertices, camera)[:, None], along_ray)


def _freedom(vertices: Floats, camera: Camera) -> Floats:
    """(V,) 0 for vertices at the edge of the silhouette, 1 well inside."""
    projected = camera.project(torch.from_numpy(np.asarray(vertices, np.float32))).numpy()
    column, row = ((projected[:, :2] + 1.0) * (PICTURE / 2.0)).astype(int).clip(1, PICTURE - 2).T
    mask = np.zeros((PICTURE, PICTURE), np.uint8)
    mask[row, column] = 1
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    inside = np.asarray(cv2.distanceTransform(closed, cv2.DIST_L2, 5), np.float32)[row, column]
    return np.asarray(((inside - RIM[0]) / (RIM[1] - RIM[0])).clip(0.0, 1.0))


def _weights(distances: Floats, upright: Floats, normals: Floats, tolerance: float) -> Floats:
    """(P, V) how far vertices move towards planes with normals `upright` (P, 3): 1 fully, 0 not at all.

    At the edge between two planes a vertex has a normal between theirs, and moves to the one it reaches first: what
    the network rounded off is filled.
    """
    near = ((MOVES[1] - np.abs(distances) / tolerance) / (MOVES[1] - MOVES[0])).clip(0.0, 1.0)
    weights = near * _facing(upright @ normals.T)
    for one, other in combinations(range(len(upright)), 2):
        middle = upright[one] + upright[other]
        length = float(np.linalg.norm(middle))
        if not EDGE[0] < length / 2.0 < EDGE[1]:
            continue
        at = np.flatnonzero((near[one] > 0.0) & (near[other] > 0.0) & (distances[one] * distances[other] > 0.0))
        first = np.where(np.abs(distances[one, at]) < np.abs(distances[other, at]), one, other)
        facing = np.minimum(near[one, at], near[other, at]) * _facing(normals[at] @ middle / length)
        weights[first, at] = np.maximum(weights[first, at], facing)
    return np.asarray(weights)


def _facing(cosines: Floats) -> Floats:
    """1 for directions that are hardly apart, 0 for different ones, by the cosines of the angles between them."""
    full, none = np.cos(np.radians(ANGLES))
    return np.asarray(np.clip((cosines - none) / (full - none), 0.0, 1.0))


def _smoothed_normals(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Floats:
    """(V, 3) unit normals, each averaged with those of its neighbourhood."""
    count = len(vertices)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    ones = np.ones(len(start), np.float32)
    neighbours = coo_matrix((ones, (start, end)), shape=(count, count)).tocsr()
    normals = vertex_normals(vertices, faces)
    for _ in range(SMOOTHING):
        total = normals + neighbours @ normals
        normals = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    return np.asarray(normals, np.float32)


def find_planes(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], normals: Floats, tolerance: float
) -> list[Plane]:
    """The planes of a surface's planar regions, the largest first."""
    rng = np.random.default_rng(0)
    areas = face_areas_and_normals(vertices, faces)[0]
    sample = rng.choice(len(faces), SAMPLES, p=areas / areas.sum())
    points, directions = vertices[faces[sample]].mean(axis=1), normals[faces[sample, 0]]
    planes: list[Plane] = []
    for _ in range(MAX_PLANES):
        if len(points) < MIN_AREA * SAMPLES:
            break
        plane, inside = _largest_plane(points, directions, tolerance, rng)
        if np.count_nonzero(inside) < MIN_AREA * SAMPLES:
            break
        if _bow(plane, points, directions, tolerance) < MAX_BOW:
            planes.append(plane)
        points, directions = points[~inside], directions[~inside]
    return planes


def _largest_plane(
    points: Floats, directions: Floats, tolerance: float, rng: np.random.Generator
) -> tuple[Plane, NDArray[np.bool_]]:
    """The plane with the most points, and which these are."""
    seeds = rng.choice(len(points), min(HYPOTHESES, len(points)), replace=False)
    candidates = [Plane(directions[seed].astype(np.float64), float(points[seed] @ directions[seed])) for seed in seeds]
    plane = max(candidates, key=lambda candidate: _is_on(candidate, points, directions, tolerance).sum())
    for _ in range(REFINEMENTS):
        plane = _fit(points[_is_on(plane, points, directions, tolerance)], plane)
    return plane, _is_on(plane, points, directions, REACH * tolerance)


def _is_on(plane: Plane, points: Floats, directions: Floats, tolerance: float) -> NDArray[np.bool_]:
    near = np.abs(plane.distance(points)) < tolerance
    return np.asarray(near & (directions @ plane.normal > np.cos(np.radians(ANGLES[0]))))


def _fit(points: Floats, before: Plane) -> Plane:
    """The least-squares plane of (N, 3) points, on the same side as `before`; that one for fewer than three."""
    if len(points) < 3:
        return before
    centre = points.mean(axis=0, dtype=np.float64)
    normal = np.linalg.svd(points - centre, full_matrices=False)[2][2]
    normal = normal * np.sign(normal @ before.normal)
    return Plane(normal, float(centre @ normal))


def _bow(plane: Plane, points: Floats, directions: Floats, tolerance: float) -> float:
    """Height over width of the arc that the region forms in the direction in which it is bent most.

    Fitted as a paraboloid to points up to a larger distance, so that a strip of a cylinder shows how it goes on.
    """
    near = points[_is_on(plane, points, directions, 2.0 * REACH * tolerance)].astype(np.float64)
    centre = near.mean(axis=0)
    _, _, axes = np.linalg.svd(near - centre, full_matrices=False)
    x, y = ((near - centre) @ axis for axis in axes[:2])
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    _, _, _, xx, xy, yy = np.linalg.lstsq(terms, plane.distance(near), rcond=None)[0]
    curvature, directions_2d = np.linalg.eigh(np.array([[2.0 * xx, xy], [xy, 2.0 * yy]]))
    widths = [np.ptp(np.stack([x, y], axis=1) @ directions_2d[:, axis]) for axis in range(2)]
    return float(max(abs(bend) * width / 8.0 for bend, width in zip(curvature, widths, strict=True)))
