"""What moderators can do: hide, unhide, cancel, ban, unban, close. Each needs a reason and enters the audit log."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.core import tokens
from accounts.core.sessions import sign_out_all
from accounts.models import User
from jobs.core import notify, services
from jobs.models import AbuseReport, Collection, Job, ModerationAct
from reconsite.core.errors import Rejected

Act = ModerationAct.Act


@transaction.atomic
def hide(actor: User, job: Job, reason: str) -> bool:
    """Hide a job, and everything made from it, from everyone but staff; False when it already was."""
    _require(reason)
    now = timezone.now()
    if not Job.objects.filter(pk=job.pk, hidden_at=None).update(hidden_at=now):
        return False
    _record(actor, Act.HIDE, reason, job=job)
    versions = _versions_of(job)
    Job.objects.filter(pk__in=versions, hidden_at=None).update(hidden_at=now)
    for job_id in (job.pk, *versions):
        transaction.on_commit(partial(notify.job_changed, job_id), robust=True)
    return True


def _versions_of(job: Job) -> list[UUID]:
    """What was made from `job`, from that, and so on."""
    found: list[UUID] = []
    parents = [job.pk]
    while parents:
        parents = list(Job.objects.filter(parent__in=parents).values_list("pk", flat=True))
        found += parents
    return found


@transaction.atomic
def unhide(actor: User, job: Job, reason: str) -> bool:
    """Undo `hide`, also for what was hidden together with the job; False when it was not hidden."""
    _require(reason)
    hidden_at = Job.objects.filter(pk=job.pk).values_list("hidden_at", flat=True).first()
    if hidden_at is None:
        return False
    Job.objects.filter(pk__in=[job.pk, *_versions_of(job)], hidden_at=hidden_at).update(hidden_at=None)
    _record(actor, Act.UNHIDE, reason, job=job)
    return True


@transaction.atomic
def hide_collection(actor: User, collection: Collection, reason: str) -> bool:
    """Hide a collection from everyone but staff; its models stay as they are. False when it already was."""
    return _set_collection_hidden(actor, collection, reason, hidden=True)


@transaction.atomic
def unhide_collection(actor: User, collection: Collection, reason: str) -> bool:
    """Undo `hide_collection`; False when it was not hidden."""
    return _set_collection_hidden(actor, collection, reason, hidden=False)


def _set_collection_hidden(actor: User, collection: Collection, reason: str, hidden: bool) -> bool:
    _require(reason)
    rows = Collection.objects.filter(pk=collection.pk, hidden_at__isnull=hidden)
    if not rows.update(hidden_at=timezone.now() if hidden else None):
        return False
    _record(actor, Act.HIDE if hidden else Act.UNHIDE, reason, collection=collection)
    return True


@transaction.atomic
def cancel(actor: User, job: Job, reason: str) -> bool:
    """Cancel another person's job; False when it had ended."""
    _require(reason)
    if not services.cancel(job.pk):
        return False
    _record(actor, Act.CANCEL, reason, job=job)
    return True


@transaction.atomic
def ban(actor: User, person: User, reason: str) -> bool:
    """Ban a person with immediate effect; False when they already were. Raises Rejected(`cannot_ban`).

    Their sessions and tokens are deleted, active jobs are cancelled, open sockets close, and what they published or
    shared is hidden until they are unbanned.
    """
    _require(reason)
    if person.is_staff or person == actor:
        raise Rejected("cannot_ban")
    if not User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
        return False
    sign_out_all(person)
    tokens.revoke_all_of(person)
    for job in Job.objects.active().filter(owner=person):
        services.cancel(job.pk)
    _record(actor, Act.BAN, reason, person=person)
    return True


@transaction.atomic
def unban(actor: User, person: User, reason: str) -> bool:
    """Lift a ban; False when the person was not banned."""
    _require(reason)
    if not User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        return False
    _record(actor, Act.UNBAN, reason, person=person)
    return True


@transaction.atomic
def close_report(actor: User, report: AbuseReport, reason: str) -> bool:
    """Close an abuse report; False when it already was."""
    _require(reason)
    if not AbuseReport.objects.filter(pk=report.pk, closed_at=None).update(closed_at=timezone.now()):
        return False
    _record(actor, Act.CLOSE, reason, **{"job" if report.job else "collection": report.subject})
    return True


def _require(reason: str) -> None:
    if not reason.strip():
        raise Rejected("reason_missing")


def _record(actor: User, act: ModerationAct.Act, reason: str, **about: Any) -> None:
    subject = about["person"].email if "person" in about else next(iter(about.values())).title
    ModerationAct.objects.create(actor=actor, act=act, reason=reason.strip()[:300], subject=subject[:200], **about)
