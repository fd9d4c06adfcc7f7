"""One scene from several photos of an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ml.core.camera import RADIUS, Camera
from ml.multiview import registration, side_search, tsdf, visual_hull
from ml.multiview.registration import RegisteredView, View
from ml.notes import Note, note
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.recipe import SIDES
from ml.scene.protocol import Scene
from ml.scene.query import mirror_planes
from ml.scene.volume import VolumeScene, silhouette_density

MAX_EXTENT = 0.98 * RADIUS
"""Distance from the centre along an axis that the fused object may reach, so that it closes inside the cube."""
MAX_SILHOUETTE_ERROR = 0.03
"""Silhouette error above which the photos are not of the same object in the same pose."""

Infer = Callable[[Cutout], Scene]
"""An engine: from one cutout to its scene."""


@dataclass(frozen=True)
class Fused:
    """The scene, the photos that it is made from (the main one first), and notes for the user."""

    scene: Scene
    photos: tuple[PosedPhoto, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Photo:
    """A photo with what its engine predicted; `azimuth` in degrees in the frame of the object, None when unknown."""

    number: int
    cutout: Cutout
    side: str | float
    azimuth: float | None
    view: View


def fuse(infer: Infer, cutouts: Sequence[Cutout], sides: Sequence[str | float] = ()) -> Fused:
    """One scene from 1 to 5 cutouts, in the frame of the first, whose camera is at azimuth 0.

    `sides` as in the recipe. A photo that does not match the others is left out, and a note says so.
    Raises ReconstructionError as the engine does.
    """
    sides = _complete_sides(sides, len(cutouts))
    if len(cutouts) == 1:
        scene = infer(cutouts[0])
        return Fused(scene, (PosedPhoto(cutouts[0], scene.camera, side=sides[0]),))
    with torch.inference_mode():
        photos = [_predict(infer, index, *pair) for index, pair in enumerate(zip(cutouts, sides, strict=True))]
        used, registered, notes = _register(photos)
        scene = _fuse_scenes(used[0].cutout, registered) if len(used) > 1 else photos[0].view.scene
    posed = [
        PosedPhoto(photo.cutout, view.camera, photo.number, photo.side)
        for photo, view in zip(used, registered, strict=True)
    ]
    return Fused(scene, tuple(posed), tuple(notes))


def _complete_sides(sides: Sequence[str | float], count: int) -> list[str | float]:
    """A side for each photo: the first is the front unless specified, the others are detected."""
    complete: list[str | float] = [*sides[:count], *["auto"] * (count - len(sides))]
    return ["front" if complete[0] == "auto" else complete[0], *complete[1:]]


def _predict(infer: Infer, number: int, cutout: Cutout, side: str | float) -> _Photo:
    scene = tsdf.as_volume(infer(cutout), cutout)
    azimuth = SIDES[side] if isinstance(side, str) else float(side)
    return _Photo(number, cutout, side, azimuth, registration.view_of(scene, visual_hull.silhouette_of(cutout)))


def _register(photos: Sequence[_Photo]) -> tuple[list[_Photo], list[RegisteredView], list[Note]]:
    """The photos that match, their views in one frame, and notes about the others. Known sides come first."""
    used, cameras = [photos[0]], [photos[0].view.scene.camera]
    notes: list[Note] = []
    for photo in sorted(photos[1:], key=lambda photo: photo.azimuth is None):
        fit = _fit(used, cameras, photo, photos[0].azimuth or 0.0)
        reason = _rejection(photo, fit)
        if reason:
            notes.append(note(reason, number=photo.number + 1))
            continue
        used, cameras = [*used, photo], list(fit.cameras)
    registered = [RegisteredView(photo.view, camera) for photo, camera in zip(used, cameras, strict=True)]
    if len(registered) > 1:
        registered = registration.scale_to_fit(registration.fit_depths(registered), MAX_EXTENT)
    return used, registered, notes


def _rejection(photo: _Photo, fit: side_search.SideFit) -> str | None:
    """Code of the note on why the photo is left out, None when it matches."""
    if fit.silhouette_error > MAX_SILHOUETTE_ERROR:
        return "no_side" if photo.azimuth is None else "wrong_side"
    return "ambiguous_side" if fit.ambiguous else None


def _fit(used: Sequence[_Photo], cameras: list[Camera], photo: _Photo, front: float) -> side_search.SideFit:
    views = [other.view for other in used]
    if photo.azimuth is None:
        return side_search.search(views, cameras, photo.view)
    return side_search.fit_side(views, cameras, photo.view, (photo.azimuth - front) % 360.0)


def _fuse_scenes(main: Cutout, registered: Sequence[RegisteredView]) -> VolumeScene:
    """The photos' scenes as one, cut by the silhouette of the main photo at its full resolution."""
    grid, camera = tsdf.fuse_density(registered), registered[0].camera
    return VolumeScene(
        grid,
        tsdf.picture(main),
        silhouette=silhouette_density(main.alpha, camera),
        colors=tsdf.fuse_colors(registered, grid),
        camera=camera,
        mirror_planes=mirror_planes(registered[0].view.scene),
    )
