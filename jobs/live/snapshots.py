"""What open sockets may see now: many sockets at once, and one read of a job for all that watch it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.core.identity import Identity, valid_users
from accounts.models import User
from jobs.core import access, estimates
from jobs.http.serializers import JobSerializer
from jobs.models import Job

SIGNED_OUT, NOT_FOUND = 4401, 4404
"""Closing codes: 4000 and above are for applications (RFC 6455, 7.4.2), here with the digits of HTTP's statuses."""


@dataclass(frozen=True)
class Watch:
    """A job that somebody watches."""

    identity: Identity
    job_id: UUID


@dataclass(frozen=True)
class Update:
    """What a socket should know now. `job` is None if nothing but the position can have changed since `seq`."""

    job: dict[str, Any] | None
    position: int | None


def read(watches: Mapping[Watch, int]) -> dict[Watch, Update | int]:
    """For each watch and the `seq` it has seen: an update, or the code to close with.

    The number of queries depends on how many jobs have changed, not on how many sockets there are.
    """
    users = valid_users({watch.identity for watch in watches})
    rows = _rows({watch.job_id for watch in watches if watch.identity in users})
    positions = estimates.queue_positions(rows.values())
    payloads = _Payloads()
    answers: dict[Watch, Update | int] = {}
    for watch, seq in watches.items():
        user, row = users.get(watch.identity), rows.get(watch.job_id)
        if user is None:
            answers[watch] = SIGNED_OUT
        elif row is None or not access.can_read(user, row):
            answers[watch] = NOT_FOUND
        else:
            job = payloads.get(row, user) if row.seq > seq else None
            answers[watch] = Update(job, positions.get(watch.job_id))
    return answers


def _rows(job_ids: Collection[UUID]) -> dict[UUID, Job]:
    """Just what access and progress depend on."""
    columns = ("owner", "state", "seq", "queued_at", "hidden_at", "deleted_at")
    return Job.objects.only(*columns).in_bulk(list(job_ids))


class _Payloads:
    """The JSON of each job, built once for its owner and once for everybody else."""

    def __init__(self) -> None:
        self._built: dict[tuple[UUID, bool], dict[str, Any]] = {}

    def get(self, row: Job, viewer: User) -> dict[str, Any]:
        """The job as `viewer` sees it: only the owner gets the share link."""
        key = row.pk, row.owner_id == viewer.pk
        if key not in self._built:
            job = Job.objects.prefetch_related("photos", "artifacts", "tags", "share_links").get(pk=row.pk)
            self._built[key] = dict(JobSerializer(job, context={"viewer": viewer}).data)
        return self._built[key]
