"""A worker outlives a database that is locked or restarting, and a storage that does not respond."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from reconsite.core.stored import StorageUnavailable

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.25
"""Between two attempts; an attempt itself waits for SQLite's lock."""

STORAGE_SECONDS = 60.0
"""How long a run waits for the storage before its job is given back; the lease is renewed meanwhile."""
STORAGE_RETRY_SECONDS = 2.0
"""Between two attempts; an attempt itself tries three times."""

Result = TypeVar("Result")


def until_lease_ends(action: Callable[[], Result]) -> Result:
    """The result of `action`, tried again for LEASE_SECONDS while the database is unavailable.

    After that nobody can rely on the lease. Raises OperationalError, InterfaceError.
    """
    deadline = time.monotonic() + settings.LEASE_SECONDS
    while True:
        try:
            return action()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline or connection.in_atomic_block:
                raise
            logger.warning("The database is unavailable, trying again: %s", error)
            connection.close()
            time.sleep(RETRY_SECONDS)


def until_storage_responds(action: Callable[[], Result]) -> Result:
    """The result of `action`, tried again for STORAGE_SECONDS. Raises StorageUnavailable after that."""
    deadline = time.monotonic() + STORAGE_SECONDS
    while True:
        try:
            return action()
        except StorageUnavailable as error:
            if time.monotonic() > deadline:
                raise
            logger.warning("The storage is unavailable, trying again: %s", error)
            time.sleep(STORAGE_RETRY_SECONDS)
