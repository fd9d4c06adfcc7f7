"""Contact sheets of results: `python -m ml.evaluation.contact_sheet OUT.jpg [--photos FOLDER] [--meshes FOLDER]`.

One row per object: the picture that the engine saw, then its model from eight sides. Never commit sheets of photos that
you have no rights to.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ml import engines
from ml.core.camera import Camera
from ml.core.images import Floats, composite
from ml.evaluation import sets
from ml.evaluation.single_photo import VIEW_SEED, make_example
from ml.mesh import marching_cubes, repair
from ml.mesh.flatten import flatten
from ml.mesh.raycast import Caster, camera_rays
from ml.photo.cutout import Cutout, cut
from ml.photo.decode import open_photo
from ml.scene.protocol import Scene
from ml.training import dataset, meshes, shapes
from ml.training.conventions import is_held_out

SIZE = 128
"""Pixels of one picture's side."""
SIDES = 8
"""Pictures of a model, 45° apart."""
GRID, FACES = 96, 12_000
"""Cells per axis and triangles of a model: enough for small pictures."""
BACKGROUND = 0.93
"""Light grey behind the models, 0 … 1."""
LIGHT = np.array([-0.35, 0.55, -0.75], np.float32) / np.float32(0.994)
"""Unit vector towards the light: right, up, depth of the camera."""
DISTANCE_PER_RADIUS = 2.3 / 0.69
"""Distance of the camera for a model of radius 1, with a small margin."""
MIN_DISTANCE = 0.6
"""Of the camera, so that tiny models do not fill the picture."""


def views(scene: Scene, size: int = SIZE, elevation: float = 15.0) -> Iterator[Floats]:
    """(size, size, 3) pictures of the scene from SIDES azimuths, the photo's first."""
    mesh = repair.finish(flatten(marching_cubes.extract(scene, GRID, photos=[scene.camera]), scene.camera), FACES)
    caster = Caster(mesh.vertices, mesh.faces)
    radius = float(np.linalg.norm(mesh.vertices, axis=1).max())
    distance = max(DISTANCE_PER_RADIUS * radius, MIN_DISTANCE)
    for side in range(SIDES):
        yield _render(scene, caster, Camera(elevation, 360.0 * side / SIDES, distance=distance), size)


def _render(scene: Scene, caster: Caster, camera: Camera, size: int) -> Floats:
    """(size, size, 3) the scene's colours in simple shading, antialiased 2 × 2."""
    origins, directions = camera_rays(camera, size * 2)
    hits = caster.first_hits(origins, directions)
    hit = np.flatnonzero(hits.face >= 0)
    points = origins[hit] + directions[hit] * hits.distance[hit, None]
    normals = caster.normals[hits.face[hit]] @ camera.axes().numpy().T
    light = 0.6 + 0.45 * np.maximum(normals @ LIGHT, 0.0)
    picture = np.full((size * size * 4, 3), BACKGROUND, np.float32)
    picture[hit] = scene.color(torch.from_numpy(points.astype(np.float32))).numpy() * light[:, None]
    return np.asarray(picture.reshape(size, 2, size, 2, 3).mean(axis=(1, 3)), np.float32)


def row(cutout: Cutout, infer: Callable[[Cutout], Scene]) -> Floats:
    """(SIZE, (SIDES + 1) * SIZE, 3): the picture, then the model from each side."""
    photo = Image.fromarray(composite(cutout.rgba, (255.0 * BACKGROUND,) * 3))
    photo = photo.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    return np.concatenate([np.asarray(photo, np.float32) / np.float32(255.0), *views(infer(cutout))], axis=1)


def cutouts(photos: Path | None, folder: Path | None, count: int) -> Iterator[Cutout]:
    """Cutouts of a folder's photos, or rendered ones of held-out objects."""
    if photos:
        for path in sorted(path for path in photos.iterdir() if path.suffix in (".jpg", ".png", ".webp")):
            yield cut(open_photo(path.read_bytes()))
        return
    objects: Iterator[meshes.ColoredMesh] = dataset.generate_objects(sets.SEED, shapes.FAMILIES + shapes.HELD_OUT * 3)
    if folder:
        objects = (mesh for mesh in meshes.load_folder(folder) if is_held_out(mesh.name))
    for number, mesh in enumerate(islice(objects, count)):
        yield make_example(mesh, VIEW_SEED + number).cutout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--meshes", type=Path)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--engine", default="compact")
    options = parser.parse_args()
    infer = engines.choose(options.engine).infer
    rows = [row(cutout, infer) for cutout in cutouts(options.photos, options.meshes, options.count)]
    Image.fromarray((np.concatenate(rows) * 255.0).clip(0, 255).astype(np.uint8)).save(options.out, quality=88)


if __name__ == "__main__":
    main()
