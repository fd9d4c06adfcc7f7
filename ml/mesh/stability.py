"""Whether a model stands by itself: its centre of mass over the support polygon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from ml.core.images import Floats
from ml.mesh.geometry import Indices, face_volumes

CONTACT = 0.003
"""Fraction of the height up to which a vertex touches the ground: 0.3 mm, a first layer, for a print of 100 mm."""
MIN_TILT = 5.0
"""Degrees that a model must tilt before it falls, to count as standing: a print is never exact, nor is a table."""


def center_of_mass(vertices: Floats, faces: Indices) -> NDArray[np.float64]:
    """(3,) of the closed mesh, filled evenly."""
    volumes = face_volumes(vertices, faces)
    corners = vertices.astype(np.float64)[faces].sum(axis=1) / 4.0  # the fourth corner is the origin
    total = float(volumes.sum())
    return np.asarray((volumes[:, None] * corners).sum(axis=0) / (total if abs(total) > 1e-12 else 1.0))


def tilt_before_falling(vertices: Floats, faces: Indices) -> float:
    """Degrees that the model can be tilted in its weakest direction before it falls over; 0 if it does not stand.

    Any frame and unit with z up: the ground is at the lowest vertex.
    """
    low, height = float(vertices[:, 2].min()), float(np.ptp(vertices[:, 2]))
    touching = vertices[vertices[:, 2] <= low + CONTACT * height, :2].astype(np.float64)
    center = center_of_mass(vertices, faces)
    inside = _distance_inside(touching, center[:2])
    return float(np.degrees(np.arctan2(max(inside, 0.0), max(float(center[2]) - low, 1e-9))))


def _distance_inside(points: NDArray[np.float64], place: NDArray[np.float64]) -> float:
    """How far (2,) is inside the convex hull of (N, 2) points, negative outside; 0 if the hull has no area."""
    try:
        equations = ConvexHull(points).equations
    except (QhullError, ValueError):
        return 0.0
    return float(-(equations[:, :2] @ place + equations[:, 2]).max())
