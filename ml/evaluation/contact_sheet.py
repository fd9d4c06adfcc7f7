"""Contact sheets of results: `python -m ml.evaluation.contact_sheet OUT.jpg [--photos FOLDER] [--meshes FOLDER]`.

One row per object: the picture that the engine saw, then its model from eight sides. Never commit sheets of photos that
you have no rights to.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from ml import engines
from ml.core.images import Floats, composite
from ml.evaluation import sets
from ml.evaluation.single_photo import VIEW_SEED, make_example
from ml.mesh import marching_cubes, repair
from ml.mesh.flatten import flatten
from ml.multiview import camera_fit
from ml.photo.cutout import Cutout, cut
from ml.photo.decode import open_photo
from ml.photo.posed_photo import PosedPhoto
from ml.render import framing, mesh_renderer
from ml.scene.protocol import Scene
from ml.texture import bake
from ml.texture.bake import TexturedMesh
from ml.texture.relight import relight
from ml.training import dataset, meshes, shapes
from ml.training.conventions import is_held_out

SIZE = 128
"""Pixels of one picture's side."""
SIDES = 8
"""Pictures of a model, 45° apart."""
GRID, FACES, TEXTURE = 128, 20_000, 512
"""Cells per axis, triangles and texels of a model: enough for small pictures."""
BACKGROUND = 0.93
"""Light grey behind the models, 0 … 1."""


def make_model(scene: Scene, cutout: Cutout) -> TexturedMesh:
    """The textured model of one photo, as the site makes it at lower quality."""
    mesh = repair.finish(flatten(marching_cubes.extract(scene, GRID, photos=[scene.camera]), scene.camera), FACES)
    photos = camera_fit.fit_assumed_cameras(mesh, [PosedPhoto(cutout, scene.camera)])
    return bake.bake(mesh, scene, [relight(mesh, photo) for photo in photos], TEXTURE, method="box")


def views(model: TexturedMesh, size: int = SIZE, elevation: float = 15.0) -> Iterator[Floats]:
    """(size, size, 3) pictures of the model from SIDES azimuths, the photo's first."""
    prepared = mesh_renderer.prepare(model)
    camera = framing.fit_camera(prepared.hull, elevation)
    for side in range(SIDES):
        picture = mesh_renderer.render(prepared, replace(camera, azimuth=360.0 * side / SIDES), size)
        yield np.asarray(composite(picture, (255.0 * BACKGROUND,) * 3), np.float32) / np.float32(255.0)


def row(cutout: Cutout, infer: Callable[[Cutout], Scene], size: int = SIZE) -> Floats:
    """(size, (SIDES + 1) * size, 3): the picture, then the model from each side."""
    photo = Image.fromarray(composite(cutout.rgba, (255.0 * BACKGROUND,) * 3))
    photo = photo.resize((size, size), Image.Resampling.LANCZOS)
    model = make_model(infer(cutout), cutout)
    return np.concatenate([np.asarray(photo, np.float32) / np.float32(255.0), *views(model, size)], axis=1)


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
    parser.add_argument("--size", type=int, default=SIZE, help="pixels of one picture's side (default: %(default)s)")
    parser.add_argument("--engine", default="compact")
    options = parser.parse_args()
    infer = engines.choose(options.engine).infer
    rows = [row(cutout, infer, options.size) for cutout in cutouts(options.photos, options.meshes, options.count)]
    Image.fromarray((np.concatenate(rows) * 255.0).clip(0, 255).astype(np.uint8)).save(options.out, quality=88)


if __name__ == "__main__":
    main()
