"""Private files in a local folder: the default."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from reconsite.core.stored import NewFile, StoredFolder


class MovableFile(File):  # type: ignore[type-arg]
    """A file that the storage may move instead of copying it, as it does with uploads."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        """The file's current path."""
        return str(self._path)


class LocalStorage(FileSystemStorage):
    """Implements `reconsite.core.stored.PrivateStorage`."""

    def move_in(self, files: Sequence[NewFile]) -> list[str]:
        """Moved, not copied, on one file system."""
        return [self._move(new) for new in files]

    def _move(self, new: NewFile) -> str:
        with MovableFile(new.path) as file:
            return self.save(new.key, file)

    def delete_tree(self, folder: str) -> None:
        """File by file, so that a file that is added meanwhile does not stop it."""
        try:
            folders, files = self.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in files:
            self.delete(f"{folder}/{name}")
        for name in folders:
            self.delete_tree(f"{folder}/{name}")
        with contextlib.suppress(OSError):
            self.delete(folder)

    def tree(self, root: str) -> Iterator[StoredFolder]:
        """A folder changes when an entry is added to it."""
        for entry in _folders(Path(self.path(root))):
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                inner = {child.name: _changed_at(child) for child in _folders(Path(entry.path))}
                yield StoredFolder(entry.name, _changed_at(entry), inner)

    def keys(self) -> Iterator[str]:
        """In no order."""
        root = Path(self.location)
        return (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def open_part(self, key: str, first: int, last: int) -> BinaryIO:
        """The whole file from `first` on."""
        file = Path(self.path(key)).open("rb")  # noqa: SIM115 (the caller closes it)
        file.seek(first)
        return file

    def is_known_missing(self, key: str) -> bool:
        """A look at the folder costs next to nothing."""
        return not Path(self.path(key)).is_file()

    def link(self, key: str, *, content_type: str, disposition: str) -> str:
        """None: the files are private, and the site sends them."""
        return ""

    def free_bytes(self) -> int | None:
        """On the disk of the folder."""
        Path(self.location).mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.location).free

    def is_available(self) -> bool:
        """Whether the folder can be written to."""
        return os.access(self.location, os.W_OK)

    def problem(self) -> str:
        """Whether the folder can be made and written to."""
        with contextlib.suppress(OSError):
            Path(self.location).mkdir(parents=True, exist_ok=True)
        return "" if self.is_available() else f"The folder of files, {self.location}, is not writable."


def _folders(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _changed_at(entry: os.DirEntry[str]) -> datetime:
    return datetime.fromtimestamp(entry.stat().st_mtime, UTC)
