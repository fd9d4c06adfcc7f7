"""Measure the seconds in `ml/reference_times.py`: `python -m scripts.measure_reference_times [--rounds N]`.

Every round makes a model of our sample at each quality, remixes it, and runs the calibration, in one warm process. The
least of all rounds is printed: other work on the machine only ever adds time.
"""

from __future__ import annotations

import argparse
import json
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


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_round(photo: bytes) -> dict[str, float]:
    """Seconds by name: `calibration`, and `QUALITY` and `QUALITY remix` for each quality."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found["calibration"] = seconds_of(partial(reconstruct, [photo], CALIBRATION, folder / "calibration"))
        for quality in QUALITIES:
            recipe, source = Recipe(engine="compact", quality=quality), folder / quality
            found[quality] = seconds_of(partial(reconstruct, [photo], recipe, source))
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
    least = {name: round(min(times[name] for times in found), 2) for name in found[0]}
    print(json.dumps({"hardware": hardware(), "rounds": rounds, "seconds": least}, indent=2))


if __name__ == "__main__":
    main()
