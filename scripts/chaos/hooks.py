"""Where the processes of a chaos run are made to fail: a file in the folder CHAOS_DIR names what happens next."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

KILLS = {
    "claim": "jobs.core.transitions.claim",
    "photos": "jobs.work.runner._photos",
    "begin": "jobs.core.transitions.report_progress",
    "early": "jobs.core.artifacts.store_early",
    "rename": "reconsite.core.local_storage.LocalStorage._move",
    "commit": "jobs.core.artifacts._write_rows",
    "publish": "jobs.core.notify.job_changed",
}
"""Functions of a work horse before and after which it can be killed: `before-claim`, `after-claim` and so on."""
POINTS = [f"{when}-{name}" for name in KILLS for when in ("before", "after")]
FULL = {"full-move": "reconsite.core.local_storage.LocalStorage._move", "full-early": "jobs.core.artifacts.store_early"}
"""Functions that find the disk full; the engine has one of its own, `full-engine`."""


def folder() -> Path:
    """Where the orders lie."""
    return Path(os.environ["CHAOS_DIR"])


def order(name: str, content: str = "") -> None:
    """Let the next process that comes to `name` fail there."""
    (folder() / name).write_text(content)


def is_set(name: str) -> bool:
    """Whether an order lies there; it stays."""
    return (folder() / name).exists()


def take(name: str) -> bool:
    """Whether this process has to fail here; the order is gone then."""
    try:
        (folder() / name).unlink()
    except FileNotFoundError:
        return False
    return True


def _wrap(path: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    owner_path, _, name = path.rpartition(".")
    owner = resolve_name(owner_path)  # a module or a class
    setattr(owner, name, around(getattr(owner, name)))


def _killed(point: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            _die_at(f"before-{point}")
            result = function(*args, **named)
            _die_at(f"after-{point}")
            return result

        return call

    return around


def _die_at(point: str) -> None:
    if os.environ.get("RECONSITE_WORK_HORSE") and take(point):
        os.kill(os.getpid(), signal.SIGKILL)


def _full(point: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            if take(point):
                raise OSError(errno.ENOSPC, "No space left on device")
            return function(*args, **named)

        return call

    return around


def install_in_web() -> None:
    """Let the web process find the disk full when it stores a photo."""
    _wrap("jobs.core.services._store_photo", _full("full-upload"))


def install() -> None:
    """Put the hooks into this process, and let its clock show what the file `clock` adds to it in seconds."""
    import time

    from django.utils import timezone

    for name, path in KILLS.items():
        _wrap(path, _killed(name))
    for point, path in FULL.items():
        _wrap(path, _full(point))
    now, wall = timezone.now, time.time
    timezone.now = lambda: now() + timedelta(seconds=_offset())
    time.time = lambda: wall() + _offset()


def _offset() -> float:
    try:
        return float((folder() / "clock").read_text())
    except (FileNotFoundError, ValueError):
        return 0.0


def now() -> datetime:
    """The real time."""
    from django.utils import timezone

    return timezone.now()
