"""The lease that a worker holds on a job: a thread renews it and watches for a cancel request and the time limit."""

from __future__ import annotations

import logging
import os
import threading
import time
from types import TracebackType
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from jobs.core import transitions
from jobs.models import Job, State
from jobs.work.settle import CANCELLED, LOST, ORPHANED, TIMEOUT, UNREACHABLE, settle
from ml.stages import STOP_GRACE_SECONDS

logger = logging.getLogger(__name__)

EXIT_STUCK = 77
"""Exit code of a process that was ended because its run did not stop; it only has to differ from a crash."""


class Lease:
    """Held while a job runs: `with Lease(job_id, token) as lease: … lease.should_stop()`.

    In a process of its own (`own_process`) a run that does not stop in time, hangs, or has lost its parent is ended
    together with the process. In tests, which have no such process, only `should_stop` turns True.
    """

    def __init__(self, job_id: UUID, token: UUID, *, own_process: bool) -> None:
        self.job_id, self.token = job_id, token
        self.reason = ""
        self._own_process = own_process
        self._parent = os.getppid()
        self._deadline = time.monotonic() + settings.JOB_TIMEOUT
        self._renewed_at = time.monotonic()
        self._stop_since: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_ended, name=f"lease-{job_id}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(timeout=settings.BEAT_SECONDS)

    def should_stop(self) -> bool:
        """True once the run has to end; `reason` says why."""
        return bool(self.reason)

    def lose(self) -> None:
        """The job belongs to another run now: the results of this one are discarded."""
        self.reason = self.reason or LOST

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(settings.BEAT_SECONDS):
            try:
                self._heartbeat()
            except DatabaseError as error:
                logger.warning("The lease of job %s was not renewed: %s", self.job_id, error)
                self._give_up_if_expired()
            finally:
                connection.close()

    def _heartbeat(self) -> None:
        """Check the row, the clock and the parent process once."""
        self.reason = self.reason or self._stop_reason()
        if self.reason:
            self._end_if_stuck()

    def _stop_reason(self) -> str:
        if time.monotonic() > self._deadline:
            return TIMEOUT
        if not transitions.renew(self.job_id, self.token):
            return LOST
        self._renewed_at = time.monotonic()
        requested = Job.objects.filter(pk=self.job_id, state=State.RUNNING).exclude(cancel_requested_at=None)
        return CANCELLED if requested.exists() else self._orphan_reason()

    def _orphan_reason(self) -> str:
        """A work horse whose worker was killed ends too: otherwise Ctrl-C would leave it running unnoticed."""
        return ORPHANED if self._own_process and os.getppid() != self._parent else ""

    def _give_up_if_expired(self) -> None:
        """Another worker may take the job once the lease has expired: this run must have stopped by then."""
        if time.monotonic() - self._renewed_at > settings.LEASE_SECONDS:
            self.reason = self.reason or UNREACHABLE

    def _end_if_stuck(self) -> None:
        now = time.monotonic()
        self._stop_since = self._stop_since or now
        if self._own_process and now - self._stop_since > STOP_GRACE_SECONDS:
            logger.error("Job %s did not stop (%s): ending its process", self.job_id, self.reason)
            try:
                settle(self.job_id, self.token, self.reason)
            finally:
                os._exit(EXIT_STUCK)
