"""Contact sheets of results: `python -m ml.evaluation.contact_sheet OUT.jpg [--photos FOLDER] [--meshes FOLDER]`.

One row an object: the picture that the engine saw, then its model from eight sides. Never commit sheets of photos whose
rights are not yours.
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
from ml.core.images import Floats
from ml.evaluation.single_photo import VIEW_SEED, example
from ml.mesh import marching_cubes, repair
from ml.mesh.raycast import Caster, camera_rays
from ml.photo.cutout import Cutout, cut
from ml.photo.decode import open_photo
from ml.scene.protocol import Scene
from ml.training import dataset, meshes, shapes

SIZE = 128
SIDES = 8
LIGHT = np.array([-0.35, 0.55, -0.75], np.float32) / np.float32(0.994)


def views(scene: Scene, size: int = SIZE, elevation: float = 15.0) -> Iterator[Floats]:
    """(size, size, 3) pictures of the scene from SIDES azimuths, the photo's first."""
    solid = repair.finish(marching_cubes.extract(scene, 96), 12_000)
    caster = Caster(solid.vertices, solid.faces)
    half = float(np.linalg.norm(solid.vertices, axis=1).max())
    for side in range(SIDES):
        yield _shot(scene, caster, Camera(elevation, 360.0 * side / SIDES, distance=max(2.3 * half / 0.69, 0.6)), size)


def _shot(scene: Scene, caster: Caster, camera: Camera, size: int) -> Floats:
    origins, directions = camera_rays(camera, size * 2)
    hits = caster.first_hits(origins, directions)
    seen = np.flatnonzero(hits.face >= 0)
    points = origins[seen] + directions[seen] * hits.distance[seen, None]
    normals = caster.normals[hits.face[seen]] @ camera.axes().numpy().T
    light = 0.6 + 0.45 * np.maximum(normals @ LIGHT, 0.0)
    picture = np.full((size * size * 4, 3), 0.93, np.float32)
    picture[seen] = scene.color(torch.from_numpy(points.astype(np.float32))).numpy() * light[:, None]
    return np.asarray(picture.reshape(size, 2, size, 2, 3).mean(axis=(1, 3)), np.float32)


def row(cutout: Cutout, infer: Callable[[Cutout], Scene]) -> Floats:
    """(SIZE, (SIDES + 1) * SIZE, 3) the picture and the model's sides."""
    seen = Image.fromarray(cutout.on_grey(0.93)).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    return np.concatenate([np.asarray(seen, np.float32) / np.float32(255.0), *views(infer(cutout))], axis=1)


def cutouts(photos: Path | None, folder: Path | None, count: int) -> Iterator[Cutout]:
    """What to look at: a folder's photos, else held-out objects."""
    if photos:
        for path in sorted(each for each in photos.iterdir() if each.suffix in (".jpg", ".png", ".webp")):
            yield cut(open_photo(path.read_bytes()))
        return
    solids: Iterator[meshes.Solid] = dataset.generated(977, shapes.FAMILIES + shapes.HELD_OUT * 3)
    if folder:
        solids = (each for each in meshes.from_folder(folder) if meshes.held_out(each.name))
    for number, solid in enumerate(islice(solids, count)):
        yield example(solid, VIEW_SEED + number).cutout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--meshes", type=Path)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--engine", default="compact")
    options = parser.parse_args()
    infer = engines.choose(options.engine).infer
    rows = [row(each, infer) for each in cutouts(options.photos, options.meshes, options.count)]
    Image.fromarray((np.concatenate(rows) * 255.0).clip(0, 255).astype(np.uint8)).save(options.out, quality=88)


if __name__ == "__main__":
    main()
