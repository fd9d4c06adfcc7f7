"""What becomes of the pictures in a folder: `python -m scripts.check_photos FOLDER [--cutout] [--list]`.

Every file is read as the site reads an uploaded photo, whatever its name says.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ml.errors import ReconstructionError
from ml.photo import cutout
from ml.photo.decode import open_photo

ACCEPTED, EXCEPTION = "accepted", "EXCEPTION"


@dataclass(frozen=True)
class Outcome:
    """`result`: "accepted", the code of the refusal, or "EXCEPTION"; `detail`: codes of notes, or the exception."""

    name: str
    result: str
    detail: str
    seconds: float


def main() -> int:
    """Print the table; 1 if anything but a refusal was raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cutout", action="store_true", help="also look for the object, as the pipeline does")
    parser.add_argument("--list", action="store_true", help="print a line for each file")
    options = parser.parse_args()
    outcomes = []
    for path in sorted(path for path in options.folder.rglob("*") if path.is_file()):
        outcomes.append(check(path, options.cutout))
        if options.list or outcomes[-1].result == EXCEPTION:
            last = outcomes[-1]
            print(f"{last.name:<60} {last.result:<18} {last.seconds:6.2f} s  {last.detail}", flush=True)
    print(table(outcomes))
    return int(any(outcome.result == EXCEPTION for outcome in outcomes))


def check(path: Path, find_object: bool) -> Outcome:
    """Read one file."""
    begin = time.perf_counter()
    try:
        photo = open_photo(path.read_bytes())
        notes = photo.notes + (cutout.find(photo)[2] if find_object else ())
        result, detail = ACCEPTED, ", ".join(note.code for note in notes)
    except ReconstructionError as error:
        result, detail = error.code, ""
    except Exception as error:  # the point of this script
        result, detail = EXCEPTION, repr(error)[:200]
    return Outcome(path.name, result, detail, time.perf_counter() - begin)


def table(outcomes: list[Outcome]) -> str:
    """Markdown."""
    counts = Counter(outcome.result for outcome in outcomes)
    refused = [f"{code} {count}" for code, count in counts.most_common() if code not in (ACCEPTED, EXCEPTION)]
    slowest = max(outcomes, key=lambda outcome: outcome.seconds, default=Outcome("-", "", "", 0.0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return "\n".join(
        (
            "| files | accepted | refused | exceptions | slowest | peak memory |",
            "|---|---|---|---|---|---|",
            f"| {len(outcomes)} | {counts[ACCEPTED]} | {', '.join(refused) or 0} | {counts[EXCEPTION]} "
            f"| {slowest.seconds:.2f} s ({slowest.name}) | {peak:.0f} MB |",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
