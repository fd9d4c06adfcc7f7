"""One action on several jobs; each is done or rejected on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from accounts.models import User
from jobs.core import access, services, sharing, tagging
from jobs.http.errors import STATUS
from jobs.models import Job
from reconsite.core.errors import Rejected


def run(user: User, action: str, ids: Sequence[UUID], tags: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Run `action` (one of BULK_ACTIONS) on each job; one result per id, also for those that do not exist."""
    jobs = {job.pk: job for job in access.jobs_of(user).filter(pk__in=ids)}
    return [_result(job_id, jobs.get(job_id), _command(action, tags)) for job_id in dict.fromkeys(ids)]


def _result(job_id: UUID, job: Job | None, command: Callable[[Job], object]) -> dict[str, Any]:
    if job is None:
        return _row(job_id, 404, "not_found", "There is no such job.")
    try:
        command(job)
    except Rejected as error:
        return _row(job_id, STATUS.get(error.code, 400), error.code, error.message)
    return _row(job_id, 200, None, None)


def _row(job_id: UUID, status: int, code: str | None, detail: str | None) -> dict[str, Any]:
    return {"id": str(job_id), "status": status, "code": code, "detail": detail}


def _command(action: str, tags: Sequence[str]) -> Callable[[Job], object]:
    commands: dict[str, Callable[[Job], object]] = {
        "delete": lambda job: services.discard(job.pk),
        "publish": sharing.publish,
        "unpublish": sharing.unpublish,
        "tag": lambda job: tagging.set_tags(job, [*tagging.names_of(job), *tags]),
        "untag": lambda job: tagging.set_tags(job, _without(tagging.names_of(job), tags)),
    }
    return commands[action]


def _without(names: Sequence[str], tags: Sequence[str]) -> list[str]:
    removed = set(tagging.clean_names(tags))
    return [name for name in names if name not in removed]
