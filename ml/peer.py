"""The process at the other end of a local socket: which one it is, and whether it hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from multiprocessing.connection import Connection

import psutil

SILENCE_SECONDS = 15.0
"""A process that computes for others sends a heartbeat every second; one that is silent for this long hangs, unless it
is computing."""
COMPUTING_SHARE = 0.25
"""Processor time per second from which a silent one counts as computing: a call into C can block its heartbeat."""


def pid_of(connection: Connection) -> int:
    """Process id of the other end. The kernel knows it, even if that process has not accepted the connection yet."""
    with socket.socket(fileno=os.dup(connection.fileno())) as copy:
        credentials = copy.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])


def cpu_seconds(pid: int) -> float:
    """Processor time that it has used so far; 0 for one that has ended."""
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return 0.0


def kill(pid: int) -> None:
    """End it; whoever owns it starts another."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Silence:
    """How long a process has sent nothing and computed nothing."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.heard()

    def heard(self) -> None:
        """It has sent a message."""
        self._heard_at, self._cpu_seconds = time.monotonic(), cpu_seconds(self._pid)

    def hangs(self) -> bool:
        """Whether it has been silent for too long."""
        silence = time.monotonic() - self._heard_at
        computed = cpu_seconds(self._pid) - self._cpu_seconds
        return silence > SILENCE_SECONDS and computed <= COMPUTING_SHARE * silence

    def kill(self) -> None:
        """End it."""
        kill(self._pid)
