from __future__ import annotations

import signal
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.core import worker_heartbeat
from jobs.core.health import redis_answers
from jobs.work.engine_process import WarmEngine
from jobs.work.worker import make_worker


class Command(BaseCommand):
    """Run one worker. Start as many as there are cores and memory for; each works on one job at a time."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("--name", help="shown to staff; made up when left out")
        parser.add_argument("--burst", action="store_true", help="end when the queue is empty")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait for Redis, then work until told to stop."""
        wait_for_redis(seconds=30)
        worker = make_worker(options["name"])
        if settings.WARM_ENGINE:
            worker.engine = WarmEngine()
            worker.engine.ensure()
        # RQ puts a handler of its own in this place, but not before its first talks with Redis.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        try:
            worker_heartbeat.beat(worker.name)
            self.stdout.write(f"Worker {worker.name} listens on “{settings.JOB_QUEUE}”.")
            worker.work(burst=options["burst"], logging_level="WARNING")
        finally:
            worker_heartbeat.leave(worker.name)
            if worker.engine is not None:
                worker.engine.stop()


def wait_for_redis(seconds: float) -> None:
    """Return once Redis answers. Raises CommandError when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not redis_answers():
        if time.monotonic() > deadline:
            raise CommandError(f"Redis at {settings.REDIS_URL} does not answer. Start it, or set REDIS_URL.")
        time.sleep(0.2)
