"""Where a model stands and how far away the camera, so that a whole turn fills the frame and never leaves it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.camera import Camera

MARGIN = 0.92
"""Share of the frame's half side that the model reaches at its widest moment of the turn."""
AZIMUTHS = range(0, 360, 15)
ROUNDS = 4

Points = NDArray[np.floating[Any]]


def frame(hull: Points, elevation: float) -> Camera:
    """The nearest camera at azimuth 0 that holds the points (V, 3) in every view of a turn around its target.

    The corners of the convex hull do for a whole mesh. The turn's axis goes through the middle of the smallest circle
    around them seen from above; the target's height is where they reach as far up as down in the picture.
    """
    points = hull.astype(np.float64)
    centre, _ = cv2.minEnclosingCircle(points[:, :2].astype(np.float32))
    target = np.append(centre, (points[:, 2].min() + points[:, 2].max()) / 2.0)
    camera = Camera(elevation=elevation)
    for _ in range(ROUNDS):
        camera, lift = _fit(points - target, camera)
        target[2] += lift
    camera, _ = _fit(points - target, camera)
    x, y, z = target.tolist()
    return replace(camera, target=(x, y, z))


def _fit(points: Points, camera: Camera) -> tuple[Camera, float]:
    """The camera at its nearest distance, and how much higher it should look to have equal room above and below."""
    locals_ = [points @ replace(camera, azimuth=float(each)).axes().double().numpy().T for each in AZIMUTHS]
    local = np.concatenate(locals_)
    reach = np.abs(local[:, :2]).max(axis=1) * camera.focal / MARGIN
    distance = float((reach - local[:, 2]).max())
    depth = distance + local[:, 2]
    height = local[:, 1] / depth
    highest, lowest = int(height.argmax()), int(height.argmin())
    lift = (height[highest] + height[lowest]) / (1.0 / depth[highest] + 1.0 / depth[lowest])
    return replace(camera, distance=distance), float(lift / max(np.cos(np.radians(camera.elevation)), 0.2))
