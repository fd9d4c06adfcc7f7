"""Measure the seconds in `ml/reference_times.py`: `python -m scripts.measure_reference_times [--rounds N]`.

Every round makes a model of our sample at each quality, remixes it, and runs the calibration, in one warm process. The
least of all rounds is printed: other work on the machine only ever adds time. On a busy machine the ratios of the
processor time mean more than the seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ml.pipeline.reconstruct import reconstruct, remix
from ml.recipe import QUALITIES, Recipe
from ml.reference_times import CALIBRATION
from scripts.bench import SAMPLES, hardware

SAMPLE = SAMPLES / "locomotive.webp"


def seconds_of(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one call, on the clock and of the processor (all threads)."""
    start, start_cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - start_cpu


def measure_round(photo: bytes) -> dict[str, tuple[float, float]]:
    """`seconds_of` by name: `calibration`, and `QUALITY` and `QUALITY remix` for each quality."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found["calibration"] = seconds_of(partial(reconstruct, [photo], CALIBRATION, folder / "calibration"))
        for quality in QUALITIES:
            recipe, source = Recipe(engine="compact", quality=quality), folder / quality
            found[quality] = seconds_of(partial(reconstruct, [photo], recipe, source))
            print(quality, *found[quality], file=sys.stderr, flush=True)
            found[f"{quality} remix"] = seconds_of(partial(remix, source, replace(recipe, depth=0.9), source / "remix"))
    return found


def main() -> None:
    """Print the least seconds of all rounds, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    photo = SAMPLE.read_bytes()
    measure_round(photo)  # the first one loads networks
    found = [measure_round(photo) for _ in range(rounds)]
    seconds, processor = (
        {name: round(min(times[name][at] for times in found), 2) for name in found[0]} for at in (0, 1)
    )
    print(json.dumps({"hardware": hardware(), "rounds": rounds, "seconds": seconds, "processor": processor}, indent=2))


if __name__ == "__main__":
    main()
