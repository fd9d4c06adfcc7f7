"""What fails in a cluster test. A fault returns the seconds until the row told the truth about a lost run, or None."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from jobs.models import Job, State
from scripts.chaos.world import wait_until
from scripts.cluster.site import WORKERS, Cluster

CUT_SECONDS, OUTAGE_SECONDS, RESTART_SECONDS = 30.0, 10.0, 3.0
"""A run that is cut off ends its process before that: 10 s of lease, STOP_GRACE_SECONDS, and the time between beats."""
TRUTH_SECONDS = 15.0
"""Within this time the row must no longer claim that a run goes on whose machine is gone (docs/reliability.md)."""


@dataclass(frozen=True)
class Postgres:
    """How to crash and start the server."""

    crash: Callable[[], None]
    start: Callable[[], None]


def busy(cluster: Cluster) -> tuple[str, Job]:
    """A worker in the middle of a job, and the job."""
    found: list[tuple[str, Job]] = []

    def look() -> bool:
        for job in Job.objects.filter(state=State.RUNNING).exclude(stage=""):
            host = job.worker.rpartition(".")[0]
            if host in WORKERS and cluster.processes[host].poll() is None:
                found.append((host, job))
        return bool(found)

    wait_until(look, "running job")
    return found[0]


def wait_for_truth(job: Job) -> float:
    """Seconds until the row no longer claims that the lost run goes on."""
    held = Job.objects.filter(pk=job.pk, lease_token=job.lease_token)
    return wait_until(lambda: not held.exists(), "truth")


def worker_loses_power(cluster: Cluster, postgres: Postgres) -> float:
    """A machine is gone with all its processes; later it starts again with what is in its folder."""
    name, job = busy(cluster)
    cluster.kill(name)
    seconds = wait_for_truth(job)
    cluster.start(name)
    return seconds


def worker_is_cut_off(cluster: Cluster, postgres: Postgres) -> float:
    """Its network neither answers nor breaks; the run goes on, and comes back when another has the job."""
    name, job = busy(cluster)
    host, started = cluster.hosts[name], time.monotonic()
    host.cut()
    try:
        seconds = wait_for_truth(job)
        time.sleep(max(0.0, CUT_SECONDS - (time.monotonic() - started)))
    finally:
        host.mend()
    return seconds


def redis_restarts(cluster: Cluster, postgres: Postgres) -> None:
    """With its append-only file."""
    busy(cluster)
    cluster.redis.stop()
    time.sleep(RESTART_SECONDS)
    cluster.redis.start()


def postgresql_restarts(cluster: Cluster, postgres: Postgres) -> None:
    """As after a crash."""
    busy(cluster)
    postgres.crash()
    time.sleep(RESTART_SECONDS)
    postgres.start()


def storage_answers_503(cluster: Cluster, postgres: Postgres) -> None:
    """Every request to the bucket."""
    busy(cluster)
    cluster.s3.fail()
    time.sleep(OUTAGE_SECONDS)
    cluster.s3.work()


FAULTS: tuple[Callable[[Cluster, Postgres], float | None], ...] = (
    worker_loses_power,
    worker_is_cut_off,
    redis_restarts,
    postgresql_restarts,
    storage_answers_503,
)
