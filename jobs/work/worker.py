"""The worker process: RQ's forking worker on one queue, with our own signs of life."""

from __future__ import annotations

import logging
import os
from typing import Any
from uuid import UUID

import django_rq
from django.conf import settings
from django.db import DatabaseError, connections
from rq.job import Job as Doorbell
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import Worker

from jobs.core import transitions, worker_heartbeat
from jobs.core.transitions import Writer
from jobs.models import Job, State
from jobs.work.engine_process import ADDRESS, WarmEngine
from jobs.work.runner import OWN_PROCESS

logger = logging.getLogger(__name__)

SIGNS_OF_LIFE_SECONDS = 10


class ReconstructionWorker(Worker):
    """Forks a work horse per job. This parent never imports torch: a fork after torch has computed hangs."""

    engine: WarmEngine | None = None

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ's own heartbeat, and a row that pages and health checks read."""
        super().heartbeat(timeout, pipeline)
        try:
            worker_heartbeat.beat(self.name)
        except DatabaseError as error:
            logger.warning("Worker %s could not sign in the database: %s", self.name, error)
        finally:
            connections.close_all()

    def fork_work_horse(self, job: Doorbell, queue: Queue) -> None:
        """A child must not inherit an open database connection."""
        connections.close_all()
        if self.engine is not None:
            self.engine.ensure()
            os.environ[ADDRESS] = self.engine.address
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Doorbell, queue: Queue) -> None:
        """The child lives for this job alone, and knows it."""
        os.environ[OWN_PROCESS] = "1"
        if self.engine is not None:
            self.engine.let_go()
        super().main_work_horse(job, queue)


def horse_killed(doorbell: Doorbell, pid: int, status: int, usage: Any) -> None:
    """The work horse died without a word (out of memory, SIGKILL): its row ends now, not when the lease does."""
    job_id = UUID(doorbell.args[0])
    job = Job.objects.filter(pk=job_id, state=State.RUNNING, worker=os.environ.get("RQ_WORKER_ID", "")).first()
    if job is not None and job.lease_token is not None:
        transitions.fail(job_id, "worker_lost", writer=Writer.WORKER, token=job.lease_token, detail=f"status {status}")
    connections.close_all()


def make_worker(name: str | None = None) -> ReconstructionWorker:
    """A worker on the one queue. Workers on several queues can lose a ring."""
    connection = django_rq.get_connection(settings.JOB_QUEUE)
    queue = django_rq.get_queue(settings.JOB_QUEUE, connection=connection)
    return ReconstructionWorker(
        [queue],
        name=name,
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=SIGNS_OF_LIFE_SECONDS + 15,  # RQ waits for a ring 15 seconds less than this
        job_monitoring_interval=SIGNS_OF_LIFE_SECONDS,
        maintenance_interval=60,
        work_horse_killed_handler=horse_killed,
    )
