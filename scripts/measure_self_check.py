"""How well models match their own photo at standard quality: `python -m scripts.measure_self_check [--count N]`.

Our samples and held-out generated objects (`ml.evaluation.sets`), by the compact engine, up to the texture.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ml.engines.compact.engine import CompactEngine
from ml.evaluation import sets
from ml.mesh import marching_cubes, repair
from ml.mesh.flatten import flatten
from ml.multiview import camera_fit, fusion
from ml.photo import decode
from ml.photo.cutout import Cutout, cut
from ml.recipe import QUALITIES
from ml.render import turntable
from ml.render.mesh_renderer import prepare
from ml.texture import bake
from ml.texture.relight import relight

SAMPLES = Path(__file__).resolve().parent.parent / "static" / "samples"
STANDARD = QUALITIES["standard"]


def main() -> None:
    """Print a line per object, then the worst and the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=12, help="generated objects per set (default: %(default)s)")
    results = []
    for name, cutout in objects(parser.parse_args().count):
        check = self_check(cutout)
        results.append((check["psnr_db"], check["silhouette_iou"]))
        print(f"{name:<24} {results[-1][0]:5.1f} dB  {results[-1][1]:.4f}", flush=True)
    worst, median = np.min(results, axis=0), np.median(results, axis=0)
    print(
        f"{len(results)} objects: worst {worst[0]:.1f} dB, {worst[1]:.3f}; median {median[0]:.1f} dB, {median[1]:.3f}"
    )


def objects(count: int) -> Iterator[tuple[str, Cutout]]:
    """Names and cutouts."""
    for path in sorted(SAMPLES.iterdir()):
        yield path.name, cut(decode.open_photo(path.read_bytes()))
    for examples in sets.example_sets(None, count, held_out_only=True).values():
        for example in examples:
            yield example.name, example.cutout


def self_check(cutout: Cutout) -> dict[str, float]:
    """The `self_check` of the report, computed without the stages that it does not need."""
    fused = fusion.fuse(CompactEngine().infer, [cutout])
    mesh = repair.finish(
        flatten(marching_cubes.extract(fused.scene, STANDARD.grid, photos=[fused.scene.camera]), fused.scene.camera),
        STANDARD.faces,
    )
    photos = [relight(mesh, photo) for photo in camera_fit.fit_assumed_cameras(mesh, fused.photos)]
    model = bake.bake(mesh, fused.scene, photos, STANDARD.texture_size)
    return turntable.compare_with_photo(prepare(model), photos[0].cutout, photos[0].camera)


if __name__ == "__main__":
    main()
