"""What one photo may cost a process: limits that the kernel enforces, set anew for each photo."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Limits:
    """`pixels`: width times height. `memory`: bytes beyond what the idle process has. `cpu`: seconds per photo."""

    pixels: int
    memory: int
    cpu: int


def limit_cpu(seconds: int) -> None:
    """Processor time from now on; the kernel ends the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft_limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds)


@contextmanager
def limited_memory(size: int) -> Iterator[None]:
    """Inside, the process gets at most `size` bytes of address space beyond what it has; then MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)[0]
    _set_soft_limit(resource.RLIMIT_AS, psutil.Process().memory_info().vms + size)
    try:
        yield
    finally:
        _set_soft_limit(resource.RLIMIT_AS, before)


def _set_soft_limit(kind: int, value: int) -> None:
    """The hard limit stays, so that the next photo can have a limit of its own."""
    resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))
