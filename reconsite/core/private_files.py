"""Files that only the site's own user may read. Imports no Django: the settings and the start of Redis use it."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


def private_folder(path: Path) -> None:
    """Create a folder, or close an existing one to others."""
    path.mkdir(parents=True, exist_ok=True)
    _close(path, 0o700)


def private_file(path: Path) -> None:
    """Create an empty file, or close an existing one to others."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _close(path, 0o600)


def _close(path: Path, mode: int) -> None:
    with contextlib.suppress(PermissionError):  # it belongs to another user, who decides
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(mode)


def generated_secret(path: Path) -> str:
    """The secret in a file, which the first process to ask for it creates."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):  # another process was first
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
