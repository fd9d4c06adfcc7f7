"""What people published, for everybody; and the form by which anybody tells the moderators what should not be there."""

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
from jobs.models import Job
from jobs.pages.report_form import ReportForm
from jobs.views.doors import found
from jobs.views.filters import wanted
from jobs.views.lists import page_of
from ml import files

EXPLORE_PAGE = 24


class ReportThrottle(UserRateThrottle):
    """So many reports from one person, or from one address where nobody is signed in."""

    scope = "report"


@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    """Published models, the newest first."""
    asked = wanted(request)
    jobs = search(access.public_jobs(), asked.text, tag=asked.tag).order_by("-published_at", "pk")
    page = page_of(request, jobs.select_related("owner"), EXPLORE_PAGE)
    return render(request, "jobs/explore.html", {"page_obj": page, "wanted": asked, "files": files})


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Tell the moderators about a published model."""
    return _report_page(request, found(access.job_for_public(job_id)), reverse("jobs:public", args=[job_id]))


@require_http_methods(["GET", "HEAD", "POST"])
def shared_report(request: HttpRequest, token: str) -> HttpResponse:
    """Tell the moderators about a model behind a link."""
    return _report_page(request, found(access.job_by_share(token)), reverse("jobs:shared", args=[token]))


def _report_page(request: HttpRequest, job: Job, back: str) -> HttpResponse:
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _keep(request, job, form)
    context = {"job": job, "form": form, "back": back, "sent": "sent" in request.GET}
    return render(request, "jobs/report.html", context, status=400 if form.errors else 200)


def _keep(request: HttpRequest, job: Job, form: ReportForm) -> HttpResponse:
    if not ReportThrottle().allow_request(cast(Request, request), APIView()):
        return render(request, "429.html", status=429)
    reporter = request.user if isinstance(request.user, User) else None
    sharing.report(job, reporter, form.cleaned_data["reason"], form.cleaned_data["text"])
    return redirect(f"{request.path}?sent")
