"""Keeps the training loop in samples: processes beside it that write shards."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HELD_OUT_SEED = 900
HELD_OUT_COUNT = 256
MESH_SHARE = 0.6
"""Share of the samples that come from the user's meshes, where there are any."""
PORTION = 1280
"""Samples of one source made in one go."""


@contextmanager
def supplied(folder: Path, meshes: Path | None, samples: int) -> Iterator[None]:
    """While it is open, `folder` grows until `data` holds about `samples`; it opens once the first shard is there.

    The held-out sets are made first, once. What is left of an earlier run is kept and added to.
    """
    makers = [start(folder, meshes, samples)] if wanted(folder, meshes, samples) else []
    try:
        while makers and not _shards(folder / "data"):
            if makers[0].poll() not in (None, 0):
                raise RuntimeError("The samples could not be made; see the message above.")
            time.sleep(0.5)
        yield
    finally:
        for maker in makers:
            maker.terminate()
            maker.wait()


def wanted(folder: Path, meshes: Path | None, samples: int) -> list[list[str]]:
    """Arguments of `ml.training.dataset` for everything that is still missing: held-out sets, then PORTIONs of each
    source in turn, so that their shares hold from the beginning."""
    sources = [("shapes", None, 1.0 - MESH_SHARE if meshes else 1.0), ("meshes", meshes, MESH_SHARE)]
    held, portions = [], []
    for name, source, share in sources[: 2 if meshes else 1]:
        where = ["--meshes", str(source)] if source else []
        if not _shards(folder / f"held_{name}"):
            counted = ["--held-out", "--seed", str(HELD_OUT_SEED), "--count", str(HELD_OUT_COUNT)]
            held.append([str(folder / f"held_{name}"), *where, *counted])
        have = len(_shards(folder / "data", f"{name}_*"))
        first, missing = 1 + have, int(samples * share) - 256 * have
        for number in range(math.ceil(missing / PORTION)):
            count = min(PORTION, missing - number * PORTION)
            place = ((number + 1) * PORTION / share, name)
            portions.append(
                (place, [str(folder / "data"), *where, "--seed", str(first + number), "--count", str(count)])
            )
    return held + [call for _, call in sorted(portions)]


def start(folder: Path, meshes: Path | None, samples: int) -> subprocess.Popen[bytes]:
    """One process that makes what is wanted, one set after the other."""
    lines = [f"dataset.main({call!r})" for call in wanted(folder, meshes, samples)]
    code = "; ".join(["from ml.training import dataset", *lines])
    return subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2])


def _shards(folder: Path, pattern: str = "*") -> list[Path]:
    return [each for each in folder.glob(pattern) if each.suffix != ".part" and (each / "names.txt").exists()]
