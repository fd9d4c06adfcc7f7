"""Registration of several photos: cameras in one frame, from which all of them see the same upright object.

The scene of each photo has a frame of its own, with its camera at azimuth 0 and the size of its own cutout. All cameras
are known to see the same upright object. So the scenes are scaled to the same height first; then elevations, distances
and targets are optimised until the silhouettes are consistent (`ml.multiview.visual_hull`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ml.core.camera import Camera
from ml.multiview import visual_hull
from ml.multiview.visual_hull import Silhouette
from ml.scene.protocol import Scene

SAMPLES = 48
"""Grid points per axis at which the occupancy of a photo's own scene is sampled."""
STEPS = ((4.0, 0.08, 0.06), (4.0, 0.04, 0.03), (2.0, 0.04, 0.03), (2.0, 0.02, 0.015), (1.0, 0.01, 0.008))
"""Rounds of the search for cameras: degrees of elevation, fraction of the distance, shift in scene units."""
ELEVATIONS = (-60.0, 85.0)
"""Range of elevations in degrees."""
ELEVATION_PRIOR = 0.002
"""Silhouette error that an elevation 10° from the engine's estimate must save."""
DEPTH_STEPS = ((0.25, 0.1), (0.25, 0.1), (0.12, 0.05), (0.06, 0.025))
"""Rounds of the search for depths: fraction of the scale, and shift in units of the photo's own scene."""
MIN_SINE = 0.4
"""Smallest sine of the angle between two views at which one determines the depths of the other."""
DEPTH_PRIOR = 0.02
"""IoU that scaling the depths by a factor e, or shifting them by 1, must gain."""
MIN_DISTANCE, MIN_HEIGHT = 0.3, 1e-3
"""Lower bounds in scene units for the distance of a camera and the height of an object."""


@dataclass(frozen=True)
class View:
    """A photo as its engine predicted it: its scene, silhouette, and occupied `points` (N, 3) in its own frame."""

    scene: Scene
    silhouette: Silhouette
    points: Tensor


def view_of(scene: Scene, silhouette: Silhouette) -> View:
    """Sample the occupancy of the scene once."""
    points = visual_hull.grid_points(SAMPLES, scene.radius)
    with torch.inference_mode():
        occupied = points[scene.density(points) > scene.threshold]
    return View(scene, silhouette, occupied if len(occupied) else points[:1] * 0.0)


def rotate_about_z(points: Tensor, azimuth: float) -> Tensor:
    """(N, 3) points rotated about z by `azimuth` degrees."""
    c, s = math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))
    return points @ torch.tensor([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def initial_camera(main: View, other: View, azimuth: float) -> Camera:
    """The camera of `other` at `azimuth` in the frame of `main`, with both objects of equal height and centre."""
    rotated = rotate_about_z(other.points, azimuth)
    low, high = rotated.amin(dim=0), rotated.amax(dim=0)
    main_low, main_high = main.points.amin(dim=0), main.points.amax(dim=0)
    scale = float((main_high - main_low)[2] / (high - low)[2].clamp_min(MIN_HEIGHT))
    target = (main_low + main_high) / 2.0 - scale * (low + high) / 2.0
    own = other.scene.camera
    return _centre_target(replace(own, azimuth=azimuth, distance=own.distance * scale), target)


def _centre_target(camera: Camera, target: Tensor) -> Camera:
    """The camera that looks at `target` from its distance, with the target moved along the view closest to 0."""
    forward = camera.axes()[2]
    along = float(target @ forward)
    x, y, z = (target - along * forward).tolist()
    return replace(camera, target=(x, y, z), distance=max(camera.distance - along, MIN_DISTANCE))


def refine(views: Sequence[View], cameras: Sequence[Camera]) -> tuple[list[Camera], float]:
    """The cameras that minimise the silhouette error, and the error that remains (0 to 1).

    A pattern search: each parameter is tried one step up and down and kept where it helps, in rounds of decreasing
    steps. The first camera keeps its distance and looks at the origin.
    """
    search = _Search(views, list(cameras))
    for angle, fraction, shift in STEPS:
        for index in range(len(views)):
            for step in _steps(index, angle, fraction, shift):
                search.try_step(index, step)
    return search.cameras, search.silhouette_error


@dataclass(frozen=True)
class _Step:
    """A step of one camera: degrees of elevation, fraction of the distance, shift of the target right and up."""

    elevation: float = 0.0
    fraction: float = 0.0
    right: float = 0.0
    up: float = 0.0

    def apply(self, camera: Camera, sign: float) -> Camera:
        right, up, _ = camera.axes()
        target = torch.tensor(camera.target) + sign * (self.right * right + self.up * up)
        x, y, z = target.tolist()
        return replace(
            camera,
            elevation=min(max(camera.elevation + sign * self.elevation, ELEVATIONS[0]), ELEVATIONS[1]),
            distance=camera.distance * (1.0 + sign * self.fraction),
            target=(x, y, z),
        )


def _steps(index: int, angle: float, fraction: float, shift: float) -> list[_Step]:
    elevation = _Step(elevation=angle)
    if index == 0:
        return [elevation]
    return [_Step(fraction=fraction), _Step(up=shift), _Step(right=shift), elevation]


class _Search:
    """The state of the search: cameras, and for each the cone distances and pixel indices of the grid points."""

    def __init__(self, views: Sequence[View], cameras: list[Camera]) -> None:
        self.views, self.cameras = views, cameras
        self._points = visual_hull.points_near_hull([view.silhouette for view in views], cameras)
        self._distances = torch.stack([self._cone_distance(index, camera) for index, camera in enumerate(cameras)])
        self._pixels = [visual_hull.pixel_indices(camera, self._points) for camera in cameras]
        self._cost = self._cost_of(self._distances, self._pixels, cameras)

    @property
    def silhouette_error(self) -> float:
        return self._error_of(self._distances.amin(dim=0), self._pixels)

    def try_step(self, index: int, step: _Step) -> None:
        """Try a step up; if that does not help, a step down."""
        if not self._try(index, step.apply(self.cameras[index], 1.0)):
            self._try(index, step.apply(self.cameras[index], -1.0))

    def _try(self, index: int, camera: Camera) -> bool:
        distances, pixels = self._distances.clone(), list(self._pixels)
        distances[index] = self._cone_distance(index, camera)
        pixels[index] = visual_hull.pixel_indices(camera, self._points)
        cameras = [*self.cameras[:index], camera, *self.cameras[index + 1 :]]
        cost = self._cost_of(distances, pixels, cameras)
        if cost >= self._cost:
            return False
        self._distances, self._pixels, self.cameras, self._cost = distances, pixels, cameras, cost
        return True

    def _cone_distance(self, index: int, camera: Camera) -> Tensor:
        return self.views[index].silhouette.cone_distance(camera, self._points)

    def _cost_of(self, distances: Tensor, pixels: list[Tensor], cameras: list[Camera]) -> float:
        pairs = zip(cameras, self.views, strict=True)
        deviations = [camera.elevation - view.scene.camera.elevation for camera, view in pairs]
        prior = ELEVATION_PRIOR * sum((deviation / 10.0) ** 2 for deviation in deviations)
        return self._error_of(distances.amin(dim=0), pixels) + prior

    def _error_of(self, hull: Tensor, pixels: list[Tensor]) -> float:
        pairs = zip(self.views, pixels, strict=True)
        return sum(visual_hull.unfilled_fraction(view.silhouette, pixel, hull) for view, pixel in pairs) / len(pixels)


@dataclass(frozen=True)
class RegisteredView:
    """A view with its camera in the common frame and a correction of its depths.

    A depth of the photo's own scene, relative to its centre, is multiplied by `depth_scale` and moved by `depth_shift`;
    points stay on their rays, so the silhouette in the photo does not change.
    """

    view: View
    camera: Camera
    depth_scale: float = 1.0
    depth_shift: float = 0.0

    @property
    def scale(self) -> float:
        """Length in the common frame of a unit of the photo's own."""
        return self.camera.distance / self.view.scene.camera.distance

    def to_own_frame(self, points: Tensor) -> Tensor:
        """(N, 3) points of the common frame -> the same points in the frame of the photo's own scene."""
        camera, projected = self.view.scene.camera, self.camera.project(points)
        depth = ((projected[:, 2] - self.camera.distance) / self.scale - self.depth_shift) / self.depth_scale
        return _unproject(camera, projected, depth + camera.distance)

    def to_common_frame(self, points: Tensor) -> Tensor:
        """(N, 3) points of the photo's own frame -> the same points in the common frame."""
        camera = self.view.scene.camera
        projected = camera.project(points)
        depth = ((projected[:, 2] - camera.distance) * self.depth_scale + self.depth_shift) * self.scale
        return _unproject(self.camera, projected, depth + self.camera.distance)


def _unproject(camera: Camera, projected: Tensor, depth: Tensor) -> Tensor:
    """(N, 3) the points at `depth` (N,) on the rays through projected points (N, 2 or 3)."""
    right, up, forward = camera.axes()
    lateral = projected[:, :2] * (depth / camera.focal)[:, None]
    points: Tensor = camera.position() + lateral[:, :1] * right - lateral[:, 1:2] * up + depth[:, None] * forward
    return points


def fit_depths(registered: Sequence[RegisteredView]) -> list[RegisteredView]:
    """Each view with the depth correction for which it best matches the silhouettes from other sides."""
    return [_fit_depth(view, [other for other in registered if _looks_across(view, other)]) for view in registered]


def _looks_across(one: RegisteredView, other: RegisteredView) -> bool:
    """Whether `other` sees `one` from the side, so that it determines its depths."""
    return abs(math.sin(math.radians(one.camera.azimuth - other.camera.azimuth))) > MIN_SINE


def _fit_depth(registered: RegisteredView, others: Sequence[RegisteredView]) -> RegisteredView:
    best, best_score = registered, _depth_score(registered, others)
    if not others:
        return registered
    for fraction, shift in DEPTH_STEPS:
        for factor, offset in ((1.0 + fraction, 0.0), (1.0 / (1.0 + fraction), 0.0), (1.0, shift), (1.0, -shift)):
            tried = replace(best, depth_scale=best.depth_scale * factor, depth_shift=best.depth_shift + offset)
            score = _depth_score(tried, others)
            if score > best_score:
                best, best_score = tried, score
    return best


def _depth_score(registered: RegisteredView, others: Sequence[RegisteredView]) -> float:
    """Mean IoU of the view's points with the others' silhouettes, minus the prior for the engine's own depths."""
    points = registered.to_common_frame(registered.view.points)
    ious = [visual_hull.silhouette_iou(other.view.silhouette, other.camera, points) for other in others]
    prior = DEPTH_PRIOR * (abs(math.log(registered.depth_scale)) + abs(registered.depth_shift))
    return sum(ious) / max(len(ious), 1) - prior


def scale_to_fit(registered: Sequence[RegisteredView], radius: float) -> list[RegisteredView]:
    """All views scaled down about the origin if their points inside the visual hull reach beyond `radius`."""
    points = torch.cat([view.to_common_frame(view.view.points) for view in registered])
    silhouettes, cameras = [view.view.silhouette for view in registered], [view.camera for view in registered]
    kept = visual_hull.hull_distance(silhouettes, cameras, points) > 0.0
    reach = float(points[kept].abs().max()) if bool(kept.any()) else 0.0
    scale = min(1.0, radius / max(reach, 1e-6))
    return [replace(view, camera=_scale_camera(view.camera, scale)) for view in registered]


def _scale_camera(camera: Camera, scale: float) -> Camera:
    x, y, z = (scale * coordinate for coordinate in camera.target)
    return replace(camera, distance=camera.distance * scale, target=(x, y, z))
