"""Old models keep what their files can be made from again: photos, scene, report and poster. The rest is deleted.

Nothing that others can see is archived, and an archived model must be made again before it is shared. Making the files
again is a conversion to all formats (jobs.core.conversions): a remix of the stored scene, without the network.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from accounts.models import User
from jobs.core import artifacts, notify, quota, services, storage
from jobs.models import (
    TERMINAL,
    Artifact,
    CollectionItem,
    Conversion,
    Job,
    JobQuerySet,
    ShareLink,
    State,
    changed,
)
from ml import files
from reconsite.core.stored import StorageUnavailable

logger = logging.getLogger(__name__)

KEPT = (*artifacts.SOURCE_FILES, files.POSTER)
"""What remains of a result, beside the photos: 1 to 2 MB. The scene is what a remix starts from."""


def seen_by_owner_only() -> JobQuerySet:
    """Ended jobs that nobody else sees: neither published nor shared, nor shown with a collection."""
    shared = ShareLink.objects.filter(job=OuterRef("pk"), revoked_at=None)
    shown = CollectionItem.objects.filter(job=OuterRef("pk"), follows_collection=True)
    ended = Job.objects.filter(state__in=TERMINAL, deleted_at=None, hidden_at=None, published_at=None)
    return ended.exclude(Exists(shared)).exclude(Exists(shown))


def candidates() -> JobQuerySet:
    """Finished models with all their files, from which nothing is being made just now."""
    scene = Artifact.objects.filter(job=OuterRef("pk"), name=files.SCENE)
    wanted = Conversion.objects.filter(job=OuterRef("pk"), failed_at=None)
    finished = seen_by_owner_only().filter(Exists(scene), state=State.SUCCEEDED, archived_at=None)
    remixes = Job.objects.active().filter(parent=OuterRef("pk"))
    return finished.exclude(Exists(wanted)).exclude(Exists(remixes))


def due(days: int) -> JobQuerySet:
    """Those whose files were made more than `days` days ago, the oldest first."""
    before = timezone.now() - timedelta(days=days)
    recent = Q(remade_at__gte=before)
    return candidates().filter(finished_at__lt=before).exclude(recent).order_by("finished_at")


def run() -> int:
    """For the reconciler: archive what is due, and the oldest models of people above their limit; how many."""
    if not settings.ARCHIVE_DAYS:
        return 0
    return sum(freed > 0 for freed in archive_due(settings.ARCHIVE_DAYS)) + sum(map(_make_room, _above_their_limit()))


def archive_due(days: int) -> list[int]:
    """Archive what is due; the bytes that each frees. A model with a damaged file does not keep the others waiting."""
    return [_archive_if_whole(pk) for pk in list(due(days).values_list("pk", flat=True))]


def _archive_if_whole(job_id: UUID) -> int:
    try:
        return archive(job_id)
    except FileNotFoundError as error:
        logger.warning("Job %s is not archived: %s", job_id, error)
        return 0


def _above_their_limit() -> Iterator[User]:
    owners = User.objects.annotate(stored=Sum("jobs__size")).filter(stored__gt=0)
    for owner in owners.iterator():
        limit = quota.limit_bytes(owner)
        if limit and owner.stored > limit:
            yield owner


def _make_room(owner: User) -> int:
    """Archive the person's oldest models until they are within their limit; how many."""
    count = 0
    for pk in list(candidates().filter(owner=owner).order_by("finished_at").values_list("pk", flat=True)):
        now = quota.usage(owner)
        if now.bytes <= now.limit_bytes:
            break
        count += _archive_if_whole(pk) > 0
    return count


def archive(job_id: UUID) -> int:
    """Delete all files of the result but KEPT; the bytes that this frees, 0 if the job is no candidate any more.

    Those that stay are copied to a folder of their own first. So a crash at any time leaves each row with its file, and
    files without a row only in folders that no row names, which the reconciler deletes. Raises FileNotFoundError, and
    changes nothing, if a file that stays is gone or damaged.
    """
    job = candidates().filter(pk=job_id).first()
    if job is None:
        return 0
    old = list(job.artifacts.all())
    target = storage.attempt_folder(job.pk, uuid4())
    try:
        kept = artifacts.copied([row for row in old if row.name in KEPT], target)
        freed = _write_rows(job, old, kept)
    except BaseException:
        with suppress(StorageUnavailable):
            storage.delete_tree(target)
        raise
    if not freed:
        storage.delete_tree(target)
    return freed


@transaction.atomic
def _write_rows(job: Job, old: list[Artifact], kept: list[Artifact]) -> int:
    """The new rows in place of the old ones; 0, and nothing is changed, if the job has changed meanwhile."""
    freed = sum(row.size for row in old) - sum(row.size for row in kept)
    rows = candidates().filter(pk=job.pk, seq=job.seq)
    if freed <= 0 or not rows.update(size=F("size") - freed, archived_at=timezone.now(), **changed()):
        return 0
    Artifact.objects.filter(job=job).delete()
    Artifact.objects.bulk_create(kept)
    folders = {str(row.file).rpartition("/")[0] for row in old}
    for folder in sorted(folders):
        transaction.on_commit(partial(storage.delete_tree, folder), robust=True)
    transaction.on_commit(lambda: notify.job_changed(job.pk), robust=True)
    return freed


def retire() -> int:
    """For the reconciler: move what is older than RETENTION_DAYS and only its owner sees to the bin; how many."""
    if not settings.RETENTION_DAYS:
        return 0
    ids = list(seen_by_owner_only().filter(finished_at__lt=_retained_since()).values_list("pk", flat=True))
    for pk in ids:
        services.discard(pk)
    return len(ids)


def _retained_since() -> datetime:
    return timezone.now() - timedelta(days=settings.RETENTION_DAYS)
