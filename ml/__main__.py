"""The command line: `python -m ml PHOTO… --out DIR`, or `python -m ml --remix EARLIER --out DIR`.

`--recipe report.json` with the same photos makes the same mesh files again, byte for byte; this holds on the same
machine only (see `ml.cli.options.recipe_of`).
"""

from __future__ import annotations

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
NO_PHOTO = "Name a photo, or with --remix the folder of an earlier result."
PHOTO_AND_REMIX = "--remix takes the photos of the earlier result: name no other."
OTHER_WEIGHTS = "The earlier result was made with other weights, so these files differ from it."
MORE_SIDES = "There are more sides than photos."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when every file is written, 2 with one line on bad input."""
    asked = parser().parse_args(arguments)
    try:
        earlier = options.read(asked.recipe)
        recipe = options.recipe_of(asked, earlier)
        _check_together(asked, recipe)
        photos = [path.read_bytes() for path in asked.photos]
        _check_writable(asked.out)
        _report(_made(photos, recipe, earlier.unwrap, asked), asked, earlier)
    except ReconstructionError as error:
        return _complain(error.message)
    except OSError as error:
        return _complain(f"{error.filename or asked.out}: {error.strerror or error}")
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> ArgumentParser:
    """Every option of the command line."""
    made = ArgumentParser(prog="python -m ml", description="Make a textured 3D model from 1 to 5 photos of an object.")
    made.add_argument("photos", metavar="PHOTO", nargs="*", type=Path, help="JPEG, PNG, WebP, HEIC, AVIF or GIF")
    made.add_argument("--out", metavar="DIR", required=True, type=Path, help="folder for the results")
    made.add_argument("--remix", metavar="DIR", type=Path, help="folder of an earlier result: its scene made anew")
    made.add_argument("--recipe", metavar="FILE", type=Path, help="report.json of an earlier result, made again")
    made.add_argument("--json", action="store_true", help="print the report as JSON instead of a progress bar")
    options.add_to(made)
    return made


def _check_together(asked: Namespace, recipe: Recipe) -> None:
    """Raise ReconstructionError for photos and options that do not go together."""
    if asked.remix:
        options.check_remix(asked)
    for wrong, sentence in (
        (asked.remix and asked.photos, PHOTO_AND_REMIX),
        (not asked.remix and not asked.photos, NO_PHOTO),
        (not asked.remix and len(recipe.sides) > len(asked.photos), MORE_SIDES),
    ):
        if wrong:
            raise ReconstructionError("invalid_recipe", sentence)


def _made(photos: list[bytes], recipe: Recipe, unwrap: str, asked: Namespace) -> Reconstruction:
    from ml.pipeline.reconstruct import reconstruct, remix  # loads torch: only once the input is known to be readable

    with _bar(hidden=asked.json) as on_progress:
        if asked.remix:
            return remix(asked.remix, recipe, asked.out, on_progress=on_progress, unwrap=unwrap)
        return reconstruct(photos, recipe, asked.out, on_progress=on_progress, unwrap=unwrap)


def _report(made: Reconstruction, asked: Namespace, earlier: options.Earlier) -> None:
    if earlier.weights_hash not in (None, made.report["weights_hash"]):
        sys.stderr.write(OTHER_WEIGHTS + "\n")
    if asked.json:
        print(json.dumps(made.report, ensure_ascii=False))
        return
    for note in made.report["notes"]:
        print(note)
    print(f"{len(made.files)} files in {asked.out}, by {made.engine}, in {made.report['seconds']:.1f} s")


@contextmanager
def _bar(hidden: bool) -> Iterator[OnProgress]:
    """A progress bar on a terminal, nothing elsewhere."""
    titles = {stage.name: stage.title for stage in STAGES}
    layout = "{desc:<26}{percentage:3.0f}% |{bar}| {elapsed}"
    with tqdm(total=1.0, bar_format=layout, leave=False, disable=True if hidden else None) as bar:

        def show(stage: str, fraction: float) -> None:
            bar.set_description_str(titles[stage], refresh=False)
            bar.update(overall_progress(stage, fraction) - bar.n)

        yield show


def _check_writable(out_dir: Path) -> None:
    """Found out before the work, not after it. Raises OSError."""
    existing = next(each for each in (out_dir.absolute(), *out_dir.absolute().parents) if each.exists())
    if not existing.is_dir():
        raise NotADirectoryError(20, "is not a folder", str(existing))
    if not os.access(existing, os.W_OK | os.X_OK):
        raise PermissionError(13, "cannot be written to", str(existing))


def _complain(sentence: str) -> int:
    sys.stderr.write(" ".join(sentence.split()) + "\n")
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
