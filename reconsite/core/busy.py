"""A database that is locked or restarting: what may wait for it, and what must not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection, transaction

from reconsite.core.stored import StorageUnavailable

logger = logging.getLogger(__name__)

UNAVAILABLE = (OperationalError, InterfaceError, StorageUnavailable)
"""What database and storage raise while they are locked, restarting or unreachable."""
RETRY_SECONDS = 5
"""Value of the Retry-After header."""


def write_if_free(write: Callable[[], object]) -> bool:
    """Do a small write that a request can do without; False if it was skipped because the database is locked."""
    try:
        with _without_waiting(), transaction.atomic():
            write()
    except UNAVAILABLE as error:
        logger.info("A write was skipped: %s", error)
        return False
    return True


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Inside, SQLite fails at once instead of waiting for its lock. Other databases lock rows, not everything."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    timeout = float(connection.settings_dict["OPTIONS"].get("timeout", 5.0))
    _set_busy_timeout(0)
    try:
        yield
    finally:
        _set_busy_timeout(int(timeout * 1000))


def _set_busy_timeout(milliseconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
