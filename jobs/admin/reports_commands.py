"""Resolving a report by hiding what was reported."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from jobs.core import moderation
from jobs.models import AbuseReport, Job


@transaction.atomic
def hide_reported(actor: User, report: AbuseReport, reason: str) -> bool:
    """Hide the model or collection and close all its open reports. False if there was nothing left to do."""
    subject = report.subject
    hide = moderation.hide if isinstance(subject, Job) else moderation.hide_collection
    hidden = hide(actor, subject, reason)  # type: ignore[arg-type]  # each takes its own kind
    reports = AbuseReport.objects.filter(job=report.job, collection=report.collection, closed_at=None)
    closed = [moderation.close_report(actor, other, reason) for other in reports]
    return hidden or any(closed)
