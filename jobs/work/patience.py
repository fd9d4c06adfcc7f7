"""A worker outlives a database that is locked or restarting."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.25
"""Between two attempts; an attempt itself waits for SQLite's lock."""

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
