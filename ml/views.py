"""Pictures of the finished model: turntable, poster, video and the check against the photo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml import files, framing, projection, sprite, video, volume
from ml.camera import Camera
from ml.mesh import Mesh
from ml.raycast import Caster, camera_rays, window_of
from ml.recipe import TRANSPARENT
from ml.sampling import bilinear, to_bytes
from ml.scene import Scene
from ml.texture import TexturedMesh

if TYPE_CHECKING:
    from ml.cutout import Cutout

SUPERSAMPLING = 2
"""Rays a side of each pixel: soft edges."""
AMBIENT = 0.72
"""Share of the light that comes from everywhere: the texture is mostly seen as it is."""
KEY = (-0.45, 0.75, 0.9)
"""Direction towards the light in the picture's frame: right, up, towards the viewer."""
POSTER_SIZE = 512
COMPRESSION = 4
MOST_THREADS = 4

Picture = NDArray[np.uint8]
Shutter = Callable[[Camera, int], Picture]
"""What a camera sees, in a picture of so many pixels a side, straight alpha."""


@dataclass(frozen=True)
class _Stage:
    """A model with its ray tree, ready for many pictures."""

    model: TexturedMesh
    caster: Caster


def render(model: TexturedMesh, camera: Camera, size: int, shaded: bool = True) -> Picture:
    """(size, size, 4) uint8 sRGB picture with straight alpha of the model seen by `camera`."""
    return _picture(_stage(model), camera, size, shaded)


def turntable(
    model: TexturedMesh,
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
    shutter, camera = _of_scene(model, scene, elevation) if scene else _of_model(model, elevation)

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


def _of_model(model: TexturedMesh, elevation: float) -> tuple[Shutter, Camera]:
    """Pictures of the textured mesh, by ray casting."""
    stage, camera = _framed(model, elevation)
    return lambda place, size: _picture(stage, place, size, shaded=True), camera


def _of_scene(model: TexturedMesh, scene: Scene, elevation: float) -> tuple[Shutter, Camera]:
    """Pictures of the scene that the model was made from, framed as the model is."""
    target, camera = framing.frame(model.mesh.vertices, elevation)
    field = volume.field_of(scene)
    x, y, z = target.tolist()
    return lambda place, size: volume.picture(field, place, size), replace(camera, target=(x, y, z))


def on_background(picture: Picture, background: str) -> Picture:
    """(H, W, 4) straight alpha -> the same where `background` is transparent, else opaque on `#rrggbb`."""
    if background == TRANSPARENT:
        return picture
    alpha = picture[..., 3:] / np.float32(255.0)
    color = np.array([int(background[first : first + 2], 16) for first in (1, 3, 5)], np.float32)
    mixed = picture[..., :3] * alpha + color * (1.0 - alpha)
    return np.concatenate([mixed.round().astype(np.uint8), np.full_like(picture[..., 3:], 255)], axis=2)


def _in_threads(shoot: Callable[[int], Picture], count: int, threads: int) -> Iterator[Picture]:
    """The pictures in order, several at a time; whoever stops listening stops the rest too."""
    with ThreadPoolExecutor(min(os.cpu_count() or 1, threads)) as pool:
        try:
            yield from pool.map(shoot, range(count))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def self_check(model: TexturedMesh, cutout: Cutout, camera: Camera) -> dict[str, float]:
    """How well the model seen by the photo's camera agrees with the cutout: `silhouette_iou`, `psnr_db`.

    PSNR over the whole picture, both composited on middle grey; the model without shading.
    """
    seen = render(model, camera, cutout.rgba.shape[0], shaded=False)
    ours, theirs = seen[..., 3] > 127, cutout.rgba[..., 3] > 127
    error = float(np.mean((_on_grey(seen) - _on_grey(cutout.rgba)) ** 2))
    return {
        "silhouette_iou": round(projection.agreement(ours, theirs), 4),
        "psnr_db": round(-10.0 * float(np.log10(max(error, 1e-10))), 2),
    }


def contact_sheet(model: TexturedMesh, path: Path, size: int = 256) -> None:
    """Eight sides of the model in one picture (two rows of four, azimuth 0, 45, … 315), for developers."""
    stage, camera = _framed(model, 15.0)
    sheet = Image.new("RGB", (4 * size, 2 * size), video.BACKGROUND)
    for index in range(8):
        picture = Image.fromarray(_picture(stage, replace(camera, azimuth=45.0 * index), size, shaded=True))
        sheet.paste(picture, (index % 4 * size, index // 4 * size), picture)
    sheet.save(path)


def _stage(model: TexturedMesh) -> _Stage:
    return _Stage(model, Caster(model.mesh))


def _framed(model: TexturedMesh, elevation: float) -> tuple[_Stage, Camera]:
    """The model moved so that what the camera looks at is the origin, and that camera."""
    target, camera = framing.frame(model.mesh.vertices, elevation)
    moved = replace(model.mesh, vertices=model.mesh.vertices - target)
    return _stage(replace(model, mesh=moved)), camera


def _picture(stage: _Stage, camera: Camera, size: int, shaded: bool) -> Picture:
    fine = size * SUPERSAMPLING
    top, bottom, left, right = window = window_of(stage.model.mesh.vertices, camera, fine)
    hits = stage.caster.cast(*camera_rays(camera, fine, window))
    hit = np.flatnonzero(hits.face >= 0)
    corners, weights = stage.model.mesh.faces[hits.face[hit]], hits.weights[hit]
    color = _albedo(stage.model, corners, weights)
    if shaded:
        color *= _light(stage.model.mesh, corners, weights, camera)[:, None]
    samples = np.zeros((len(hits.face), 4), np.float32)
    samples[hit, :3], samples[hit, 3] = color.clip(0.0, 1.0), 1.0
    layered = np.zeros((fine, fine, 4), np.float32)
    layered[top:bottom, left:right] = samples.reshape(bottom - top, right - left, 4)
    return _averaged(layered, size)


def _albedo(model: TexturedMesh, corners: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    place = np.einsum("nk,nkc->nc", weights, model.uv[corners]) * model.texture.shape[0] - 0.5
    return bilinear(model.texture, place[:, 0], place[:, 1]) / np.float32(255.0)


def _light(mesh: Mesh, corners: NDArray[np.int32], weights: NDArray[np.float32], camera: Camera) -> NDArray[np.float32]:
    """(N,) brightness: soft light that wraps around from over the viewer's left shoulder."""
    right, up, forward = camera.axes().numpy()
    towards = KEY[0] * right + KEY[1] * up - KEY[2] * forward
    towards /= np.linalg.norm(towards)
    normals = np.einsum("nk,nkc->nc", weights, mesh.normals[corners])
    wrapped = 0.5 + 0.5 * (normals @ towards) / np.maximum(np.linalg.norm(normals, axis=1), 1e-9)
    return np.asarray(AMBIENT + (1.12 - AMBIENT) * wrapped, dtype=np.float32)


def _averaged(layered: NDArray[np.float32], size: int) -> Picture:
    """(size, size, 4) straight alpha from premultiplied samples."""
    step = SUPERSAMPLING
    parts = [layered[row::step, column::step] for row in range(step) for column in range(step)]
    mean = sum(parts[1:], start=parts[0]) / len(parts)
    color = mean[..., :3] / np.maximum(mean[..., 3:], 1e-6)
    return to_bytes(np.concatenate([color, mean[..., 3:]], axis=2))


def _on_grey(rgba: Picture) -> NDArray[np.float64]:
    alpha = rgba[..., 3:] / 255.0
    return np.asarray(rgba[..., :3] / 255.0 * alpha + 0.5 * (1.0 - alpha))
