"""How good the engines are: `python -m ml.evaluation [--meshes FOLDER] [--count N] [--engines inflated compact …]`.

The protocol is in docs/evaluation.md. Without `--meshes`, generated objects are used: seeds of the trained families
that training does not use, and families that are never trained on. `--photos 1 2 4` measures several photos of one
object instead. `--looks` compares the models' views from all sides, and counts tunnels; `--pictures` adds a folder of
photos to that. `--targets` measures all of that with and without the steps after the network, in one table with the
targets.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ml import engines
from ml.evaluation import looks, multi_photo, sets, single_photo, targets


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.evaluation", description=__doc__)
    parser.add_argument("--meshes", type=Path, help="a folder of meshes instead of generated objects")
    parser.add_argument("--all", action="store_true", help="all meshes of the folder, not only the held-out tenth")
    parser.add_argument("--count", type=int, default=48, help="objects of each set (default: %(default)s)")
    parser.add_argument("--engines", nargs="+", default=single_photo.NAMES, choices=single_photo.NAMES)
    parser.add_argument(
        "--photos",
        nargs="+",
        type=int,
        choices=(1, 2, 3, 4),
        help="numbers of photos for the compact engine",
    )
    parser.add_argument("--looks", action="store_true", help="the compact engine's models from all sides")
    parser.add_argument("--targets", action="store_true", help="the steps after the network, before and now")
    parser.add_argument("--pictures", type=Path, help="with --looks or --targets: a folder of photos to count as well")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    figures = _figures(options)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def _figures(options: argparse.Namespace) -> single_photo.Figures:
    if options.looks or options.targets:
        objects = sets.object_sets(options.meshes, options.count, not options.all)
        measure = targets.evaluate if options.targets else looks.evaluate
        return measure([mesh for meshes in objects.values() for mesh in meshes], options.pictures)
    if options.photos is None:
        return single_photo.evaluate(sets.example_sets(options.meshes, options.count, not options.all), options.engines)
    objects = sets.object_sets(options.meshes, options.count, not options.all)
    return multi_photo.evaluate(objects, options.photos, engines.choose("compact"))


if __name__ == "__main__":
    main()
