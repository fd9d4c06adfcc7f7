"""A format that a result was not made in: a worker makes it from the stored scene, once, when its owner asks for it.

The row of a conversion exists until its files do. A worker claims it with a token, and only that token stores files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from jobs.core import artifacts, holder, queue, quota, services
from jobs.models import Conversion, Job
from ml.formats import FORMATS
from reconsite.core.errors import Rejected

REPEAT_SECONDS = 60
"""A conversion that failed can be asked for again after this long: the server may have been short of memory."""
ALL = "all"
"""In place of a format: all files of an archived result."""
MAX_RUNS = 3
"""A conversion that keeps killing its worker fails after as many runs."""
LEASE_MARGIN_SECONDS = 60
"""A run ends itself after JOB_TIMEOUT; this much later it counts as lost."""


def request(job: Job, format_name: str) -> Conversion:
    """The conversion of a finished job to a format that it lacks; it is queued unless it was asked for before.

    An archived job gets all its files back, whatever the format.
    Raises Rejected: `conversion_failed` if it has failed just now, `source_missing`, `storage_full`, `quota_exceeded`,
    and `too_many_active` with as many conversions as jobs may be active.
    """
    format_name = ALL if job.archived_at else format_name
    earlier = Conversion.objects.filter(job=job, format=format_name).first()
    if earlier is not None and not _may_be_repeated(earlier):
        if earlier.failed_at is not None:
            raise Rejected("conversion_failed")
        return earlier
    artifacts.require_source(job)
    services.check_free_space()
    return _begin(job, format_name)


def _may_be_repeated(conversion: Conversion) -> bool:
    failed_at = conversion.failed_at
    return failed_at is not None and failed_at < timezone.now() - timedelta(seconds=REPEAT_SECONDS)


@transaction.atomic
def _begin(job: Job, format_name: str) -> Conversion:
    """The owner's row is locked: two requests at once make one conversion."""
    owner = User.objects.select_for_update().get(pk=job.owner_id)
    waiting = Conversion.objects.filter(job__owner=owner, failed_at=None).exclude(job=job, format=format_name)
    if waiting.count() >= settings.MAX_ACTIVE_JOBS:
        raise Rejected("too_many_active")
    quota.check(owner, incoming_bytes=1)  # the size of the files is not known yet
    again = {"failed_at": None, "failure_code": "", "runs": 0}
    conversion, created = Conversion.objects.get_or_create(job=job, format=format_name)
    if not created:
        Conversion.objects.filter(pk=conversion.pk).exclude(failed_at=None).update(**again)
    transaction.on_commit(lambda: queue.enqueue_conversion(conversion.pk), robust=True)
    return conversion


def claim(conversion_id: UUID) -> Conversion | None:
    """Take a waiting conversion: the row with its new token, or None if it is done, failed or taken."""
    now = timezone.now()
    lifetime = timedelta(seconds=settings.JOB_TIMEOUT + LEASE_MARGIN_SECONDS)
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
    rows = Conversion.objects.filter(free, pk=conversion_id, failed_at=None, job__deleted_at=None)
    token = uuid4()
    taken = rows.update(
        lease_token=token, lease_expires_at=now + lifetime, holder=holder.this_process(), runs=F("runs") + 1
    )
    return Conversion.objects.select_related("job").get(pk=conversion_id, lease_token=token) if taken else None


def store(conversion: Conversion, folder: Path, patiently: Callable[[Callable[[], bool]], bool]) -> bool:
    """Add the format's files in `folder` to the result; False if the conversion or its job is gone.

    `patiently` may try to write the rows again while the database is unavailable.
    """
    names = _names(conversion, folder)
    job, token = conversion.job, conversion.lease_token
    assert token is not None
    return artifacts.add(job, token, folder, names, is_wanted=lambda: _finish(conversion), patiently=patiently)


def _names(conversion: Conversion, folder: Path) -> list[str]:
    if conversion.format != ALL:
        return [file.name for file in FORMATS[conversion.format].files]
    there = set(conversion.job.artifacts.values_list("name", flat=True))
    return sorted(path.name for path in folder.iterdir() if path.is_file() and path.name not in there)


def _finish(conversion: Conversion) -> bool:
    """Delete the row, in the transaction that adds the files; False if another run holds it."""
    deleted, _ = Conversion.objects.filter(pk=conversion.pk, lease_token=conversion.lease_token).delete()
    if deleted and conversion.format == ALL:
        Job.objects.filter(pk=conversion.job_id).update(archived_at=None, remade_at=timezone.now())
    return deleted == 1


def fail(conversion: Conversion, code: str) -> None:
    """The run that holds the token has failed."""
    rows = Conversion.objects.filter(pk=conversion.pk, lease_token=conversion.lease_token)
    rows.update(failed_at=timezone.now(), failure_code=code, **RELEASED)


RELEASED = {"lease_token": None, "lease_expires_at": None, "holder": ""}
"""Fields of a conversion that no run holds."""


def requeue_lost() -> int:
    """For the reconciler: free conversions whose process is gone, and enqueue those whose queue entry was lost."""
    for conversion in Conversion.objects.filter(failed_at=None).exclude(lease_token=None):
        if holder.is_dead(conversion.holder):
            _lose(conversion)
    since = timezone.now() - timedelta(seconds=settings.RING_AGAIN_SECONDS)
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=timezone.now())
    waiting = list(Conversion.objects.filter(free, failed_at=None, requested_at__lt=since).values_list("pk", flat=True))
    entries = queue.queued_entry_ids() if waiting else set()
    if entries is None:
        return 0
    return sum(queue.enqueue_conversion(pk) for pk in waiting if queue.conversion_entry_id(pk) not in entries)


def _lose(conversion: Conversion) -> None:
    if conversion.runs >= MAX_RUNS:
        fail(conversion, "worker_lost")
        return
    Conversion.objects.filter(pk=conversion.pk, lease_token=conversion.lease_token).update(**RELEASED)
