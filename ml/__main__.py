"""The command line: `python -m ml PHOTO… --out DIR`, or `python -m ml --remix EARLIER --out DIR`.

`--recipe report.json` with the same photos reproduces the mesh files byte for byte, on the same machine only (see
`ml.cli.options.build_recipe`).
"""

from __future__ import annotations

import errno
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ml.cli import options
from ml.errors import ReconstructionError
from ml.recipe import Recipe
from ml.stages import STAGES, OnProgress, overall_progress

if TYPE_CHECKING:
    from ml.pipeline.reconstruct import Reconstruction

BAD_INPUT = 2
"""Exit code, the same as argparse uses."""
INTERRUPTED = 130
"""Exit code of a shell for SIGINT: 128 + 2."""
NO_PHOTO = "Give at least one photo, or an earlier result with --remix."
PHOTO_AND_REMIX = "--remix uses the photos of the earlier result, so no other photos can be given."
OTHER_WEIGHTS = "Warning: the earlier result was made with different weights, so these files will differ from it."
MORE_SIDES = "More sides than photos were given."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns 0 if every file was written; prints one line and returns 2 for bad input."""
    args = build_parser().parse_args(arguments)
    try:
        earlier = options.read_report(args.recipe)
        recipe = options.build_recipe(args, earlier)
        _check_combination(args, recipe)
        photos = [path.read_bytes() for path in args.photos]
        _check_writable(args.out)
        _print_result(_make(photos, recipe, earlier.unwrap, args), args, earlier)
    except ReconstructionError as error:
        return _fail(error.message)
    except OSError as error:
        return _fail(f"{error.filename or args.out}: {error.strerror or error}")
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def build_parser() -> ArgumentParser:
    """The parser with every option of the command line."""
    parser = ArgumentParser(prog="python -m ml", description="Make a textured 3D model from 1 to 5 photos.")
    parser.add_argument("photos", metavar="PHOTO", nargs="*", type=Path, help="JPEG, PNG, WebP, HEIC, AVIF or GIF")
    parser.add_argument("--out", metavar="DIR", required=True, type=Path, help="folder for the results")
    parser.add_argument("--remix", metavar="DIR", type=Path, help="earlier result whose scene is reused")
    parser.add_argument("--recipe", metavar="FILE", type=Path, help="report.json of an earlier result to reproduce")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of a progress bar")
    options.add_recipe_options(parser)
    return parser


def _check_combination(args: Namespace, recipe: Recipe) -> None:
    """Raise ReconstructionError if the photos and options cannot be combined."""
    if args.remix:
        options.check_remix(args)
    for wrong, message in (
        (args.remix and args.photos, PHOTO_AND_REMIX),
        (not args.remix and not args.photos, NO_PHOTO),
        (not args.remix and len(recipe.sides) > len(args.photos), MORE_SIDES),
    ):
        if wrong:
            raise ReconstructionError("invalid_recipe", message)


def _make(photos: list[bytes], recipe: Recipe, unwrap: str, args: Namespace) -> Reconstruction:
    from ml.pipeline.reconstruct import reconstruct, remix  # slow: loads torch

    with _progress_bar(hidden=args.json) as on_progress:
        if args.remix:
            return remix(args.remix, recipe, args.out, on_progress=on_progress, unwrap=unwrap)
        return reconstruct(photos, recipe, args.out, on_progress=on_progress, unwrap=unwrap)


def _print_result(result: Reconstruction, args: Namespace, earlier: options.EarlierRun) -> None:
    if earlier.weights_hash not in (None, result.report["weights_hash"]):
        sys.stderr.write(OTHER_WEIGHTS + "\n")
    if args.json:
        print(json.dumps(result.report, ensure_ascii=False))
        return
    for note in result.report["notes"]:
        print(f"Note: {note['message']}")
    print(f"Wrote {len(result.files)} files to {args.out} in {result.report['seconds']:.1f} s ({result.engine} engine)")


@contextmanager
def _progress_bar(hidden: bool) -> Iterator[OnProgress]:
    """A progress bar, shown only on a terminal."""
    titles = {stage.name: stage.title for stage in STAGES}
    width = max(map(len, titles.values())) + 2
    layout = f"{{desc:<{width}}}{{percentage:3.0f}}% |{{bar}}| {{elapsed}}"
    with tqdm(total=1.0, bar_format=layout, leave=False, disable=True if hidden else None) as bar:

        def show(stage: str, fraction: float) -> None:
            bar.set_description_str(titles[stage], refresh=False)
            bar.update(overall_progress(stage, fraction) - bar.n)

        yield show


def _check_writable(out_dir: Path) -> None:
    """Raise OSError now rather than after the work."""
    existing = next(path for path in (out_dir.absolute(), *out_dir.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(existing))
    if not os.access(existing, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "cannot be written to", str(existing))


def _fail(message: str) -> int:
    sys.stderr.write(" ".join(message.split()) + "\n")
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
