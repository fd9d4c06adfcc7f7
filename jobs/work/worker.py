"""The worker process: RQ's forking worker on the queues of its engines, with a heartbeat in the database."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import select
import signal
import socket
from typing import Any
from uuid import UUID

import django_rq
import psutil
from django.conf import settings
from django.db import DatabaseError, connections
from redis.exceptions import RedisError
from rq.executions import Execution
from rq.job import Job as QueueEntry
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import Worker

from jobs.core import fairness, queue, recovery, redis_owner, routing, worker_heartbeat
from jobs.core.queue import entry_id
from jobs.core.transitions import Writer
from jobs.models import Job, State
from jobs.work import work_folders
from jobs.work.engine_process import SOCKET_VARIABLE, WarmEngine
from jobs.work.patience import until_lease_ends
from jobs.work.runner import OWN_PROCESS
from reconsite.core import alive

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10
"""How often a worker records its heartbeat; WORKER_SEEN_SECONDS allows for several lost ones."""
RQ_WAIT_MARGIN_SECONDS = 15
"""RQ waits for the next queue entry this much less than its `worker_ttl`."""
MAX_REDIS_WAIT_SECONDS = 2.0
"""Pause between attempts to reach a Redis that is away: RQ's own limit of a minute would leave a worker idle."""
ENGINE_CHECK_SECONDS = 0.5
"""How soon a new engine is started after the old one ended during a run."""
MAX_NAME = 80
"""Characters; the row of its heartbeat has 100."""
MAINTENANCE_SECONDS = 60
"""How often RQ cleans its registries of entries whose worker died."""


class ReconstructionWorker(Worker):
    """Forks a work horse per job. This parent never imports torch: a fork after torch has computed hangs.

    It survives a Redis that is killed or frozen during a job: what counts is in the database.
    """

    engine: WarmEngine | None = None
    engines: tuple[str, ...] = ()
    stop_was_requested = False
    max_connection_wait_time = MAX_REDIS_WAIT_SECONDS
    _horse_status: int | None = 0

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ's own heartbeat, and the row that pages and health checks read."""
        super().heartbeat(timeout, pipeline)
        alive.touch(settings.VAR_DIR, "worker")
        try:
            worker_heartbeat.record(self.name, memory_bytes(), self.engines)
            redis_owner.claim()
        except RedisError as error:
            logger.warning("Redis does not respond to the heartbeat of worker %s: %s", self.name, error)
        except DatabaseError as error:
            logger.warning("The heartbeat of worker %s was not recorded: %s", self.name, error)
        finally:
            connections.close_all()

    def run_maintenance_tasks(self) -> None:
        """RQ's own, at the start and once a minute; and what killed runs left on this machine's disk."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        try:
            work_folders.sweep()
        except (DatabaseError, OSError) as error:
            logger.warning("Old working folders are not removed: %s", error)
        finally:
            connections.close_all()

    def request_stop(self, signum: int, frame: Any) -> None:
        """SIGTERM: finish the job first. RQ calls `request_force_stop` at the second one."""
        self.stop_was_requested = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def set_shutdown_requested_date(self) -> None:
        """Tell Redis; it need not be there."""
        with contextlib.suppress(RedisError):
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]

    def maintain_heartbeats(self, job: QueueEntry, execution: Execution) -> None:
        """During a job. Without Redis the job goes on."""
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as error:
            logger.warning("Redis does not respond during %s: %s", job.id, error)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[QueueEntry, Queue] | None:
        """The next entry; where another job's turn comes first (jobs.core.fairness), the entry of that one instead."""
        found = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        if found is None:
            return None
        try:
            return self._exchange(*found)
        except (DatabaseError, RedisError) as error:
            logger.warning("The first entry is taken, without comparing it with others: %s", error)
            return found
        finally:
            connections.close_all()

    def _exchange(self, entry: QueueEntry, queue: Queue) -> tuple[QueueEntry, Queue]:
        """Put the entry back at the front and take the better one; both stay in Redis but for a moment in between.

        What is lost in that moment is queued again by the reconciler, as for any worker on several queues.
        """
        better = fairness.better_than(UUID(entry.args[0]), self.queue_names())
        source = next((known for known in self.queues if better is not None and known.name == better.queue), None)
        if better is None or source is None:
            return entry, queue
        chosen = entry_id(better.job_id, better.attempt, better.run)
        if not self.connection.lrem(source.key, 1, chosen):
            return entry, queue  # another worker has it, or it was lost
        self.connection.lpush(queue.key, entry.id)
        return QueueEntry.fetch(chosen, connection=self.connection, serializer=self.serializer), source

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

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Wait until the work horse ends; replace an engine that ends meanwhile, or that it killed as its last act."""
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(self.horse_pid)
            try:
                while not select.select([descriptor], [], [], ENGINE_CHECK_SECONDS)[0]:
                    self._replace_dead_engine()
            finally:
                os.close(descriptor)
        ended = super().wait_for_horse()
        self._horse_status = ended[1]
        if not self.stop_was_requested:
            self._replace_dead_engine()
        return ended

    def _replace_dead_engine(self) -> None:
        """RQ's timer must not interrupt a start, or a process would be forgotten."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        try:
            if self.engine is not None:
                self.engine.replace_if_dead()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})

    def monitor_work_horse(self, job: QueueEntry, queue: Queue, execution: Execution) -> None:
        """Wait for the end of the run; if the work horse was killed, settle its row now, not when the lease expires.

        What it left on the disk goes at once, too.
        """
        self._horse_status = None
        stopped = False
        try:
            super().monitor_work_horse(job, queue, execution)
        except RedisError as error:
            logger.warning("Redis was not told of the end of %s: %s", job.id, error)
        except SystemExit:  # a second SIGTERM: RQ has killed the work horse
            stopped = True
            raise
        finally:
            if self._horse_status != os.EX_OK:
                settle_dead_horse(UUID(job.args[0]), self.name, self._horse_status, stopped=stopped)
                work_folders.remove_all_of(self.name)


def memory_bytes() -> int:
    """Resident memory of this process and all that it has started."""
    total = 0
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def settle_dead_horse(job_id: UUID, worker: str, status: int | None, *, stopped: bool = False) -> None:
    """The work horse ended with this wait status: its job begins again, unless the row says that the run had ended.

    `stopped`: the worker itself was stopped, which is not the job's fault.
    """

    def settle() -> None:
        job = Job.objects.filter(pk=job_id, state=State.RUNNING, worker=worker).first()
        if job is None or job.lease_token is None:
            return
        if stopped:
            recovery.give_back(job_id, job.lease_token, writer=Writer.WORKER)
            return
        killed = status is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        detail = f"The work horse ended with status {status}."
        recovery.lose(job_id, job.lease_token, writer=Writer.WORKER, detail=detail, killed=killed)

    try:
        until_lease_ends(settle)
    except DatabaseError as error:  # the reconciler sees that the process is gone
        logger.warning("Job %s could not be settled: %s", job_id, error)
    finally:
        connections.close_all()


def make_worker(name: str | None = None, engine: WarmEngine | None = None) -> ReconstructionWorker:
    """A worker on the queues of its engines. `name` (the host's by default) is what staff see, with a random end.

    RQ remembers a worker that lost Redis or was killed, and accepts no other of the same name for a while. A worker on
    several queues loses an entry if it dies just after taking it: the reconciler queues the job again.
    """
    connection = queue.worker_connection()
    engines = routing.worker_engines()
    names = routing.worker_queues(engines)
    worker = ReconstructionWorker(
        [django_rq.get_queue(name, connection=connection) for name in names],
        name=f"{(name or socket.gethostname())[:MAX_NAME]}.{secrets.token_hex(3)}",
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=HEARTBEAT_SECONDS + RQ_WAIT_MARGIN_SECONDS,
        job_monitoring_interval=HEARTBEAT_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
    )
    worker.engine, worker.engines = engine, tuple(engines)
    return worker
