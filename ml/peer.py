"""The process at the other end of a local socket: connecting to it, which one it is, and whether it hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from multiprocessing.connection import Client, Connection

import psutil

from ml.errors import Stopped
from ml.stages import ShouldStop

START_SECONDS = 90.0
"""How long a client waits for the process to listen: loading torch and weights takes this long on a slow disk."""
CONNECT_RETRY_SECONDS = 0.05
"""Pause between attempts to connect to one that is starting."""
SILENCE_SECONDS = 15.0
"""A process that computes for others sends a heartbeat every second; one that is silent for this long hangs, unless it
is computing."""
COMPUTING_SHARE = 0.25
"""Processor time per second from which a silent one counts as computing: a call into C can block its heartbeat."""


def connect(address: str, should_stop: ShouldStop = lambda: False) -> Connection:
    """A connection, once the process listens. Raises TimeoutError after START_SECONDS, Stopped."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if should_stop():
            raise Stopped
        try:
            return Client(address, family="AF_UNIX")
        except (FileNotFoundError, ConnectionError):
            time.sleep(CONNECT_RETRY_SECONDS)
    raise TimeoutError(f"Nothing listens at {address}.")


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
