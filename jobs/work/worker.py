"""The worker process: RQ's forking worker on one queue, with a heartbeat in the database."""

from __future__ import annotations

import logging
import os
from typing import Any
from uuid import UUID

import django_rq
from django.conf import settings
from django.db import DatabaseError, connections
from rq.job import Job as QueueEntry
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import Worker

from jobs.core import transitions, worker_heartbeat
from jobs.core.transitions import Writer
from jobs.models import Job, State
from jobs.work.engine_process import SOCKET_VARIABLE, WarmEngine
from jobs.work.runner import OWN_PROCESS

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10
"""How often a worker records its heartbeat; WORKER_SEEN_SECONDS allows for several lost ones."""
RQ_WAIT_MARGIN_SECONDS = 15
"""RQ waits for the next queue entry this much less than its `worker_ttl`."""
MAINTENANCE_SECONDS = 60
"""How often RQ cleans its registries of entries whose worker died."""


class ReconstructionWorker(Worker):
    """Forks a work horse per job. This parent never imports torch: a fork after torch has computed hangs."""

    engine: WarmEngine | None = None

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ's own heartbeat, and the row that pages and health checks read."""
        super().heartbeat(timeout, pipeline)
        try:
            worker_heartbeat.record(self.name)
        except DatabaseError as error:
            logger.warning("The heartbeat of worker %s was not recorded: %s", self.name, error)
        finally:
            connections.close_all()

    def fork_work_horse(self, job: QueueEntry, queue: Queue) -> None:
        """A child must not inherit an open database connection."""
        connections.close_all()
        if self.engine is not None:
            self.engine.ensure_running()
            os.environ[SOCKET_VARIABLE] = self.engine.address
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: QueueEntry, queue: Queue) -> None:
        """Mark the child as a process that runs only this job."""
        os.environ[OWN_PROCESS] = "1"
        if self.engine is not None:
            self.engine.close_stdin()
        super().main_work_horse(job, queue)


def on_work_horse_killed(entry: QueueEntry, pid: int, status: int, usage: Any) -> None:
    """The work horse was killed (SIGKILL, out of memory): end its row now, not when the lease expires."""
    job_id = UUID(entry.args[0])
    job = Job.objects.filter(pk=job_id, state=State.RUNNING, worker=os.environ.get("RQ_WORKER_ID", "")).first()
    if job is not None and job.lease_token is not None:
        transitions.fail(job_id, "worker_lost", writer=Writer.WORKER, token=job.lease_token, detail=f"status {status}")
    connections.close_all()


def make_worker(name: str | None = None) -> ReconstructionWorker:
    """A worker on the only queue. RQ workers on several queues can lose an entry."""
    connection = django_rq.get_connection(settings.JOB_QUEUE)
    queue = django_rq.get_queue(settings.JOB_QUEUE, connection=connection)
    return ReconstructionWorker(
        [queue],
        name=name,
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=HEARTBEAT_SECONDS + RQ_WAIT_MARGIN_SECONDS,
        job_monitoring_interval=HEARTBEAT_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        work_horse_killed_handler=on_work_horse_killed,
    )
