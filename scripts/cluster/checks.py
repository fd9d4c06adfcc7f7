"""What must hold when all faults are over and all jobs have ended."""

from __future__ import annotations

import hashlib
from urllib.request import Request, urlopen

from django.db.models import Sum

from jobs.models import Job, State
from jobs.work import work_folders, worker
from scripts.chaos import world
from scripts.cluster.people import Client
from scripts.cluster.site import WORKERS, Cluster

WORK_SECONDS = work_folders.FRESH_SECONDS + worker.MAINTENANCE_SECONDS + 2 * worker.HEARTBEAT_SECONDS
"""What a host that lost power left is deleted by the first sweep of its worker that finds it old enough.

An idle worker looks every HEARTBEAT_SECONDS whether a sweep is due.
"""


def check(cluster: Cluster, clients: list[Client]) -> list[str]:
    """Every violation."""
    problems = [problem for client in clients for problem in client.problems]
    jobs = list(Job.objects.all())
    accepted = sorted(job for client in clients for job in client.jobs)
    if accepted != sorted(str(job.pk) for job in jobs):
        problems.append(f"{len(accepted)} jobs were accepted, and there are {len(jobs)}")
    problems += [f"{job.pk} is {job.state} {job.failure_code}" for job in jobs if job.state != State.SUCCEEDED]
    problems += [problem for job in jobs for problem in world.check_job(job)]
    problems += world.check_files()
    problems += [f"{name} has ended" for name, process in cluster.processes.items() if process.poll() is not None]
    problems += _check_folders(cluster)
    return problems + [problem for client in clients for problem in _check_downloads(cluster, client)]


def _check_folders(cluster: Cluster) -> list[str]:
    """No worker keeps anything."""
    folders = [cluster.hosts[name].folder / "work" for name in WORKERS]
    try:
        world.wait_until(lambda: not any(any(folder.glob("*")) for folder in folders), "empty folders", WORK_SECONDS)
    except AssertionError:
        return [f"{path} was left behind" for folder in folders for path in folder.glob("*")]
    return []


def _check_downloads(cluster: Cluster, client: Client) -> list[str]:
    """The files of a job as its owner gets them: through nginx, a web process, and a signed link to the bucket."""
    client.look()
    job = Job.objects.filter(owner=client.person.user, state=State.SUCCEEDED).first()
    if job is None:
        return [f"{client.person.user.username} has no model"]
    problems = []
    for artifact in job.artifacts.all():
        address = f"{cluster.address}/api/v1/jobs/{job.pk}/files/{artifact.name}/"
        request = Request(address, headers={"Authorization": f"Bearer {client.person.token}"})
        with urlopen(request) as response:  # nosec B310
            if hashlib.sha256(response.read()).hexdigest() != artifact.sha256:
                problems.append(f"{artifact.name} of {job.pk} arrives damaged")
    return problems


def summary() -> str:
    """How often jobs had to begin again."""
    runs = Job.objects.aggregate(runs=Sum("run"), restarts=Sum("restarts"))
    return f"{Job.objects.count()} jobs in {runs['runs']} runs, {runs['restarts']} restarts counted"
