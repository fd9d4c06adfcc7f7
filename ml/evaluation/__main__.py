"""How good the engines are: `python -m ml.evaluation [--meshes FOLDER] [--count N] [--engines inflated compact …]`.

The protocol is in docs/evaluation.md. Without `--meshes`, generated objects are used: seeds of the trained families
that training does not reach, and families that it never sees. `--photos 1 2 4`: what several photos of one object add.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ml import engines
from ml.evaluation import multi_photo, sets, single_photo


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.evaluation", description=__doc__)
    parser.add_argument("--meshes", type=Path, help="a folder of meshes instead of generated objects")
    parser.add_argument("--all", action="store_true", help="every mesh of the folder, not only the held-out tenth")
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--engines", nargs="+", default=single_photo.NAMES, choices=single_photo.NAMES)
    parser.add_argument(
        "--photos", nargs="+", type=int, choices=(1, 2, 3, 4), help="compact on so many photos of each object"
    )
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args()
    figures = _figures(options)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def _figures(options: argparse.Namespace) -> single_photo.Figures:
    if options.photos is None:
        return single_photo.evaluate(sets.example_sets(options.meshes, options.count, not options.all), options.engines)
    solids = sets.solid_sets(options.meshes, options.count, not options.all)
    return multi_photo.run(solids, options.photos, engines.choose("compact"))


if __name__ == "__main__":
    main()
