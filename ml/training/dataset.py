"""Samples on disk: `python -m ml.training.dataset OUT [--meshes FOLDER] [--count N]` writes shards.

A shard is a folder of plain .npy arrays for 256 samples, to be memory-mapped by the training loop.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np

from ml.engines.compact.network import REACH
from ml.mesh.raycast import Caster
from ml.training import diversity, materials, meshes, posing, render, shapes
from ml.training.composites import compose
from ml.training.conventions import MIN_PIXELS, SHARP_COSINES, SHARP_PROBABILITIES, Sample, is_held_out
from ml.training.meshes import ColoredMesh

SHARD_SIZE = 256
"""Samples of a full shard."""
SEEDS_PER_SET = 10_000_000
"""Distance between the first object numbers of two seeds, so that they share no object."""
COMPOSITE_STEP = 6
"""One of so many objects is made out of others (`ml.training.composites`)."""


def make_sample(mesh: ColoredMesh, rng: np.random.Generator, *, augment: bool = True) -> Sample | None:
    """Picture and target of `mesh` from a random view; None if it shows hardly anything or exceeds the depth bins."""
    colors = mesh.colors
    if augment:
        mesh, colors = meshes.deform(mesh, rng), materials.recolor(mesh.colors, rng)
    azimuth, elevation, fov = posing.random_angles(rng)
    posed = posing.pose(mesh.vertices, mesh.faces, azimuth, elevation, fov)
    caster = Caster(posed.vertices, posed.faces)
    target = render.cast_target(caster, posed, colors)
    silhouette = np.isfinite(target.depths[..., 0])
    if silhouette.sum() < MIN_PIXELS or np.abs(target.depths[silhouette]).max() > REACH:
        return None
    sharp = float(rng.choice(SHARP_COSINES, p=SHARP_PROBABILITIES))
    normals = render.corner_normals(posed.vertices, posed.faces, caster.normals, sharp)
    picture, cover = render.draw(
        caster, posed, mesh.vertices[posed.faces], normals, colors, rng, lights=render.strong_light
    )
    backdrop = materials.random_color(rng)
    picture = picture * cover[..., None] + backdrop * (1.0 - cover[..., None])
    return {
        "picture": _bytes(picture),
        "cover": _bytes(cover),
        "occupancy": np.packbits(target.occupancy, axis=-1),
        "depths": target.depths.astype(np.float16),
        "back": _bytes(target.back),
        "angles": np.array([elevation, fov, azimuth], np.float32),
    }


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(values * 255.0 + 0.5, 0.0, 255.0).astype(np.uint8)


def make_samples(
    objects: Iterator[ColoredMesh], number: int, seed: int, *, augment: bool = True
) -> Iterator[tuple[str, Sample]]:
    """Names and samples of the first `number` objects that have a usable view."""
    rng = np.random.default_rng(seed)
    pairs = ((mesh.name, make_sample(mesh, rng, augment=augment)) for mesh in objects)
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


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--meshes", type=Path, help="a folder of meshes; without it, shapes are generated")
    parser.add_argument("--count", type=int, default=SHARD_SIZE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true", help="use the meshes and families that are never trained on")
    options = parser.parse_args(arguments)
    started = time.time()
    if options.meshes:
        chosen = [mesh for mesh in meshes.load_folder(options.meshes) if is_held_out(mesh.name) == options.held_out]
        source = (shuffled if options.held_out else with_composites)(chosen, options.seed)
    else:
        source = generate_objects(options.seed, shapes.HELD_OUT if options.held_out else shapes.FAMILIES)
    prefix = f"{'meshes' if options.meshes else 'shapes'}_{options.seed}"
    samples = make_samples(source, options.count, options.seed, augment=not options.held_out)
    write_shards(options.out, samples, prefix)
    print(f"{options.count} samples in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
