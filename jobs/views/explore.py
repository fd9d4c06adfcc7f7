"""The list of published models, and the form that reports a model to the moderators; both are open to everyone."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from accounts.models import User
from jobs.core import access, sharing
from jobs.core.search import search
from jobs.http.lookup import get_or_404
from jobs.models import Collection, Job
from jobs.pages.report_form import ReportForm
from jobs.views.listing import paginate, read_query
from ml import files

EXPLORE_PAGE_SIZE = 24
"""Divisible by 2, 3 and 4, so that the last row of cards is usually full."""


class ReportThrottle(UserRateThrottle):
    """Limits reports per person, or per IP address for visitors who are not signed in."""

    scope = "report"


@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    """Published models, newest first."""
    query = read_query(request)
    jobs = search(access.public_jobs(), query.text, tag=query.tag).order_by("-published_at", "pk")
    page = paginate(request, jobs.select_related("owner"), EXPLORE_PAGE_SIZE)
    return render(request, "jobs/explore.html", {"page_obj": page, "query": query, "files": files})


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Report a published model."""
    return report_page(request, get_or_404(access.job_for_public(job_id)), reverse("jobs:public", args=[job_id]))


@require_http_methods(["GET", "HEAD", "POST"])
def shared_report(request: HttpRequest, token: str) -> HttpResponse:
    """Report a model that was shared by link."""
    return report_page(request, get_or_404(access.job_by_share(token)), reverse("jobs:shared", args=[token]))


def report_page(request: HttpRequest, subject: Job | Collection, back: str) -> HttpResponse:
    """The form that reports what visitors can see, and what it leads to."""
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _store_report(request, subject, form)
    kind = "model" if isinstance(subject, Job) else "collection"
    context = {"subject": subject, "kind": kind, "form": form, "back": back, "sent": "sent" in request.GET}
    return render(request, "jobs/report.html", context, status=400 if form.errors else 200)


def _store_report(request: HttpRequest, subject: Job | Collection, form: ReportForm) -> HttpResponse:
    if not ReportThrottle().allow_request(cast(Request, request), APIView()):
        return render(request, "429.html", status=429)
    reporter = request.user if isinstance(request.user, User) else None
    sharing.report(subject, reporter, form.cleaned_data["reason"], form.cleaned_data["text"])
    return redirect(f"{request.path}?sent")
