"""What this process knows about Redis being away: after one failure nothing waits for it again for a while."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""How long Redis is not tried again after a failure: a request uses it a dozen times, and each wait adds up."""


class Outage:
    """Whether Redis has just failed; shared by all threads of this process."""

    def __init__(self) -> None:
        self._retry_at = 0.0

    def is_active(self) -> bool:
        """True while Redis should not be tried."""
        return time.monotonic() < self._retry_at

    def begin(self, error: Exception) -> None:
        """Redis has just failed with `error`."""
        logger.warning("Doing without Redis for %g s: %r", RETRY_SECONDS, error)
        self._retry_at = time.monotonic() + RETRY_SECONDS

    def end(self) -> None:
        """Try Redis again with the next use."""
        self._retry_at = 0.0


outage = Outage()
