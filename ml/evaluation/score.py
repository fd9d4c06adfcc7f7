"""How near one shape is to another: Chamfer distance, F-score, alignment, volumetric overlap.

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
LIMITS = (0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Scores:
    """Chamfer distance (mean of both directions) and F-scores at LIMITS, for shapes whose longest side is 2."""

    chamfer: float
    f: tuple[float, float, float]


def outer_points(vertices: Floats, faces: NDArray[np.int64], count: int = POINTS, seed: int = 0) -> Floats:
    """(count, 3) points spread evenly over what can be seen from outside: a ray in one of 32 directions gets away."""
    rng = np.random.default_rng(seed)
    caster = Caster(vertices, faces)
    points, normals = _spread(caster, count * 3, rng)
    free = _escapes(caster, points, normals)
    chosen = points[free] if free.sum() > count // 10 else points
    return np.asarray(chosen[rng.choice(len(chosen), count, replace=len(chosen) < count)], np.float32)


def _spread(caster: Caster, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    corners = caster.triangles
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    face = rng.choice(len(corners), count, p=area / area.sum())
    a, b = rng.random((2, count, 1))
    a, b = np.where(a + b > 1, 1 - a, a), np.where(a + b > 1, 1 - b, b)
    points = corners[face, 0] * (1 - a - b) + corners[face, 1] * a + corners[face, 2] * b
    return points.astype(np.float32), caster.normals[face]


def _escapes(caster: Caster, points: Floats, normals: Floats) -> NDArray[np.bool_]:
    """(N,) whether a ray from either side of the surface reaches the open in one of 32 even directions."""
    free = np.zeros(len(points), bool)
    for direction in _sphere(32):
        left = np.flatnonzero(~free)
        side = np.where(normals[left] @ direction > 0, 1.0, -1.0)[:, None] * normals[left]
        towards = np.broadcast_to(direction, (len(left), 3)).astype(np.float32)
        free[left] = ~caster.occluded((points[left] + side * 1e-3).astype(np.float32), towards)
    return free


def _sphere(count: int) -> Floats:
    """(count, 3) unit vectors on a Fibonacci spiral."""
    height = 1.0 - 2.0 * (np.arange(count) + 0.5) / count
    turn = np.arange(count) * np.pi * (3.0 - 5.0**0.5)
    ring = np.sqrt(1.0 - height**2)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1).astype(np.float32)


def boxed(points: Floats) -> Floats:
    """Points moved and scaled so that their box is centred and its longest side is 2."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points - (low + high) / 2) * (2.0 / max(float((high - low).max()), 1e-9)), np.float32)


def compare(guess: Floats, truth: Floats) -> Scores:
    """Scores of two point sets in the same frame."""
    to_truth, _ = cKDTree(truth).query(guess)
    to_guess, _ = cKDTree(guess).query(truth)
    f = [_f_score(to_truth, to_guess, limit) for limit in LIMITS]
    return Scores(float(to_truth.mean() + to_guess.mean()) / 2.0, (f[0], f[1], f[2]))


def _f_score(to_truth: NDArray[np.float64], to_guess: NDArray[np.float64], limit: float) -> float:
    precision, recall = float((to_truth < limit).mean()), float((to_guess < limit).mean())
    return 2.0 * precision * recall / max(precision + recall, 1e-9)


def aligned(guess: Floats, truth: Floats, yaws: int = 24, rounds: int = 30) -> Floats:
    """`guess` turned about z to where it fits best, then moved by rigid ICP (Besl and McKay 1992)."""
    tree = cKDTree(truth)
    few = guess[:: max(1, len(guess) // 1500)]
    few_truth = cKDTree(truth[:: max(1, len(truth) // 1500)])
    turns = [yaw(360.0 * step / yaws) for step in range(yaws)]
    costs = [np.mean(few_truth.query(few @ turn.T)[0]) for turn in turns]
    results = [_icp(guess @ turns[index].T, truth, tree, rounds) for index in np.argsort(costs)[:2]]
    return max(results, key=lambda each: compare(each, truth).f[1])


def yaw(degrees: float) -> Floats:
    """(3, 3) rotation about z."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]], np.float32)


def _icp(guess: Floats, truth: Floats, tree: cKDTree, rounds: int) -> Floats:
    moved = guess[::4].astype(np.float64)
    rotation, shift = np.eye(3), np.zeros(3)
    for _ in range(rounds):
        _, nearest = tree.query(moved)
        turn, step = _kabsch(moved, truth[nearest])
        moved = moved @ turn.T + step
        rotation, shift = turn @ rotation, turn @ shift + step
    return np.asarray(guess @ rotation.T + shift, np.float32)


def _kabsch(source: NDArray[np.float64], target: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation and shift that bring `source` nearest to `target` (Kabsch 1976)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - a).T @ (target - b))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = vt.T @ flip @ u.T
    return rotation, b - rotation @ a
