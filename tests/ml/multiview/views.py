"""Exact views of a box that is twice as wide as it is deep, and of other analytic scenes."""

from __future__ import annotations

from functools import cache

from ml.core.camera import Camera
from ml.multiview import registration, visual_hull
from ml.multiview.registration import View
from tests.ml.scenes import RED, AnalyticScene, Part, cutout_of

BOX = (0.25, 0.5, 0.36)
"""Half sides of the box along x, y and z."""


def box(sides: tuple[float, float, float] = BOX) -> AnalyticScene:
    """A red box around the origin, photographed by a level camera at azimuth 0."""
    return AnalyticScene((Part("box", (0.0, 0.0, 0.0), sides, RED),), camera=Camera())


@cache
def view_of(scene: AnalyticScene) -> View:
    """The view of a scene whose camera is at azimuth 0, as an exact engine would predict it."""
    return registration.view_of(scene, visual_hull.silhouette_of(cutout_of(scene, 128)))


def front() -> View:
    return view_of(box())


def side() -> View:
    """The same box from azimuth 90, in its own frame."""
    return view_of(box((BOX[1], BOX[0], BOX[2])))
