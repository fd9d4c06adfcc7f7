"""How much memory is free, and whether an error means that it ran out."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import psutil
import torch

CGROUP = Path("/sys/fs/cgroup")
"""cgroup v2: holds the limits of the container, if there is one."""

_is_low: ContextVar[bool] = ContextVar("low_memory", default=False)


@contextmanager
def low(is_low: bool = True) -> Iterator[None]:
    """Inside, this thread plans as if no memory were free: everything is computed in its smallest parts."""
    token = _is_low.set(is_low)
    try:
        yield
    finally:
        _is_low.reset(token)


def is_low() -> bool:
    """Whether this thread is inside `low`."""
    return _is_low.get()


def free_memory() -> int:
    """Bytes still available on this machine, or within the container's limit if that is less; 0 inside `low`."""
    if _is_low.get():
        return 0
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return free
    return min(free, max(limit - used, 0))


def give_back() -> None:
    """Return to the system what Python has freed: the C library keeps much of it, about 170 MB after a job."""
    with suppress(AttributeError):  # another library than glibc, which needs no reminder
        ctypes.CDLL(None).malloc_trim(0)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the CPU or on a GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
