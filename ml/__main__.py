"""The command line: `python -m ml PHOTO --out DIR`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from ml.errors import ReconstructionError
from ml.recipe import ENGINES, QUALITIES, Recipe
from ml.stages import STAGES, OnProgress, overall_progress

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when every file is written, 2 with one line on bad input."""
    options = _parser().parse_args(arguments)
    try:
        recipe = Recipe(options.engine, options.quality, remove_background=not options.keep_background)
        photos = [path.read_bytes() for path in options.photos]
        _check_writable(options.out)
        _reconstruct(photos, recipe, options.out, as_json=options.json)
    except ReconstructionError as error:
        return _complain(error.message)
    except OSError as error:
        return _complain(f"{error.filename or options.out}: {error.strerror or error}")
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml", description="Make a textured 3D model from a photo.")
    parser.add_argument("photos", metavar="PHOTO", nargs="+", type=Path, help="JPEG, PNG, WebP, HEIC, AVIF or GIF")
    parser.add_argument("--out", metavar="DIR", required=True, type=Path, help="folder for the results")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="default: %(default)s")
    parser.add_argument("--quality", choices=tuple(QUALITIES), default="standard", help="default: %(default)s")
    parser.add_argument("--keep-background", action="store_true", help="the whole picture is the object")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of a progress bar")
    return parser


def _reconstruct(photos: list[bytes], recipe: Recipe, out_dir: Path, as_json: bool) -> None:
    from ml.pipeline import reconstruct  # loads torch: only once the input is known to be readable

    with _bar(hidden=as_json) as on_progress:
        made = reconstruct(photos, recipe, out_dir, on_progress=on_progress)
    if as_json:
        print(json.dumps(made.report, ensure_ascii=False))
        return
    for note in made.report["notes"]:
        print(note)
    print(f"{len(made.files)} files in {out_dir}, by {made.engine}, in {made.report['seconds']:.1f} s")


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
