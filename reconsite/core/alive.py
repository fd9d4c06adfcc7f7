"""A file that a process touches whenever it goes on, so that a supervisor can see one that hangs. Imports no Django."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

MAX_AGE_SECONDS = 90.0
"""A worker touches its file every 10 s, a reconciler at each pass; a hanging database may keep either for a minute."""


def alive_file(var_dir: Path, role: str) -> Path:
    """The file of `worker` or `reconciler`."""
    return var_dir / f"{role}.alive"


def touch(var_dir: Path, role: str) -> None:
    """The process goes on. A full disk is no reason to stop it."""
    with suppress(OSError):
        alive_file(var_dir, role).touch()
