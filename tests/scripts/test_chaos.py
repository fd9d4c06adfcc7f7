"""A site that is killed, frozen and starved loses nothing: short runs of `make chaos`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scripts import postgresql
from scripts.preflight import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def chaos(seed: int, database: str) -> subprocess.CompletedProcess[str]:
    """As many faults as half a minute holds."""
    options = ["--seed", str(seed), "--seconds", "30", "--races", "3", "--database", database]
    command = [sys.executable, "-m", "scripts.chaos", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_with_sqlite(seed: int) -> None:
    done = chaos(seed, "sqlite")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]


@pytest.mark.skipif(not postgresql.can_run(), reason="PostgreSQL is not installed")
def test_nothing_is_lost_with_postgresql() -> None:
    done = chaos(3, "postgresql")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
