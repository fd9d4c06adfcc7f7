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


class Command(BaseCommand):
    """End jobs whose worker died, ring again for jobs that nobody heard of, remove what no row refers to."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("--once", action="store_true", help="one pass, with a sweep, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Pass after pass until told to stop."""
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
    """Reconcile, sweep once an hour; returns when the last sweep was. A database that is away is no reason to end."""
    try:
        if found := reconciler.reconcile():
            logger.info("%s", found)
        if time.monotonic() - swept > SWEEP_SECONDS or not swept:
            reconciler.sweep()
            return time.monotonic()
    except DatabaseError as error:
        logger.warning("The database did not answer: %s", error)
    finally:
        close_old_connections()
    return swept
