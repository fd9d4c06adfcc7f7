"""Several photos of one object become one scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ml.core.camera import RADIUS, Camera
from ml.engines import Engine
from ml.multiview import registration, side_search, tsdf, visual_hull
from ml.multiview.registration import Placed, View
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.recipe import SIDES
from ml.scene.protocol import Scene
from ml.scene.volume import VolumeScene, silhouette_density

ROOM = 0.98 * RADIUS
"""Distance from the middle, along an axis, that a joined solid may reach."""
MOST_DISAGREEMENT = 0.03
"""How far outlines may leave each other unfilled for the photos to be of one object."""

UNFIT = (
    "Photo {number} does not fit the others from any side, so the model was made without it. "
    "Say which side it shows, or take it from the same distance with the object standing the same way."
)
UNSURE = (
    "Photo {number} fits the others from more than one side, so the model was made without it. Say which side it shows."
)
WRONG_SIDE = (
    "Photo {number} does not fit the others from the side that was given, so the model was made without it. "
    "Check the sides of the photos."
)


@dataclass(frozen=True)
class Fused:
    """The scene of all photos, the photos that it was made of (the main one first), and sentences for the user."""

    scene: Scene
    photos: tuple[PosedPhoto, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Photo:
    """A photo with what its engine saw in it; `azimuth` in degrees in the frame of the main photo, None: unknown."""

    number: int
    cutout: Cutout
    side: str | float
    azimuth: float | None
    view: View


def scene_of(engine: Engine, cutouts: Sequence[Cutout], sides: Sequence[str | float] = ()) -> Fused:
    """One scene of 1 to 5 cutouts, in the frame of the first, whose camera stands at azimuth 0.

    `sides` as in the recipe. A photo that does not fit the others is left out, and a note says so.
    Raises ReconstructionError as the engine does.
    """
    named = _named(sides, len(cutouts))
    if len(cutouts) == 1:
        scene = engine.infer(cutouts[0])
        return Fused(scene, (PosedPhoto(cutouts[0], scene.camera, side=named[0]),))
    with torch.inference_mode():
        photos = [_photo(engine, number, *each) for number, each in enumerate(zip(cutouts, named, strict=True))]
        used, placed, notes = _placed(photos)
        scene = _joined(used[0].cutout, placed) if len(used) > 1 else photos[0].view.scene
    posed = [
        PosedPhoto(photo.cutout, each.camera, photo.number, photo.side)
        for photo, each in zip(used, placed, strict=True)
    ]
    return Fused(scene, tuple(posed), tuple(notes))


def _named(sides: Sequence[str | float], count: int) -> list[str | float]:
    """A side for each photo: the first is the front unless named, the others are to be found."""
    named: list[str | float] = [*sides[:count], *["auto"] * (count - len(sides))]
    return ["front" if named[0] == "auto" else named[0], *named[1:]]


def _photo(engine: Engine, number: int, cutout: Cutout, side: str | float) -> _Photo:
    scene = tsdf.as_volume(engine.infer(cutout), cutout)
    azimuth = SIDES[side] if isinstance(side, str) else float(side)
    return _Photo(number, cutout, side, azimuth, registration.view_of(scene, visual_hull.outline(cutout)))


def _placed(photos: Sequence[_Photo]) -> tuple[list[_Photo], list[Placed], list[str]]:
    """The photos that fit together, where they stand, and what to tell about the others. Named sides come first."""
    used, cameras, notes = [photos[0]], [photos[0].view.scene.camera], []
    for photo in sorted(photos[1:], key=lambda each: each.azimuth is None):
        found = _found(used, cameras, photo, photos[0].azimuth or 0.0)
        unfit = _unfit(photo, found)
        if unfit:
            notes.append(unfit.format(number=photo.number + 1))
            continue
        used, cameras = [*used, photo], list(found.cameras)
    placed = [Placed(photo.view, camera) for photo, camera in zip(used, cameras, strict=True)]
    return used, registration.within(registration.with_depths(placed), ROOM) if len(placed) > 1 else placed, notes


def _unfit(photo: _Photo, found: side_search.Found) -> str | None:
    """Why the photo is left out, None when it fits."""
    if found.disagreement > MOST_DISAGREEMENT:
        return UNFIT if photo.azimuth is None else WRONG_SIDE
    return None if found.sure else UNSURE


def _found(used: Sequence[_Photo], cameras: list[Camera], photo: _Photo, front: float) -> side_search.Found:
    views = [each.view for each in used]
    if photo.azimuth is None:
        return side_search.search(views, cameras, photo.view)
    return side_search.given(views, cameras, photo.view, (photo.azimuth - front) % 360.0)


def _joined(main: Cutout, placed: Sequence[Placed]) -> VolumeScene:
    """The photos' scenes as one; the main photo's outline cuts it at the photo's own resolution."""
    grid, camera = tsdf.solid(placed), placed[0].camera
    return VolumeScene(
        grid,
        tsdf.picture(main),
        silhouette=silhouette_density(main.alpha, camera),
        colors=tsdf.colors(placed, grid),
        camera=camera,
    )
