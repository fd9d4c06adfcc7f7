"""Makes training samples while the training loop runs: a process beside it that writes shards."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ml.training.dataset import SHARD_SIZE

HELD_OUT_SEED = 900
"""Seed of the held-out sets; those of the training samples count from 1."""
HELD_OUT_COUNT = 256
"""Samples of each held-out set."""
MESH_FRACTION = 0.6
"""Fraction of the samples that come from the user's meshes, if there are any."""
CHUNK = 5 * SHARD_SIZE
"""Samples of one source that are made before the other source has its turn."""
POLL_SECONDS = 0.5
"""Between two looks for the first shard."""

Arguments = list[str]
"""Of `ml.training.dataset`'s command line."""


@contextmanager
def supply_samples(folder: Path, meshes: Path | None, samples: int) -> Iterator[None]:
    """Fill `folder` in the background until `data` holds about `samples`; enters once the first shard exists.

    The held-out sets are made first. Shards of an earlier run are kept. Raises RuntimeError when the process fails.
    """
    calls = missing_calls(folder, meshes, samples)
    process = start(calls) if calls else None
    try:
        while process and not _shards(folder / "data"):
            if process.poll() not in (None, 0):
                raise RuntimeError("Making the training samples failed; see the message above.")
            time.sleep(POLL_SECONDS)
        yield
    finally:
        if process:
            process.terminate()
            process.wait()


def missing_calls(folder: Path, meshes: Path | None, samples: int) -> list[Arguments]:
    """Arguments for everything that is still missing: first the held-out sets, then chunks of each source.

    The sources alternate so that MESH_FRACTION holds from the beginning.
    """
    sources: list[tuple[str, Path | None, float]] = [("shapes", None, 1.0 - MESH_FRACTION if meshes else 1.0)]
    if meshes:
        sources.append(("meshes", meshes, MESH_FRACTION))
    held_out = [
        _held_out_call(folder / f"held_{name}", source)
        for name, source, _ in sources
        if not _shards(folder / f"held_{name}")
    ]
    chunks = [
        (number * CHUNK / fraction, name, call)
        for name, source, fraction in sources
        for number, call in enumerate(_data_calls(folder / "data", name, source, int(samples * fraction)), start=1)
    ]
    return held_out + [call for _, _, call in sorted(chunks)]


def _held_out_call(target: Path, source: Path | None) -> Arguments:
    held_out = ["--held-out", "--seed", str(HELD_OUT_SEED), "--count", str(HELD_OUT_COUNT)]
    return [str(target), *_source_arguments(source), *held_out]


def _data_calls(target: Path, name: str, source: Path | None, samples: int) -> list[Arguments]:
    """A call for each chunk that is missing, each with a seed of its own."""
    existing = len(_shards(target, f"{name}_*"))
    missing = samples - SHARD_SIZE * existing
    return [
        [str(target), *_source_arguments(source), "--seed", str(1 + existing + number), "--count", str(count)]
        for number in range(math.ceil(missing / CHUNK))
        for count in [min(CHUNK, missing - number * CHUNK)]
    ]


def _source_arguments(source: Path | None) -> Arguments:
    return ["--meshes", str(source)] if source else []


def start(calls: list[Arguments]) -> subprocess.Popen[bytes]:
    """One process that makes the sets of `calls`, one after the other."""
    lines = [f"dataset.main({call!r})" for call in calls]
    code = "; ".join(["from ml.training import dataset", *lines])
    return subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2])


def _shards(folder: Path, pattern: str = "*") -> list[Path]:
    """Finished shards of `folder`."""
    return [path for path in folder.glob(pattern) if path.suffix != ".part" and (path / "names.txt").exists()]
