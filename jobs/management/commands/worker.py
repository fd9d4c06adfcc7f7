from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections
from redis.exceptions import RedisError

from jobs.core import redis_owner, worker_heartbeat
from jobs.core.health import redis_available
from jobs.work import calibration, worker_pool
from jobs.work.engine_process import WarmEngine
from jobs.work.worker import make_worker

logger = logging.getLogger(__name__)

REDIS_RETRY_SECONDS = 0.2
"""Between two attempts to connect."""
REDIS_REMIND_SECONDS = 30.0
"""How often the log says that the worker still waits for Redis."""


class Command(BaseCommand):
    """Run a worker. Each works on one job at a time; start as many as cores and memory allow.

    With TRIPOSR_BATCH=N it runs N workers that share one TripoSR network.
    """

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("--name", help="shown to staff; the host's name by default")
        parser.add_argument("--burst", action="store_true", help="exit when the queue is empty")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until stopped. While Redis is away, wait for it."""
        if worker_pool.is_wanted():
            worker_pool.run(options["name"], burst=options["burst"])
            return
        engine = WarmEngine() if settings.WARM_ENGINE else None
        try:
            if engine is not None:
                engine.ensure_running()
                start_calibration(engine.address)
            while not self._work(engine, options["name"], burst=options["burst"]):
                pass
        finally:
            if engine is not None:
                engine.stop()

    def _work(self, engine: WarmEngine | None, name: str | None, *, burst: bool) -> bool:
        """Work until a stop is requested (True) or Redis fails in a way that RQ cannot handle (False)."""
        # RQ installs a handler of its own, but only after its first contact with Redis.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        wait_for_redis()
        worker = None
        try:
            if problem := redis_owner.problem(keep=True):
                raise CommandError(problem)
            worker = make_worker(name, engine)
            engines = worker.engines
            record_heartbeat(lambda name: worker_heartbeat.record(name, engines=engines), worker.name)
            self.stdout.write(f"Worker {worker.name} is listening on {', '.join(worker.queue_names())}.")
            worker.work(burst=burst, logging_level="WARNING")
        except RedisError as error:
            logger.warning("The worker lost Redis and starts again: %s", error)
        finally:
            if worker is not None:
                record_heartbeat(worker_heartbeat.remove, worker.name)
        return burst or (worker is not None and worker.stop_was_requested)


def start_calibration(engine_address: str) -> None:
    """Find out how fast this machine is, at the first start. It works without: then the next start tries."""
    try:
        calibration.start(engine_address)
    except DatabaseError as error:
        logger.warning("The speed of this machine is not measured: %s", error)
    finally:
        connections.close_all()


def record_heartbeat(write: Callable[[str], None], name: str) -> None:
    """Say that a worker is there, or no more. It works without: the next heartbeat, or an hour, puts it right."""
    try:
        write(name)
    except DatabaseError as error:
        logger.warning("The heartbeat of worker %s was not recorded: %s", name, error)
    finally:
        connections.close_all()


def wait_for_redis() -> None:
    """Return once Redis responds."""
    remind_at = time.monotonic()
    while not redis_available():
        if time.monotonic() >= remind_at:
            logger.warning("Waiting for Redis at %s. Start it, or set REDIS_URL.", settings.REDIS_URL)
            remind_at += REDIS_REMIND_SECONDS
        time.sleep(REDIS_RETRY_SECONDS)
