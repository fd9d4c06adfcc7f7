"""The lists of one's own jobs: the gallery of finished models, and the history of all."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs import access
from jobs.models import JobQuerySet, State

GALLERY_PAGE, HISTORY_PAGE = 24, 50


@login_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """One's finished models."""
    jobs = access.jobs_of(request.user).filter(state=State.SUCCEEDED)
    return _list_page(request, "jobs/gallery.html", jobs, GALLERY_PAGE)


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """All of one's jobs, however they ended."""
    return _list_page(request, "jobs/history.html", access.jobs_of(request.user), HISTORY_PAGE)


def _list_page(request: HttpRequest, template: str, jobs: JobQuerySet, size: int) -> HttpResponse:
    page = Paginator(jobs.order_by("-created_at"), size).get_page(request.GET.get("page"))
    return render(request, template, {"page_obj": page})
