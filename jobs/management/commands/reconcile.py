from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from jobs.work import reconciler

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
        """Make a pass every RECONCILE_SECONDS until stopped."""
        if options["once"]:
            self.stdout.write(f"{reconciler.reconcile()}, {reconciler.sweep()} swept")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        swept = 0.0
        while not stop.wait(settings.RECONCILE_SECONDS):
            swept = one_pass(swept)


def one_pass(swept: float) -> float:
    """Reconcile, and sweep when due; returns the time of the last sweep. A database outage is only logged."""
    try:
        if result := reconciler.reconcile():
            logger.info("%s", result)
        if time.monotonic() - swept > SWEEP_SECONDS or not swept:
            reconciler.sweep()
            return time.monotonic()
    except DatabaseError as error:
        logger.warning("The database is not responding: %s", error)
    finally:
        close_old_connections()
    return swept
