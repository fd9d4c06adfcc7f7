"""Camera framing: a whole turn of a model fills the picture without being cut off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.camera import Camera

FILL = 0.92
"""Fraction of the picture's half side that the model reaches at the widest moment of the turn."""
AZIMUTHS = range(0, 360, 15)
"""Views of the turn that are checked, in degrees; `FILL` leaves room for what lies between them."""
ROUNDS = 4
"""Alternations between the distance and the height of the target, which depend on each other."""
MIN_COSINE = 0.2
"""Lower bound for the cosine of the elevation, which converts a shift in the picture to a height of the target."""

Points = NDArray[np.floating[Any]]


def fit_camera(hull: Points, elevation: float) -> Camera:
    """The nearest camera at azimuth 0 that sees all points (V, 3) in every view of a turn around its target.

    The vertices of the convex hull suffice for a whole mesh. The axis of the turn passes through the centre of their
    smallest enclosing circle seen from above; the height of the target centres them vertically in the picture.
    """
    points = hull.astype(np.float64)
    centre, _ = cv2.minEnclosingCircle(points[:, :2].astype(np.float32))
    target = np.append(centre, (points[:, 2].min() + points[:, 2].max()) / 2.0)
    camera = Camera(elevation=elevation)
    for _ in range(ROUNDS):
        camera, lift = _fit_distance(points - target, camera)
        target[2] += lift
    camera, _ = _fit_distance(points - target, camera)
    x, y, z = target.tolist()
    return replace(camera, target=(x, y, z))


def _fit_distance(points: Points, camera: Camera) -> tuple[Camera, float]:
    """The camera at its smallest distance, and by how much its target must rise for equal margins above and below."""
    views = [replace(camera, azimuth=float(azimuth)) for azimuth in AZIMUTHS]
    local = np.concatenate([points @ view.axes().double().numpy().T for view in views])
    reach = np.abs(local[:, :2]).max(axis=1) * camera.focal / FILL
    distance = float((reach - local[:, 2]).max())
    depth = distance + local[:, 2]
    height = local[:, 1] / depth
    highest, lowest = int(height.argmax()), int(height.argmin())
    lift = (height[highest] + height[lowest]) / (1.0 / depth[highest] + 1.0 / depth[lowest])
    return replace(camera, distance=distance), float(lift / max(np.cos(np.radians(camera.elevation)), MIN_COSINE))
