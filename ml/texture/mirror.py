"""The object's upright mirror plane: unobserved surface takes the photo's sharp colours of its mirror image.

The network says how probable each plane is; an engine without such a prediction leaves all of them open. The plane must
also be found in the shape and in the colours that the photo shows on both of its sides. A plane across the view is
never used: the model's back may be a mirror image of its front by mistake, and a face must not get there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, maximum_filter1d, minimum_filter1d
from scipy.spatial import cKDTree

from ml.core.images import Floats
from ml.texture import projection, unobserved
from ml.texture.projection import Projector
from ml.texture.unobserved import CELL, Patches

ANGLE_STEP = 3.0
"""Degrees between candidate planes."""
MIN_ANGLE = 34.0
"""Least angle in degrees between the plane's normal and the view: nearer to it, the plane lies across the view."""
OBLIQUE_DISTANCE, OBLIQUE_MISFIT = 0.3, 0.4
"""Added, times the cosine of that angle, to the distance and to the misfit: of planes that fit equally well, as those
of a ball, the one along the view is the least likely to bring the front to the back."""
VALLEY, NEAR_VALLEY = 3, 2
"""A plane counts that is at most NEAR_VALLEY angle steps from one that fits the shape better than all within VALLEY
steps on both sides. Of a flat bottle seen from its front, the plane across the view fits, and those at the limit above
only because they are the nearest to it; they would bring a mirrored label to the back."""
OFFSETS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Candidate planes lie this many cells beside the middle of the object."""
CANDIDATES = 12
"""Planes that fit the shape best and are compared by colour."""
SAMPLES = 3000
"""Patches, or up to twice as many, whose distances to the object are averaged for a plane."""
MARGIN = 6
"""Cells around the object in which distances to it are known; larger ones count as this many."""
MAX_DISTANCE = (0.9, 1.4)
"""Mean distance in cells between the object and its mirror image up to which a plane is certain, and from which on it
is none."""
MAX_DIFFERENCE = (0.3, 0.6)
"""The same for the colours: mean squared difference relative to that of two arbitrary patches."""
MIN_PROBABILITY = (0.12, 0.3)
"""Predicted probability up to which a plane is none, and from which on it is certain. On held-out meshes three
quarters of the objects with a plane above 0.3 are symmetric about it (docs/evaluation.md)."""
PROBABILITY_MISFIT = 0.5
"""Added to the misfit of a plane that is not probable: of planes that fit equally well, the probable one counts."""
MIN_PAIRS = 60
"""Pairs of patches, one on each side of the plane, that the photo must show."""
MATCH = 2.5
"""Distance in cells, with that of the normals, up to which a mirrored patch is the same as one of the object."""
TOLERANCE = 0.05
"""Depth in scene units by which a mirror image may lie beside the surface: predicted shapes are never symmetric."""


@dataclass(frozen=True)
class Plane:
    """The points p with `normal` · p = `offset`; `normal` (3,) is horizontal. `confidence` in [0, 1]."""

    normal: Floats
    offset: float
    confidence: float = 1.0

    def points(self, positions: Floats) -> Floats:
        """(N, 3) mirror images of positions."""
        return np.asarray(positions - 2.0 * (positions @ self.normal - self.offset)[:, None] * self.normal, np.float32)

    def directions(self, vectors: Floats) -> Floats:
        """(N, 3) mirror images of vectors."""
        return np.asarray(vectors - 2.0 * (vectors @ self.normal)[:, None] * self.normal, np.float32)


def find(patches: Patches, view: Floats, probabilities: Floats | None = None) -> Plane | None:
    """The mirror plane of the object; None without confidence.

    `view` (3,): the direction of the main photo's view. `probabilities` (K,) of upright planes, as in `VolumeScene`.
    """
    if len(patches.center) == 0 or float(patches.confidence.max()) < unobserved.MIN_CONFIDENCE:
        return None
    planes = _candidates(patches.center)
    oblique = np.array([_obliqueness(plane, view) for plane in planes])
    trust = _trust(planes, view, probabilities)
    distances = _shape_distances(patches.center, planes, oblique)
    tree = cKDTree(unobserved.coordinates(patches.center, patches.normal))
    fits = [
        _Fit(planes[number], float(distances[number]), difference, float(oblique[number]), float(trust[number]))
        for number in _best_by_shape(distances, oblique, trust)
        if (difference := _color_difference(patches, planes[number], tree)) < MAX_DIFFERENCE[1]
    ]
    best = min(fits, key=lambda fit: fit.misfit, default=None)
    return None if best is None else replace(best.plane, confidence=best.confidence)


def colors(
    plane: Plane, patches: Patches, projectors: Sequence[Projector], points: Floats, normals: Floats
) -> tuple[Floats, Floats]:
    """Colours (N, 3) of the mirror images of points, and the confidence (N,) that the photos show them."""
    mirrored, turned = plane.points(points), plane.directions(normals)
    on_surface = _DistanceField.around(patches.center).at(mirrored) < MATCH
    observations = [projection.observe(projector, mirrored, turned, TOLERANCE) for projector in projectors]
    found, confidence = projection.blend(observations)
    return found, np.asarray(confidence * on_surface * plane.confidence, np.float32)


@dataclass(frozen=True)
class _Fit:
    """How well a plane fits: the shape's `distance` and the colours' `difference` to their mirror images, how
    `oblique` the plane is, and how far the network's `trust` in it goes, from 0 to 1."""

    plane: Plane
    distance: float
    difference: float
    oblique: float
    trust: float

    @property
    def misfit(self) -> float:
        """Of two planes the one with less is the better one."""
        penalty = OBLIQUE_MISFIT * self.oblique + PROBABILITY_MISFIT * (1.0 - self.trust)
        return self.distance / MAX_DISTANCE[1] + self.difference / MAX_DIFFERENCE[1] + penalty

    @property
    def confidence(self) -> float:
        """In [0, 1]: shape, colours and the network must all agree."""
        limits = ((MAX_DISTANCE, self.distance), (MAX_DIFFERENCE, self.difference))
        fits = [1.0 - projection.smoothstep(*limit, np.array([value], np.float32))[0] for limit, value in limits]
        return float(min(*fits, self.trust))


def _best_by_shape(distances: NDArray[np.float64], oblique: NDArray[np.float64], trust: Floats) -> NDArray[np.int64]:
    """The planes to compare by colour: at most CANDIDATES that may be used, those first that fit the shape best."""
    usable = _in_valleys(distances) & (distances < MAX_DISTANCE[1]) & (oblique <= np.cos(np.radians(MIN_ANGLE)))
    order = np.argsort(distances + OBLIQUE_DISTANCE * oblique)
    return np.asarray(order[(usable & (trust > 0.0))[order]][:CANDIDATES])


def _trust(planes: Sequence[Plane], view: Floats, probabilities: Floats | None) -> Floats:
    """(N,) how far the prediction allows each plane, in [0, 1]; 1 without a prediction."""
    if probabilities is None:
        return np.ones(len(planes), np.float32)
    normals = np.array([plane.normal[:2] for plane in planes])
    from_view = np.arctan2(normals @ _level(view), normals @ _right(view))
    position = from_view / np.pi * len(probabilities)
    periodic = np.interp(position, np.arange(len(probabilities)), probabilities, period=len(probabilities))
    return projection.smoothstep(*MIN_PROBABILITY, periodic.astype(np.float32))


def _level(view: Floats) -> Floats:
    """(2,) the unit direction of the view over the ground."""
    return np.asarray(view[:2] / max(float(np.linalg.norm(view[:2])), 1e-6), np.float32)


def _right(view: Floats) -> Floats:
    """(2,) the unit direction over the ground that is to the right of the picture."""
    x, y = _level(view)
    return np.array([y, -x], np.float32)


def _obliqueness(plane: Plane, view: Floats) -> float:
    """The cosine of the angle between the plane's normal and the view's level direction: 0 for a plane along it."""
    return abs(float(plane.normal[:2] @ _level(view)))


def _candidates(centers: Floats) -> list[Plane]:
    """Upright planes near the middle of the object: for each angle, those of OFFSETS."""
    planes: list[Plane] = []
    for angle in np.radians(np.arange(0.0, 180.0, ANGLE_STEP)):
        normal = np.array([np.cos(angle), np.sin(angle), 0.0], np.float32)
        low, high = np.percentile(centers @ normal, (1.0, 99.0))
        planes += [Plane(normal, float((low + high) / 2.0 + step * CELL)) for step in OFFSETS]
    return planes


def _shape_distances(centers: Floats, planes: Sequence[Plane], oblique: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean distance in cells between the object and each mirror image; inf for planes so far across the view that they
    decide about none that may be chosen."""
    field, sample = _DistanceField.around(centers), centers[:: max(len(centers) // SAMPLES, 1)]
    distances = np.full(len(planes), np.inf)
    decisive = np.cos(np.radians(MIN_ANGLE - (VALLEY + NEAR_VALLEY) * ANGLE_STEP))
    for number, plane in enumerate(planes):
        if oblique[number] <= decisive:
            distances[number] = field.at(plane.points(sample)).mean()
    return distances


def _in_valleys(distances: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Of the candidates' distances to their mirror images: whether VALLEY and NEAR_VALLEY allow the plane."""
    by_angle = distances.reshape(-1, len(OFFSETS)).min(axis=1)
    valley = by_angle <= minimum_filter1d(by_angle, 2 * VALLEY + 1, mode="wrap")
    return np.repeat(maximum_filter1d(valley, 2 * NEAR_VALLEY + 1, mode="wrap"), len(OFFSETS))


def _color_difference(patches: Patches, plane: Plane, tree: cKDTree) -> float:
    """Mean squared difference of observed patches to their observed mirror images, relative to arbitrary ones."""
    seen = np.flatnonzero(patches.confidence > unobserved.MIN_CONFIDENCE)
    beside = seen[np.abs(patches.center[seen] @ plane.normal - plane.offset) > 2.0 * CELL]
    images = unobserved.coordinates(plane.points(patches.center[beside]), plane.directions(patches.normal[beside]))
    distance, other = tree.query(images, distance_upper_bound=MATCH)
    paired = np.isfinite(distance)
    one, other = beside[paired], other[paired]
    both = patches.confidence[other] > unobserved.MIN_CONFIDENCE
    if int(both.sum()) < MIN_PAIRS:
        return np.inf
    difference = ((patches.color[one[both]] - patches.color[other[both]]) ** 2).sum(axis=1).mean()
    return float(difference / max(2.0 * patches.color[seen].var(axis=0).sum(), 1e-4))


@dataclass(frozen=True)
class _DistanceField:
    """`cells` (X, Y, Z): distance in cells to the nearest occupied one, from the corner `low`."""

    cells: NDArray[np.float32]
    low: Floats

    @classmethod
    def around(cls, centers: Floats) -> _DistanceField:
        low = centers.min(axis=0) - MARGIN * CELL
        index = np.floor((centers - low) / CELL).astype(np.int64)
        empty = np.ones(index.max(axis=0) + MARGIN + 1, bool)
        empty[tuple(index.T)] = False
        return cls(distance_transform_edt(empty).astype(np.float32), low)

    def at(self, points: Floats) -> Floats:
        """(N,) distances at points, at most MARGIN."""
        index = np.floor((points - self.low) / CELL).astype(np.int64)
        inside = ((index >= 0) & (index < self.cells.shape)).all(axis=1)
        found = np.full(len(points), MARGIN, np.float32)
        found[inside] = np.minimum(self.cells[tuple(index[inside].T)], MARGIN)
        return found
