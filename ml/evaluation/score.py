"""How close one shape is to another: Chamfer distance, F-score, alignment.

F-score as in Tatarchenko et al., "What do single-view 3D reconstruction networks learn?" (CVPR 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ml.core.images import Floats
from ml.mesh.raycast import Caster

POINTS = 10_000
"""Points that stand for a surface."""
THRESHOLDS = (0.05, 0.1, 0.2)
"""Distances of the F-scores, for shapes whose longest side is 2: 2.5 %, 5 % and 10 % of it."""
DIRECTIONS = 32
"""Directions in which a point is tested for being visible from outside."""
RAY_OFFSET = 1e-3
"""Distance from the surface at which those rays start."""
YAWS = 24
"""Rotations about z that the alignment starts from."""
ICP_ROUNDS = 30
"""Rounds of iterative closest point; part of the protocol, so that figures stay comparable."""
SEARCH_POINTS = 1500
"""About as many points of each shape are compared in the search for the best rotation."""


@dataclass(frozen=True)
class Scores:
    """Chamfer distance (mean of both directions) and F-scores at THRESHOLDS, for shapes whose longest side is 2."""

    chamfer: float
    f: tuple[float, float, float]


def outer_points(vertices: Floats, faces: NDArray[np.int64], count: int = POINTS, seed: int = 0) -> Floats:
    """(count, 3) points spread evenly over the surface that is visible from outside.

    A point is visible if a ray in one of DIRECTIONS leaves the mesh. (V, 3) vertices, (F, 3) faces.
    """
    rng = np.random.default_rng(seed)
    caster = Caster(vertices, faces)
    points, normals = _sample_surface(caster, count * 3, rng)
    outer = _is_visible(caster, points, normals)
    chosen = points[outer] if outer.sum() > count // 10 else points
    return np.asarray(chosen[rng.choice(len(chosen), count, replace=len(chosen) < count)], np.float32)


def _sample_surface(caster: Caster, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(count, 3) uniform random points of the surface, and their faces' normals."""
    corners = caster.triangles
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    face = rng.choice(len(corners), count, p=area / area.sum())
    a, b = rng.random((2, count, 1))
    a, b = np.where(a + b > 1, 1 - a, a), np.where(a + b > 1, 1 - b, b)
    points = corners[face, 0] * (1 - a - b) + corners[face, 1] * a + corners[face, 2] * b
    return points.astype(np.float32), caster.normals[face]


def _is_visible(caster: Caster, points: Floats, normals: Floats) -> NDArray[np.bool_]:
    """(N,) whether a ray in one of the directions, from the side of the surface that faces it, hits nothing."""
    visible = np.zeros(len(points), bool)
    for direction in _unit_vectors(DIRECTIONS):
        rest = np.flatnonzero(~visible)
        outward = np.where(normals[rest] @ direction > 0, 1.0, -1.0)[:, None] * normals[rest]
        origins = (points[rest] + outward * RAY_OFFSET).astype(np.float32)
        visible[rest] = ~caster.occluded(origins, np.broadcast_to(direction, (len(rest), 3)).astype(np.float32))
    return visible


def _unit_vectors(count: int) -> Floats:
    """(count, 3) unit vectors on a Fibonacci spiral."""
    height = 1.0 - 2.0 * (np.arange(count) + 0.5) / count
    angle = np.arange(count) * np.pi * (3.0 - 5.0**0.5)
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1).astype(np.float32)


def normalized(points: Floats) -> Floats:
    """Points moved and scaled so that their bounding box is centred and its longest side is 2."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points - (low + high) / 2) * (2.0 / max(float((high - low).max()), 1e-9)), np.float32)


def compare(predicted: Floats, truth: Floats) -> Scores:
    """Scores of two point sets (N, 3) and (M, 3) in the same frame."""
    to_truth, _ = cKDTree(truth).query(predicted)
    to_predicted, _ = cKDTree(predicted).query(truth)
    f = [_f_score(to_truth, to_predicted, threshold) for threshold in THRESHOLDS]
    return Scores(float(to_truth.mean() + to_predicted.mean()) / 2.0, (f[0], f[1], f[2]))


def _f_score(to_truth: NDArray[np.float64], to_predicted: NDArray[np.float64], threshold: float) -> float:
    precision, recall = float((to_truth < threshold).mean()), float((to_predicted < threshold).mean())
    return 2.0 * precision * recall / max(precision + recall, 1e-9)


def aligned(predicted: Floats, truth: Floats, yaws: int = YAWS, rounds: int = ICP_ROUNDS) -> Floats:
    """`predicted` rotated about z to where it fits best, then moved by rigid ICP (Besl and McKay 1992)."""
    tree = cKDTree(truth)
    sample, sample_tree = _thinned(predicted), cKDTree(_thinned(truth))
    rotations = [yaw_rotation(360.0 * step / yaws) for step in range(yaws)]
    costs = [np.mean(sample_tree.query(sample @ rotation.T)[0]) for rotation in rotations]
    candidates = [_icp(predicted @ rotations[index].T, truth, tree, rounds) for index in np.argsort(costs)[:2]]
    return max(candidates, key=lambda points: compare(points, truth).f[1])


def _thinned(points: Floats) -> Floats:
    return points[:: max(1, len(points) // SEARCH_POINTS)]


def yaw_rotation(degrees: float) -> Floats:
    """(3, 3) rotation about z."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]], np.float32)


def _icp(predicted: Floats, truth: Floats, tree: cKDTree, rounds: int) -> Floats:
    """Fitted on every fourth point, applied to all."""
    moved = predicted[::4].astype(np.float64)
    rotation, shift = np.eye(3), np.zeros(3)
    for _ in range(rounds):
        _, nearest = tree.query(moved)
        turn, step = _kabsch(moved, truth[nearest])
        moved = moved @ turn.T + step
        rotation, shift = turn @ rotation, turn @ shift + step
    return np.asarray(predicted @ rotation.T + shift, np.float32)


def _kabsch(source: NDArray[np.float64], target: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation (3, 3) and shift (3,) that move `source` closest to `target`, point by point (Kabsch 1976)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - a).T @ (target - b))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = vt.T @ flip @ u.T
    return rotation, b - rotation @ a
