from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections

from jobs.core import archive, cutouts, erasure, redis_owner, uploads, webhooks
from jobs.work import reconciler, webhook_sender
from reconsite.core import alive
from reconsite.core.stored import StorageUnavailable

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 3600
"""How often files without a row are looked for: it reads the whole storage."""


class Command(BaseCommand):
    """End jobs whose worker died, enqueue jobs whose queue entry was lost, delete files that no row refers to."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("--once", action="store_true", help="make one pass with a sweep, then exit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make a pass every RECONCILE_SECONDS until stopped. Raises CommandError on another site's Redis database."""
        if problem := redis_owner.problem():
            raise CommandError(problem)
        if options["once"]:
            erasure.finish_all()
            self.stdout.write(f"{reconciler.reconcile()}, {reconciler.sweep()} swept")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        tasks = Tasks()
        sender = threading.Thread(target=_send_webhooks, args=(stop,), daemon=True)
        sender.start()
        while not stop.wait(settings.RECONCILE_SECONDS):
            tasks.run_due()
            alive.touch(settings.VAR_DIR, "reconciler")


def _send_webhooks(stop: threading.Event) -> None:
    """In a thread of its own: a receiver that is slow to answer must not keep jobs from being repaired."""
    while not stop.wait(settings.RECONCILE_SECONDS):
        try:
            webhook_sender.send_due()
        except DatabaseError as error:
            logger.warning("No webhooks are sent: the database is unavailable: %s", error)
        except Exception:
            logger.exception("Webhooks could not be sent")
        finally:
            close_old_connections()


class Tasks:
    """What every pass does. A task that fails is logged and does not keep the others from running."""

    def __init__(self) -> None:
        self._clock = reconciler.Clock()
        self._sweep_at = 0.0

    def run_due(self) -> None:
        """Reconcile, and sweep when due."""
        if not self._try(self._reconcile):
            self._clock.distrust()
        self._try(erasure.finish_all)
        self._try(cutouts.delete_expired)
        self._try(uploads.delete_expired)
        if time.monotonic() < self._sweep_at:
            return
        self._try(webhooks.delete_old)
        self._try(archive.retire)
        self._try(archive.run)
        if self._try(reconciler.sweep):
            self._sweep_at = time.monotonic() + SWEEP_SECONDS

    def _reconcile(self) -> None:
        if result := reconciler.reconcile(leases_are_reliable=self._clock.leases_are_reliable()):
            logger.info("%s", result)

    def _try(self, task: Callable[[], object]) -> bool:
        try:
            task()
        except DatabaseError as error:
            logger.warning("The database is unavailable: %s", error)
        except StorageUnavailable as error:
            logger.warning("The storage is unavailable: %s", error)
        except Exception:
            logger.exception("A task of the reconciler failed")
        else:
            return True
        finally:
            close_old_connections()
        return False
