"""Reviewing reports one after another: the model turns beside the reason, and each decision leads to the next."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import User
from jobs.admin.reports_commands import hide_reported
from jobs.core import moderation
from jobs.models import AbuseReport, Job
from ml.files import VIDEO
from reconsite.core.errors import Rejected

COMMANDS = {"hide": (hide_reported, "hidden"), "close": (moderation.close_report, "closed")}
"""The command of each button, and what has then become of the report's subject."""


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """The oldest open report after `?after=`, with buttons to hide, close and skip."""
    if not request.user.has_perm("jobs.change_abusereport") or not request.user.has_perm("jobs.view_job"):
        raise PermissionDenied
    if request.method == "POST":
        return _decide(request)
    reports = _open_reports()
    report = reports.filter(pk__gt=_number(request.GET.get("after", ""))).first()
    context = {
        **admin.site.each_context(request),
        "title": "Review reports",
        "report": report,
        "remaining": reports.count(),
        "may_hide": request.user.has_perm("jobs.change_job"),
        **_subject(report),
    }
    return render(request, "admin/review.html", context)


def _open_reports() -> Any:
    return AbuseReport.objects.filter(closed_at=None).select_related("job__owner", "collection__owner").order_by("pk")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _subject(report: AbuseReport | None) -> dict[str, Any]:
    """What was reported, and the turning picture of a model."""
    if report is None:
        return {}
    subject = report.subject
    is_model = isinstance(subject, Job)
    video = reverse("jobs:file", args=[subject.pk, VIDEO]) if is_model else ""
    return {"subject": subject, "is_model": is_model, "video_url": video}


def _decide(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    report = AbuseReport.objects.filter(pk=_number(request.POST.get("report", ""))).first()
    command = COMMANDS.get(request.POST.get("decision", ""))
    if report is None or command is None:
        return redirect("admin:jobs_abusereport_review")
    if command[0] is hide_reported and not request.user.has_perm("jobs.change_job"):
        raise PermissionDenied
    try:
        command[0](request.user, report, request.POST.get("reason", ""))
    except Rejected as error:
        messages.error(request, error.message)
        return redirect(reverse("admin:jobs_abusereport_review", query={"after": report.pk - 1}))
    messages.success(request, f"“{report.subject.title}” {command[1]}." if command[1] == "hidden" else "Report closed.")
    return redirect(reverse("admin:jobs_abusereport_review", query={"after": report.pk}))
