"""`make run` says what is in its way instead of failing somewhere inside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import start
from scripts.preflight import ROOT


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def run(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """`make run`'s own command, up to its first complaint."""
    environment = {**os.environ, "VAR_DIR": str(folder), "SITE_URL": "", **more}
    command = [sys.executable, "-m", "scripts.start"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_taken_port_is_named_with_the_setting_that_changes_it(taken: int, tmp_path: Path) -> None:
    done = run(tmp_path, WEB_PORT=str(taken))
    assert done.returncode == 1
    assert done.stderr.strip() == f"Port {taken} is taken by another program: make run WEB_PORT={taken + 1}"


def test_a_taken_redis_port_is_named_too(taken: int) -> None:
    with pytest.raises(SystemExit, match=f"make run REDIS_PORT={taken + 1}"):
        start.check_port("127.0.0.1", taken, "REDIS_PORT")


def test_a_free_port_passes(taken: int) -> None:
    start.check_port("127.0.0.1", taken + 1 if taken < 65535 else taken - 1, "WEB_PORT")


def test_a_second_start_says_where_the_first_one_runs(tmp_path: Path) -> None:
    descriptor = start.hold_lock(tmp_path / "running", "http://localhost:8123")
    done = run(tmp_path)
    os.close(descriptor)
    assert done.returncode == 1
    assert "already running at http://localhost:8123" in done.stderr


def test_a_start_that_was_killed_is_not_in_the_way_of_the_next(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from scripts.start import hold_lock; hold_lock(Path(sys.argv[1]), '')"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "running")], cwd=ROOT, check=True)
    os.close(start.hold_lock(tmp_path / "running", "http://localhost:8000"))


def test_a_configured_redis_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/0")
    assert start.processes() == ["web", "worker", "reconciler"]
    monkeypatch.delenv("REDIS_URL")
    assert start.processes() == ["redis", "web", "worker", "reconciler"]


def test_every_process_stands_in_the_procfile() -> None:
    procfile = (ROOT / "Procfile").read_text()
    assert [line.split(":")[0] for line in procfile.splitlines()] == ["redis", *start.PROCESSES]
