"""The supervisor of `make run` restarts what ends, says so, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts import supervisor
from scripts.preflight import ROOT

SLEEPER = "sleep 600"
CODE = "import sys; from pathlib import Path; from scripts import supervisor as s; "
CODE += "s.Supervisor(s.commands(Path(sys.argv[1]), [])).run()"


class Running:
    """A supervisor with a Procfile of its own, and what it says."""

    def __init__(self, procfile: Path) -> None:
        command = [sys.executable, "-u", "-c", CODE, str(procfile)]
        self.popen = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def line_with(self, text: str) -> str:
        """The next line that holds `text`."""
        assert self.popen.stdout is not None
        return next(line for line in self.popen.stdout if text in line)

    def child(self, text: str) -> psutil.Process:
        """The child whose command line holds `text`."""
        children = psutil.Process(self.popen.pid).children(recursive=True)
        return next(child for child in children if text in " ".join(child.cmdline()))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """One process that stays, one that ends at once after saying something."""
    procfile = tmp_path / "Procfile"
    procfile.write_text(f"redis: {SLEEPER}\nquick: sh -c 'echo here I am; exit 3'\n")
    run = Running(procfile)
    yield run
    run.popen.kill()
    run.popen.wait()


def test_a_process_that_ends_is_started_again_and_the_others_go_on(running: Running) -> None:
    assert "quick" in running.line_with("here I am")
    assert "ended with status 3; starting it again in 0.5 s" in running.line_with("status")
    sleeper = running.child(SLEEPER)
    running.line_with("here I am")
    assert "again in 1 s" in running.line_with("status")
    assert sleeper.is_running()


def test_a_killed_process_is_started_again(running: Running) -> None:
    running.line_with("here I am")
    running.child(SLEEPER).kill()
    assert "starting it again" in running.line_with("was killed by SIGKILL")


def test_it_stops_everything_at_sigterm(running: Running) -> None:
    running.line_with("here I am")
    sleeper = running.child(SLEEPER)
    running.popen.terminate()
    assert running.popen.wait(30) == 0
    assert not sleeper.is_running()


def test_nothing_outlives_a_killed_supervisor(running: Running) -> None:
    running.line_with("here I am")
    sleeper = running.child(SLEEPER)
    running.popen.kill()
    psutil.wait_procs([sleeper], timeout=30)
    assert not sleeper.is_running()


def test_pauses_double_up_to_a_limit_and_start_anew_after_a_good_run() -> None:
    pauses, pause = [], 0.0
    for _ in range(9):
        pause = supervisor.next_pause(pause, ran_seconds=1)
        pauses.append(pause)
    assert pauses[:4] == [0.5, 1, 2, 4]
    assert pauses[-1] == supervisor.MAX_PAUSE_SECONDS
    assert supervisor.next_pause(pause, ran_seconds=60) == supervisor.FIRST_PAUSE_SECONDS


def test_the_end_of_a_process_is_described() -> None:
    assert supervisor.describe_end(-signal.SIGSEGV) == "was killed by SIGSEGV"
    assert supervisor.describe_end(os.EX_USAGE) == "ended with status 64"


def test_an_unknown_name_is_rejected() -> None:
    with pytest.raises(SystemExit, match="nonsense"):
        supervisor.commands(ROOT / "Procfile", ["nonsense"])
