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

from ml.mesh.raycast import Caster
from ml.training import materials, meshes, posing, render, shapes
from ml.training.meshes import Solid

SHARD_SIZE = 256
"""Samples of a full shard."""
Sample = dict[str, np.ndarray]


def make_sample(solid: Solid, rng: np.random.Generator, *, augment: bool = True) -> Sample | None:
    """Picture and target of `solid` from a random view; None when the view shows next to nothing or does not fit."""
    colors = solid.colors
    if augment:
        solid, colors = meshes.deform(solid, rng), materials.recolor(solid.colors, rng)
    azimuth, elevation, fov = posing.random_angles(rng)
    view = posing.pose(solid.vertices, solid.faces, azimuth, elevation, fov)
    caster = Caster(view.vertices, view.faces)
    target = render.cast_target(caster, view, colors)
    seen = np.isfinite(target.depths[..., 0])
    if seen.sum() < 60 or np.abs(target.depths[seen]).max() > render.REACH:
        return None
    sharp = float(rng.choice([0.83, 0.2, 1.1], p=[0.7, 0.2, 0.1]))
    normals = render.corner_normals(view.vertices, view.faces, caster.normals, sharp)
    picture, cover = render.draw(caster, view, solid.vertices[view.faces], normals, colors, rng)
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


def samples(solids: Iterator[Solid], number: int, seed: int, *, augment: bool = True) -> Iterator[tuple[str, Sample]]:
    """`number` seeded samples, one of each of `solids` that gives one."""
    rng = np.random.default_rng(seed)
    made = ((solid.name, make_sample(solid, rng, augment=augment)) for solid in solids)
    yield from islice(((name, sample) for name, sample in made if sample is not None), number)


def shuffled(solids: list[Solid], seed: int) -> Iterator[Solid]:
    """Every solid once a round, in a new order each round, without end."""
    rng = np.random.default_rng(seed)
    while True:
        yield from (solids[index] for index in rng.permutation(len(solids)))


def generated(seed: int, families: tuple[shapes.Family, ...] = shapes.FAMILIES) -> Iterator[Solid]:
    """Generated objects without end; different seeds share none of them."""
    for number in count(seed * 10_000_000):
        yield shapes.generate(number, families)


def write(out: Path, source: Iterator[tuple[str, Sample]], prefix: str) -> None:
    """Write shards `prefix_0000`, … below `out`; a shard appears under its name only when it is whole."""
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
    parser.add_argument("--held-out", action="store_true", help="the meshes and families that are not trained on")
    options = parser.parse_args(arguments)
    started = time.time()
    if options.meshes:
        every = meshes.from_folder(options.meshes)
        source = shuffled([each for each in every if meshes.held_out(each.name) == options.held_out], options.seed)
    else:
        source = generated(options.seed, shapes.HELD_OUT if options.held_out else shapes.FAMILIES)
    prefix = f"{'meshes' if options.meshes else 'shapes'}_{options.seed}"
    write(options.out, samples(source, options.count, options.seed, augment=not options.held_out), prefix)
    print(f"{options.count} samples in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
