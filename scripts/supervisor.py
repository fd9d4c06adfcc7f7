"""Runs the processes of the Procfile, prints what they say, and restarts each one that ends.

`python -m scripts.supervisor NAME …` runs the named ones, without names all. A process that ends is started again after
a pause, which doubles while it keeps ending soon after its start; the others go on meanwhile. SIGTERM or Ctrl-C ends
all of them, Redis last. They also end when this process is killed.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

from scripts.preflight import ROOT

FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 30.0
"""Pauses before a restart: short after a single crash, long enough to spare the machine when a start cannot succeed."""
STABLE_SECONDS = 20.0
"""A process that ran for this long had started well: its next pause is a short one again."""
STOP_SECONDS = (0.0, 4.0, 10.0)
"""When a stop sends SIGTERM, SIGTERM again (a worker that is still busy gives its job back), and SIGKILL."""
POLL_SECONDS = 0.1
READ_BYTES = 65536
LAST = "redis"
"""Ends after all others: a worker that stops still tells the queue."""
PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that a process gets when its parent ends."""

_libc = ctypes.CDLL(None)


def end_with_parent() -> None:
    """In a new child, before its program starts: end when the supervisor is killed."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def next_pause(pause: float, ran_seconds: float) -> float:
    """Seconds until the next start of a process that ran for `ran_seconds`, started after `pause` seconds."""
    if ran_seconds >= STABLE_SECONDS or not pause:
        return FIRST_PAUSE_SECONDS
    return min(2 * pause, MAX_PAUSE_SECONDS)


def describe_end(status: int) -> str:
    """`ended with status 1`, or `was killed by SIGKILL`."""
    return f"ended with status {status}" if status >= 0 else f"was killed by {signal.Signals(-status).name}"


@dataclass
class Program:
    """One line of the Procfile, and the process that runs it now."""

    name: str
    command: str
    colour: str
    popen: subprocess.Popen[bytes] | None = None
    pause: float = 0.0
    started_at: float = 0.0
    start_at: float = 0.0
    rest: bytes = field(default=b"", repr=False)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self.started_at, self.rest = time.monotonic(), b""
        self.popen = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {self.command}"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,  # safe here: this process has one thread
        )
        return self.popen

    def send(self, number: signal.Signals) -> None:
        """A signal for the process and what it started in its own group."""
        if self.popen is not None and self.popen.poll() is None:
            os.killpg(self.popen.pid, number)


class Supervisor:
    """Holds the programs; `run` returns once it was told to stop and all of them have ended."""

    def __init__(self, commands: dict[str, str]) -> None:
        colours = ("36", "33", "32", "35")
        self._programs = [
            Program(name, command, colours[number % len(colours)])
            for number, (name, command) in enumerate(commands.items())
        ]
        self._printer = Printer(sys.stdout, width=max(map(len, [*commands, "system"])))
        self._selector = selectors.DefaultSelector()
        self._stopping = False

    def run(self) -> None:
        """Start everything, restart what ends, stop at SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        while not self._stopping:
            self._start_due()
            self._wait()
        others = [program for program in self._programs if program.name != LAST]
        self._stop(others)
        self._stop([program for program in self._programs if program.name == LAST])

    def _request_stop(self, *_: object) -> None:
        self._stopping = True

    def _start_due(self) -> None:
        for program in self._programs:
            if program.popen is None and time.monotonic() >= program.start_at:
                output = program.start().stdout
                assert output is not None
                os.set_blocking(output.fileno(), False)
                self._selector.register(output, selectors.EVENT_READ, program)

    def _wait(self) -> None:
        """Print what the programs said, and note which of them ended."""
        if self._selector.get_map():
            for key, _ in self._selector.select(POLL_SECONDS):
                self._read(key.data)
        else:
            time.sleep(POLL_SECONDS)
        for program in self._programs:
            if program.popen is not None and program.popen.poll() is not None:
                self._ended(program)

    def _read(self, program: Program) -> None:
        """Print the complete lines among what the program has said."""
        assert program.popen is not None
        assert program.popen.stdout is not None
        data = program.popen.stdout.read(READ_BYTES)
        if data == b"":  # closed; whether the program itself has ended, `poll` says
            self._selector.unregister(program.popen.stdout)
        *lines, program.rest = (program.rest + (data or b"")).split(b"\n")
        for line in lines:
            self._print(program.name, line, program.colour)

    def _ended(self, program: Program) -> None:
        """Print its last words, and plan the restart."""
        assert program.popen is not None
        output = program.popen.stdout
        assert output is not None
        if output in {key.fileobj for key in self._selector.get_map().values()}:
            self._read(program)
        if output in {key.fileobj for key in self._selector.get_map().values()}:
            self._selector.unregister(output)
        if program.rest:
            self._print(program.name, program.rest, program.colour)
        output.close()
        status, program.popen = program.popen.returncode, None
        self._plan_restart(program, describe_end(status))

    def _plan_restart(self, program: Program, end: str) -> None:
        if self._stopping:
            self._say(f"{program.name} has stopped")
            return
        program.pause = next_pause(program.pause, time.monotonic() - program.started_at)
        program.start_at = time.monotonic() + program.pause
        self._say(f"{program.name} {end}; starting it again in {program.pause:g} s")

    def _stop(self, programs: list[Program]) -> None:
        """Return once these programs have ended."""
        began = time.monotonic()
        signals = [signal.SIGTERM, signal.SIGTERM, signal.SIGKILL]
        while any(program.popen for program in programs):
            if signals and time.monotonic() - began >= STOP_SECONDS[-len(signals)]:
                number = signals.pop(0)
                for program in programs:
                    program.send(number)
            self._wait()

    def _say(self, text: str) -> None:
        self._print("system", text.encode(), None)

    def _print(self, name: str, line: bytes, colour: str | None) -> None:
        self._printer.write(Message("line", line, datetime.now(), name, colour))


def commands(path: Path, names: list[str]) -> dict[str, str]:
    """The commands of a Procfile by name; only the named ones, if any. Raises SystemExit for an unknown name."""
    found: dict[str, str] = parse_procfile(path.read_text()).processes
    if unknown := set(names) - set(found):
        raise SystemExit(f"Not in the Procfile: {', '.join(sorted(unknown))}")
    return {name: command for name, command in found.items() if not names or name in names}


if __name__ == "__main__":
    Supervisor(commands(ROOT / "Procfile", sys.argv[1:])).run()
