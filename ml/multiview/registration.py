"""Where each of several photos was taken from, so that all of them look at one upright object.

Each photo's scene stands in a frame of its own: its camera at azimuth 0, its size that of its own cutout. What is
known is that all cameras see the same upright object. So scenes are brought to one height first; then elevations,
distances and the points looked at are moved until the outlines agree (`ml.multiview.visual_hull`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ml.core.camera import Camera
from ml.multiview import visual_hull
from ml.multiview.visual_hull import Outline
from ml.scene.protocol import Scene

SAMPLES = 48
"""Lattice points per axis at which a scene's own solid is looked at."""
STEPS = ((4.0, 0.08, 0.06), (4.0, 0.04, 0.03), (2.0, 0.04, 0.03), (2.0, 0.02, 0.015), (1.0, 0.01, 0.008))
"""Rounds of the search: degrees of elevation, share of the distance, canonical length of a shift."""
TRUST_IN_ELEVATION = 0.002
"""Disagreement that an elevation 10° off the engine's word must be worth."""
DEPTH_STEPS = ((0.25, 0.1), (0.25, 0.1), (0.12, 0.05), (0.06, 0.025))
"""Rounds of the search for depths: share of the stretch, length of the shift in the photo's own units."""
ACROSS = 0.4
"""Least sine of the angle between two views for one to tell the other's depths."""
TRUST_IN_DEPTH = 0.02
"""Overlap that a stretch by a factor e, or a shift by 1, must be worth."""


@dataclass(frozen=True)
class View:
    """One photo as its engine saw it: its scene, outline, and the points (N, 3) of its solid in its own frame."""

    scene: Scene
    outline: Outline
    solid: Tensor


def view_of(scene: Scene, outline: Outline) -> View:
    """Look at the scene's solid once."""
    points = visual_hull.lattice(SAMPLES, scene.radius)
    with torch.inference_mode():
        solid = points[scene.density(points) > scene.threshold]
    return View(scene, outline, solid if len(solid) else points[:1] * 0.0)


def turned(points: Tensor, azimuth: float) -> Tensor:
    """(N, 3) points turned about z by `azimuth` degrees."""
    c, s = math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))
    return points @ torch.tensor([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def beside(main: View, other: View, azimuth: float) -> Camera:
    """The camera of `other` at `azimuth` in the frame of `main`: both solids of one height, around one middle."""
    solid = turned(other.solid, azimuth)
    low, high = solid.amin(dim=0), solid.amax(dim=0)
    main_low, main_high = main.solid.amin(dim=0), main.solid.amax(dim=0)
    scale = float((main_high - main_low)[2] / (high - low)[2].clamp_min(1e-3))
    target = (main_low + main_high) / 2.0 - scale * (low + high) / 2.0
    own = other.scene.camera
    return _level(replace(own, azimuth=azimuth, distance=own.distance * scale), target)


def _level(camera: Camera, target: Tensor) -> Camera:
    """The camera that looks at `target` from its distance, its target moved along the view next to the origin."""
    forward = camera.axes()[2]
    along = float(target @ forward)
    x, y, z = (target - along * forward).tolist()
    return replace(camera, target=(x, y, z), distance=max(camera.distance - along, 0.3))


def refined(views: Sequence[View], cameras: Sequence[Camera]) -> tuple[list[Camera], float]:
    """The cameras moved until the outlines agree best, and how far they still disagree (0 … 1).

    A pattern search: each number is tried a step up and down and kept where it helps, in rounds of smaller and smaller
    steps. The first camera keeps looking at the origin from its distance.
    """
    search = _Search(views, list(cameras))
    for angle, share, shift in STEPS:
        for index in range(len(views)):
            for move in _moves(index, angle, share, shift):
                search.try_both(index, move)
    return search.cameras, search.disagreement


@dataclass(frozen=True)
class _Move:
    """A step of one camera: degrees of elevation, factor of the distance, shift of the target right and up."""

    elevation: float = 0.0
    share: float = 0.0
    right: float = 0.0
    up: float = 0.0

    def of(self, camera: Camera, sign: float) -> Camera:
        right, up, _ = camera.axes()
        target = torch.tensor(camera.target) + sign * (self.right * right + self.up * up)
        x, y, z = target.tolist()
        return replace(
            camera,
            elevation=min(max(camera.elevation + sign * self.elevation, -60.0), 85.0),
            distance=camera.distance * (1.0 + sign * self.share),
            target=(x, y, z),
        )


def _moves(index: int, angle: float, share: float, shift: float) -> list[_Move]:
    tilt = _Move(elevation=angle)
    if index == 0:
        return [tilt]
    return [_Move(share=share), _Move(up=shift), _Move(right=shift), tilt]


class _Search:
    """The cameras as they are, with every outline's distances and places on the lattice kept."""

    def __init__(self, views: Sequence[View], cameras: list[Camera]) -> None:
        self.views, self.cameras = views, cameras
        self._points = visual_hull.around([view.outline for view in views], cameras)
        self._distances = torch.stack([self._distance(index, camera) for index, camera in enumerate(cameras)])
        self._places = [visual_hull.places(camera, self._points) for camera in cameras]
        self._cost = self._judged(self._distances, self._places, cameras)

    @property
    def disagreement(self) -> float:
        hull = self._distances.amin(dim=0)
        return self._unfilled(hull, self._places)

    def try_both(self, index: int, move: _Move) -> None:
        """A step up; when that does not help, a step down."""
        if not self._try(index, move.of(self.cameras[index], 1.0)):
            self._try(index, move.of(self.cameras[index], -1.0))

    def _try(self, index: int, camera: Camera) -> bool:
        distances, places_ = self._distances.clone(), list(self._places)
        distances[index] = self._distance(index, camera)
        places_[index] = visual_hull.places(camera, self._points)
        cameras = [*self.cameras[:index], camera, *self.cameras[index + 1 :]]
        cost = self._judged(distances, places_, cameras)
        if cost >= self._cost:
            return False
        self._distances, self._places, self.cameras, self._cost = distances, places_, cameras, cost
        return True

    def _distance(self, index: int, camera: Camera) -> Tensor:
        return self.views[index].outline.at(camera, self._points)

    def _judged(self, distances: Tensor, places_: list[Tensor], cameras: list[Camera]) -> float:
        tilts = [each.elevation - view.scene.camera.elevation for each, view in zip(cameras, self.views, strict=True)]
        doubt = TRUST_IN_ELEVATION * sum((tilt / 10.0) ** 2 for tilt in tilts)
        return self._unfilled(distances.amin(dim=0), places_) + doubt

    def _unfilled(self, hull: Tensor, places_: list[Tensor]) -> float:
        pairs = zip(self.views, places_, strict=True)
        return sum(visual_hull.unfilled(view.outline, place, hull) for view, place in pairs) / len(self.views)


@dataclass(frozen=True)
class Placed:
    """A photo among others: its view, its camera in the common frame, and what was learnt about its depths.

    A depth of the photo's own scene, counted from the middle, is stretched by `gain` and moved by `shift`; each point
    stays on its ray, so that the photo's outline stays what it is.
    """

    view: View
    camera: Camera
    gain: float = 1.0
    shift: float = 0.0

    @property
    def scale(self) -> float:
        """Length in the common frame of a unit of the photo's own."""
        return self.camera.distance / self.view.scene.camera.distance

    def own(self, points: Tensor) -> Tensor:
        """(N, 3) points of the common frame -> the same places in the frame of the photo's own scene."""
        camera, seen = self.view.scene.camera, self.camera.project(points)
        depth = ((seen[:, 2] - self.camera.distance) / self.scale - self.shift) / self.gain
        return _unprojected(camera, seen, depth + camera.distance)

    def common(self, points: Tensor) -> Tensor:
        """(N, 3) points of the photo's own frame -> the same places in the common frame."""
        camera = self.view.scene.camera
        seen = camera.project(points)
        depth = ((seen[:, 2] - camera.distance) * self.gain + self.shift) * self.scale
        return _unprojected(self.camera, seen, depth + self.camera.distance)


def _unprojected(camera: Camera, seen: Tensor, depth: Tensor) -> Tensor:
    """(N, 3) the points at `depth` (N,) on the rays of projected points (N, 2 or 3)."""
    right, up, forward = camera.axes()
    side = seen[:, :2] * (depth / camera.focal)[:, None]
    points: Tensor = camera.position() + side[:, :1] * right - side[:, 1:2] * up + depth[:, None] * forward
    return points


def with_depths(placed: Sequence[Placed]) -> list[Placed]:
    """Each photo's depths stretched and moved until its solid fills the outlines of the photos from other sides."""
    return [_stretched(each, [other for other in placed if _across(each, other)]) for each in placed]


def _across(one: Placed, other: Placed) -> bool:
    """Whether `other` looks across the view of `one`, so that it shows its depths."""
    return abs(math.sin(math.radians(one.camera.azimuth - other.camera.azimuth))) > ACROSS


def _stretched(placed: Placed, others: Sequence[Placed]) -> Placed:
    best, reached = placed, _fit(placed, others)
    if not others:
        return placed
    for gain, shift in DEPTH_STEPS:
        for step in ((1.0 + gain, 0.0), (1.0 / (1.0 + gain), 0.0), (1.0, shift), (1.0, -shift)):
            tried = replace(best, gain=best.gain * step[0], shift=best.shift + step[1])
            fit = _fit(tried, others)
            if fit > reached:
                best, reached = tried, fit
    return best


def _fit(placed: Placed, others: Sequence[Placed]) -> float:
    """Mean overlap of the solid's silhouettes with the others' outlines, less for depths far from the engine's word."""
    solid = placed.common(placed.view.solid)
    overlaps = [visual_hull.overlap(each.view.outline, each.camera, solid) for each in others]
    doubt = TRUST_IN_DEPTH * (abs(math.log(placed.gain)) + abs(placed.shift))
    return sum(overlaps) / max(len(overlaps), 1) - doubt


def within(placed: Sequence[Placed], radius: float) -> list[Placed]:
    """All of it made smaller around the origin where a solid, within the outlines, reaches beyond `radius`."""
    solid = torch.cat([each.common(each.view.solid) for each in placed])
    kept = visual_hull.hull([each.view.outline for each in placed], [each.camera for each in placed], solid) > 0.0
    reach = float(solid[kept].abs().max()) if bool(kept.any()) else 0.0
    scale = min(1.0, radius / max(reach, 1e-6))
    return [replace(each, camera=_nearer(each.camera, scale)) for each in placed]


def _nearer(camera: Camera, scale: float) -> Camera:
    x, y, z = (scale * each for each in camera.target)
    return replace(camera, distance=camera.distance * scale, target=(x, y, z))
