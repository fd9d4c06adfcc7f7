"""What the site needs of its private storage, whatever it is: a local folder, or a bucket of an S3 service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol


class StorageUnavailable(OSError):
    """The storage does not respond, or responds with an error of its own. Trying again later may help."""


@dataclass(frozen=True)
class StoredFolder:
    """A folder, when something in it last changed, and the same of its direct subfolders."""

    name: str
    changed_at: datetime
    folders: dict[str, datetime]


@dataclass(frozen=True)
class NewFile:
    """A complete local file, the key that it is stored under, and its SHA-256 in hexadecimal digits."""

    path: Path
    key: str
    sha256: str


class PrivateStorage(Protocol):
    """Keys are paths with `/`. A file under a key is complete or not there. Raises StorageUnavailable anywhere."""

    def open(self, name: str, mode: str = "rb") -> IO[Any]:
        """The whole file, seekable. Raises FileNotFoundError."""

    def save(self, name: str | None, content: Any) -> str:
        """Store a Django file; returns its key."""

    def delete(self, name: str) -> None:
        """Delete a file; a missing one is fine."""

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    def move_in(self, files: Sequence[NewFile]) -> list[str]:
        """Store local files, which may be gone afterwards; returns their keys."""

    def delete_tree(self, folder: str) -> None:
        """Delete a folder and everything in it; a missing one is fine."""

    def tree(self, root: str) -> Iterator[StoredFolder]:
        """The folders in `root`, one after the other: it may be large."""

    def keys(self) -> Iterator[str]:
        """Every file, one after the other."""

    def open_part(self, key: str, first: int, last: int) -> BinaryIO:
        """A file to read bytes `first` to `last` from; it may go on behind them. Raises FileNotFoundError."""

    def is_known_missing(self, key: str) -> bool:
        """True if the file is gone; False too where asking would cost a request for each file."""

    def link(self, key: str, *, content_type: str, disposition: str) -> str:
        """An address from which a browser can get the file for some minutes; empty if there is none."""

    def free_bytes(self) -> int | None:
        """Free space, None without a limit."""

    def is_available(self) -> bool:
        """Whether it responds now: a probe may ask every few seconds."""

    def problem(self) -> str:
        """Why files cannot be stored and read, as one sentence; empty if they can."""
