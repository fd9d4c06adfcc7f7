"""Pictures of the finished model: turntable, poster, video and the check against the photo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
from ml.render.mesh_renderer import Picture, Subject
from ml.scene.protocol import Scene

if TYPE_CHECKING:
    from ml.photo.cutout import Cutout

POSTER_SIZE = 512
COMPRESSION = 4
MOST_THREADS = 4

Shutter = Callable[[Camera, int], Picture]
"""What a camera sees, in a picture of so many pixels a side, straight alpha."""


def turntable(
    subject: Subject,
    out_dir: Path,
    *,
    count: int,
    size: int,
    elevation: float,
    background: str = TRANSPARENT,
    scene: Scene | None = None,
    on_step: Callable[[float], None] | None = None,
) -> None:
    """Write one full turn: frames, poster, sprite and video. Frame 0 is seen from the photo's side (azimuth 0).

    The model is centred and the camera stands just far enough away that no frame cuts it off; azimuth grows by
    360 / `count` degrees a frame. With `scene`, the scene itself is volume-rendered from the same cameras. Pictures are
    PNG, transparent or laid on `background` (`#rrggbb`); the video of transparent frames has a light one.
    """
    camera = framing.frame(subject.hull, elevation)
    shutter = _of_scene(scene) if scene else _of_model(subject)

    def shoot(index: int) -> Picture:
        picture = on_background(shutter(replace(camera, azimuth=360.0 * index / count), size), background)
        Image.fromarray(picture).save(out_dir / files.frame_name(index), compress_level=COMPRESSION)
        return picture

    frames = []
    for picture in _in_threads(shoot, count, 1 if scene else MOST_THREADS):
        frames.append(picture)
        if on_step:
            on_step(0.9 * len(frames) / count)
    poster = on_background(shutter(replace(camera, azimuth=-30.0), POSTER_SIZE), background)
    Image.fromarray(poster).save(out_dir / files.POSTER, quality=88, method=4)
    sprite.write(frames, out_dir / files.SPRITE)
    video.write(frames, out_dir / files.VIDEO)
    if on_step:
        on_step(1.0)


def _of_model(subject: Subject) -> Shutter:
    """Pictures of the textured mesh, by ray casting."""
    return lambda camera, size: mesh_renderer.draw(subject, camera, size)


def _of_scene(scene: Scene) -> Shutter:
    """Pictures of the scene that the model was made from."""
    field = scene.field()
    return lambda camera, size: scene_renderer.picture(field, camera, size)


def on_background(picture: Picture, background: str) -> Picture:
    """(H, W, 4) straight alpha -> the same where `background` is transparent, else opaque on `#rrggbb`."""
    if background == TRANSPARENT:
        return picture
    opaque = composite(picture, ImageColor.getrgb(background)[:3])
    return np.dstack([opaque, np.full_like(picture[..., 3], 255)])


def _in_threads(shoot: Callable[[int], Picture], count: int, threads: int) -> Iterator[Picture]:
    """The pictures in order, several at a time; whoever stops listening stops the rest too."""
    with ThreadPoolExecutor(min(os.cpu_count() or 1, threads)) as pool:
        try:
            yield from pool.map(shoot, range(count))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def self_check(subject: Subject, cutout: Cutout, camera: Camera) -> dict[str, float]:
    """How well the model seen by the photo's camera agrees with the cutout: `silhouette_iou`, `psnr_db`.

    PSNR over the whole picture, both composited on middle grey; the model without shading.
    """
    seen = mesh_renderer.draw(subject, camera, cutout.rgba.shape[0], shaded=False)
    ours, theirs = seen[..., 3] > 127, cutout.rgba[..., 3] > 127
    error = float(np.mean(((blend(seen, GREY) - blend(cutout.rgba, GREY)) / 255.0) ** 2))
    return {
        "silhouette_iou": round(iou(ours, theirs), 4),
        "psnr_db": round(-10.0 * float(np.log10(max(error, 1e-10))), 2),
    }
