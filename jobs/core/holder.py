"""Which process holds a lease, so that a reconciler on the same machine can see that it died."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Random at each start of the kernel."""
PID_NAMESPACE = Path("/proc/self/ns/pid")
"""Its inode tells containers apart, which share the kernel but not the process ids."""


@cache
def machine() -> str:
    """Names the kernel and the process namespace; empty where they cannot be read."""
    try:
        return f"{BOOT_ID.read_text().strip()}/{PID_NAMESPACE.stat().st_ino}"
    except OSError:
        return ""


def this_process() -> str:
    """Identifies this process among all machines: machine, process id, and time of its start."""
    return f"{machine()}:{os.getpid()}:{_started_at(os.getpid())}"


def is_dead(holder: str) -> bool:
    """True if the process ran on this machine and is gone; False if it lives, or if that cannot be known here."""
    name, _, process = holder.partition(":")
    if not process or not name or name != machine():
        return False
    pid, _, started_at = process.partition(":")
    return _started_at(int(pid)) != started_at


def _started_at(pid: int) -> str:
    """Clock ticks from boot to the process's start, unaffected by the wall clock; empty if it is gone or a zombie."""
    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return ""
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (psutil.Error, OSError):
        return ""
