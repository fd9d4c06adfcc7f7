"""Pictures of the finished model: turntable, poster, video and the comparison with the photo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageColor

from ml import files
from ml.core.camera import Camera
from ml.core.images import GREY, blend, composite
from ml.core.masks import iou
from ml.recipe import TRANSPARENT
from ml.render import framing, mesh_renderer, scene_renderer, sprite, video
from ml.render.best_view import best_azimuth
from ml.render.mesh_renderer import Picture, PreparedModel
from ml.scene.protocol import Scene

if TYPE_CHECKING:
    from ml.photo.cutout import Cutout

POSTER_SIZE = 512
"""Side of the poster in pixels."""
POSTER_QUALITY = 88
"""WebP quality, 0 to 100."""
COMPRESSION = 4
"""PNG compression level, 0 to 9."""
MAX_THREADS = 4
"""Frames that are rendered at the same time."""
FRAMES_DONE = 0.9
"""Progress reported after the last frame; the rest are poster, sprite and video."""
MIN_ERROR = 1e-10
"""Mean squared error at which the PSNR is capped, at 100 dB."""


@dataclass(frozen=True)
class Volume:
    """A scene to be volume-rendered, and the `model` made from it, whose texture has the colours."""

    scene: Scene
    model: PreparedModel


Renderer = Callable[[Camera, int], Picture]
"""Renders what a camera sees: a square picture of so many pixels a side, with straight alpha."""


def write(
    prepared: PreparedModel,
    out_dir: Path,
    *,
    count: int,
    size: int,
    elevation: float,
    background: str = TRANSPARENT,
    volume: Volume | None = None,
    on_step: Callable[[float], None] | None = None,
) -> None:
    """Write one full turn: frames, poster, sprite and video. Frame 0 is seen from the photo's side (azimuth 0), the
    poster from the best three-quarter view (`best_view`).

    The model is centred and the camera just far enough away that no frame cuts it off; the azimuth grows by
    360 / `count` degrees per frame. With `volume`, the scene itself is volume-rendered from the same cameras. Pictures
    are PNG, transparent or on `background` (`#rrggbb`); the video of transparent frames has a light background.
    """
    camera = framing.fit_camera(prepared.hull, elevation)
    render = _volume_renderer(volume) if volume else _mesh_renderer(prepared)

    def write_frame(index: int) -> Picture:
        picture = on_background(render(replace(camera, azimuth=360.0 * index / count), size), background)
        Image.fromarray(picture).save(out_dir / files.frame_name(index), compress_level=COMPRESSION)
        return picture

    frames = []
    for picture in _in_threads(write_frame, count, 1 if volume else MAX_THREADS):
        frames.append(picture)
        if on_step:
            on_step(FRAMES_DONE * len(frames) / count)
    with ThreadPoolExecutor(1) as pool:  # ffmpeg has a process of its own
        encoded = pool.submit(video.write, frames, out_dir / files.VIDEO)
        best = best_azimuth(lambda azimuth, side: render(replace(camera, azimuth=azimuth), side))
        poster = on_background(render(replace(camera, azimuth=best), POSTER_SIZE), background)
        Image.fromarray(poster).save(out_dir / files.POSTER, quality=POSTER_QUALITY, method=4)
        sprite.write(frames, out_dir / files.SPRITE)
        encoded.result()
    if on_step:
        on_step(1.0)


def _mesh_renderer(prepared: PreparedModel) -> Renderer:
    """Renders the textured mesh, by ray casting."""
    return lambda camera, size: mesh_renderer.render(prepared, camera, size)


def _volume_renderer(volume: Volume) -> Renderer:
    """Renders the scene that the model is made from, in the model's colours."""
    field = volume.scene.field()

    def render(camera: Camera, size: int) -> Picture:
        painted = mesh_renderer.render(volume.model, camera, size, shaded=False)
        return scene_renderer.recolored(scene_renderer.render(field, camera, size), painted)

    return render


def on_background(picture: Picture, background: str) -> Picture:
    """(H, W, 4) straight alpha -> unchanged where `background` is transparent, else opaque on `#rrggbb`."""
    if background == TRANSPARENT:
        return picture
    opaque = composite(picture, ImageColor.getrgb(background)[:3])
    return np.dstack([opaque, np.full_like(picture[..., 3], 255)])


def _in_threads(render: Callable[[int], Picture], count: int, threads: int) -> Iterator[Picture]:
    """The pictures in order, several at a time; closing the iterator cancels those not started."""
    with ThreadPoolExecutor(min(os.cpu_count() or 1, threads)) as pool:
        try:
            yield from pool.map(render, range(count))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def compare_with_photo(prepared: PreparedModel, cutout: Cutout, camera: Camera) -> dict[str, float]:
    """How well the model seen by the photo's camera matches the cutout: `silhouette_iou`, `psnr_db`.

    PSNR over the whole picture, both on middle grey; the model without shading.
    """
    rendered = mesh_renderer.render(prepared, camera, cutout.rgba.shape[0], shaded=False)
    ours, theirs = rendered[..., 3] > 127, cutout.rgba[..., 3] > 127
    error = float(np.mean(((blend(rendered, GREY) - blend(cutout.rgba, GREY)) / 255.0) ** 2))
    return {
        "silhouette_iou": round(iou(ours, theirs), 4),
        "psnr_db": round(-10.0 * float(np.log10(max(error, MIN_ERROR))), 2),
    }
