"""Showing a finished model to others, by a secret link or published for everyone; and abuse reports about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from jobs.models import AbuseReport, Collection, Job, ShareLink, State
from reconsite.core.errors import Rejected

REPORT_LENGTH = 1000
"""Characters of an abuse report's text; a longer one is cut."""


def share(job: Job) -> ShareLink:
    """The active link of a finished job, created if there is none. Raises Rejected(`wrong_state`)."""
    if job.state != State.SUCCEEDED:
        raise Rejected("wrong_state", "Only a finished model can be shared.")
    _require_files(job)
    link, created = ShareLink.objects.get_or_create(job=job, revoked_at=None)
    if created:
        _touch(job)
    return link


def revoke(job: Job) -> bool:
    """Deactivate the link for good; False when there was none."""
    was_shared = bool(job.share_links.filter(revoked_at=None).update(revoked_at=timezone.now()))
    if was_shared:
        _touch(job)
    return was_shared


def _require_files(job: Job) -> None:
    if job.archived_at is not None:
        raise Rejected("archived")


def _touch(job: Job) -> None:
    """The job has changed: its link is part of it."""
    Job.objects.filter(pk=job.pk).update(updated_at=timezone.now())


def active_link(job: Job) -> ShareLink | None:
    """The link under which strangers can view the job now, None without one."""
    return next((link for link in job.share_links.all() if link.revoked_at is None), None)


def publish(job: Job) -> bool:
    """Publish a finished job with its title and tags; False when it already was. Raises Rejected(`wrong_state`)."""
    if job.state != State.SUCCEEDED:
        raise Rejected("wrong_state", "Only a finished model can be published.")
    _require_files(job)
    return _set_published(job, timezone.now())


def unpublish(job: Job) -> bool:
    """Make it private again; False when it was not published."""
    return _set_published(job, None)


def _set_published(job: Job, at: datetime | None) -> bool:
    changed = Job.objects.filter(pk=job.pk, published_at__isnull=at is not None).update(
        published_at=at, updated_at=timezone.now()
    )
    if changed:
        job.published_at = at
    return bool(changed)


@transaction.atomic
def report(subject: Job | Collection, reporter: User | None, reason: str, text: str = "") -> AbuseReport:
    """Report what others can see to the moderators; a person's second report of it joins their open one.

    Raises ValueError for a reason outside AbuseReport.Reason.
    """
    about: dict[str, Any] = {"job" if isinstance(subject, Job) else "collection": subject}
    fields = {"reason": AbuseReport.Reason(reason), "text": text.strip()[:REPORT_LENGTH]}
    if reporter is None:
        return AbuseReport.objects.create(**about, **fields)
    type(subject)._base_manager.select_for_update().get(pk=subject.pk)
    return AbuseReport.objects.get_or_create(**about, reporter=reporter, closed_at=None, defaults=fields)[0]
