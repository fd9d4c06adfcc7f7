"""Samples on disk: `python -m ml.training.dataset OUT [--meshes FOLDER] [--count N]` writes shards.

A shard is a folder of plain .npy arrays for 256 samples, to be memory-mapped by the training loop.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np

from ml.core.images import Floats, to_bytes
from ml.engines.compact.network import REACH
from ml.mesh.raycast import Caster
from ml.training import diversity, materials, meshes, posing, render, shapes
from ml.training.composites import compose
from ml.training.conventions import MIN_PIXELS, SHARP_COSINES, SHARP_PROBABILITIES, Sample, is_held_out
from ml.training.meshes import ColoredMesh
from ml.training.posing import PosedMesh

SHARD_SIZE = 256
"""Samples of a full shard."""
SEEDS_PER_SET = 10_000_000
"""Distance between the first object numbers of two seeds, so that they share no object."""
COMPOSITE_STEP = 6
"""One of so many objects is made out of others (`ml.training.composites`)."""


@dataclass(frozen=True)
class View:
    """A mesh as a camera at an `azimuth` in degrees will see it: `colors` (F, 3) of its faces, `corners` (F, 3, 3) in
    the object's own frame, `normals` (F, 3, 3) at the corners."""

    azimuth: float
    posed: PosedMesh
    caster: Caster
    colors: Floats
    corners: Floats
    normals: Floats

    def see(self, rng: np.random.Generator, lights: render.Lights = render.strong_light) -> render.Seen:
        """What the camera sees in a random pattern and light."""
        return render.see(self.caster, self.posed, self.corners, self.normals, self.colors, rng, lights=lights)


def random_view(mesh: ColoredMesh, rng: np.random.Generator, *, augment: bool = True) -> View:
    """`mesh` from a random side in a random shading style; with `augment` deformed and recoloured, too."""
    colors = mesh.colors
    if augment:
        mesh, colors = meshes.deform(mesh, rng), materials.recolor(mesh.colors, rng)
    azimuth, elevation, fov = posing.random_angles(rng)
    posed = posing.pose(mesh.vertices, mesh.faces, azimuth, elevation, fov)
    caster = Caster(posed.vertices, posed.faces)
    sharp = float(rng.choice(SHARP_COSINES, p=SHARP_PROBABILITIES))
    normals = render.corner_normals(posed.vertices, posed.faces, caster.normals, sharp)
    return View(azimuth, posed, caster, colors, mesh.vertices[posed.faces], normals)


def make_sample(mesh: ColoredMesh, rng: np.random.Generator, *, augment: bool = True) -> Sample | None:
    """Picture and target of `mesh` from a random view; None if it shows hardly anything or exceeds the depth bins."""
    view = random_view(mesh, rng, augment=augment)
    target = render.cast_target(view.caster, view.posed, view.colors)
    silhouette = np.isfinite(target.depths[..., 0])
    if silhouette.sum() < MIN_PIXELS or np.abs(target.depths[silhouette]).max() > REACH:
        return None
    picture, cover = render.picture_of(view.see(rng))
    backdrop = materials.random_color(rng)
    picture = picture * cover[..., None] + backdrop * (1.0 - cover[..., None])
    return {
        "picture": to_bytes(picture),
        "cover": to_bytes(cover),
        "occupancy": np.packbits(target.occupancy, axis=-1),
        "depths": target.depths.astype(np.float16),
        "back": to_bytes(target.back),
        "angles": np.array([view.posed.elevation, view.posed.fov, view.azimuth], np.float32),
    }


Maker = Callable[..., Sample | None]
"""Like `make_sample`."""


def make_samples(
    objects: Iterator[ColoredMesh], number: int, seed: int, make: Maker = make_sample, *, augment: bool = True
) -> Iterator[tuple[str, Sample]]:
    """Names and samples of the first `number` objects that have a usable view."""
    rng = np.random.default_rng(seed)
    pairs = ((mesh.name, make(mesh, rng, augment=augment)) for mesh in objects)
    yield from islice(((name, sample) for name, sample in pairs if sample is not None), number)


def shuffled(objects: list[ColoredMesh], seed: int, *, diverse: bool = False) -> Iterator[ColoredMesh]:
    """Every object once per round, in a new order each round, without end.

    With `diverse`, a family of n similar objects contributes about √n of them to each round.
    """
    rng = np.random.default_rng(seed)
    share = diversity.weights(mesh.name for mesh in objects) if diverse else np.ones(len(objects))
    while True:
        order = rng.permutation(len(objects))
        yield from (objects[index] for index in order[rng.random(len(order)) < share[order]])


def with_composites(objects: list[ColoredMesh], seed: int) -> Iterator[ColoredMesh]:
    """`shuffled` with diversity, every COMPOSITE_STEP-th object replaced by a composite."""
    plain, composites = shuffled(objects, seed, diverse=True), compose(objects, seed)
    for number in count(1):
        yield next(composites if number % COMPOSITE_STEP == 0 else plain)


def generate_objects(seed: int, families: tuple[shapes.Family, ...] = shapes.FAMILIES) -> Iterator[ColoredMesh]:
    """Generated objects without end; different seeds have no object in common."""
    for number in count(seed * SEEDS_PER_SET):
        yield shapes.generate(number, families)


def write_shards(out: Path, source: Iterator[tuple[str, Sample]], prefix: str) -> None:
    """Write shards `prefix_0000`, … below `out`; a shard gets its name once it is complete."""
    out.mkdir(parents=True, exist_ok=True)
    batch: list[tuple[str, Sample]] = []
    number = 0
    for item in source:
        batch.append(item)
        if len(batch) == SHARD_SIZE:
            _write_shard(out / f"{prefix}_{number:04d}", batch)
            number, batch = number + 1, []
    if batch:
        _write_shard(out / f"{prefix}_{number:04d}", batch)


def _write_shard(folder: Path, batch: list[tuple[str, Sample]]) -> None:
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    for key in batch[0][1]:
        np.save(part / f"{key}.npy", np.stack([sample[key] for _, sample in batch]))
    (part / "names.txt").write_text("\n".join(name for name, _ in batch))
    part.rename(folder)


def objects(folder: Path | None, seed: int, *, held_out: bool) -> Iterator[ColoredMesh]:
    """The meshes of a folder in random order, or generated objects: those never trained on, or the others."""
    if not folder:
        return generate_objects(seed, shapes.HELD_OUT if held_out else shapes.FAMILIES)
    chosen = [mesh for mesh in meshes.load_folder(folder) if is_held_out(mesh.name) == held_out]
    return (shuffled if held_out else with_composites)(chosen, seed)


def write(options: argparse.Namespace, make: Maker = make_sample) -> None:
    """Write the samples that a command line of `parser` asks for."""
    started = time.time()
    source = objects(options.meshes, options.seed, held_out=options.held_out)
    prefix = f"{'meshes' if options.meshes else 'shapes'}_{options.seed}"
    samples = make_samples(source, options.count, options.seed, make, augment=not options.held_out)
    write_shards(options.out, samples, prefix)
    print(f"{options.count} samples in {time.time() - started:.0f} s")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Of the command lines that write samples."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("out", type=Path)
    result.add_argument("--meshes", type=Path, help="a folder of meshes; without it, shapes are generated")
    result.add_argument("--count", type=int, default=SHARD_SIZE)
    result.add_argument("--seed", type=int, default=0)
    result.add_argument("--held-out", action="store_true", help="use the meshes and families that are never trained on")
    return result


def main(arguments: list[str] | None = None) -> None:
    write(parser(__doc__).parse_args(arguments))


if __name__ == "__main__":
    main()
