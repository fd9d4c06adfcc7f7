"""The lists of one's own jobs: the gallery of models, and the history of all."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from jobs.core import access, tagging
from jobs.core.search import search
from jobs.models import ACTIVE, Job, JobQuerySet, State
from jobs.views.filters import SORT_LABELS, Wanted, wanted
from ml import files

GALLERY_PAGE, HISTORY_PAGE = 24, 50
HEAVY = ("report", "failure_detail")
"""Columns that no list shows."""

FINISHED = Q(state=State.SUCCEEDED)
GALLERY_STATES: dict[str, tuple[str, Q]] = {
    "": ("Finished", FINISHED),
    "public": ("Public", FINISHED & Q(published_at__isnull=False)),
    "private": ("Private", FINISHED & Q(published_at=None)),
    "active": ("Being made", Q(state__in=ACTIVE)),
    "ended": ("Failed or cancelled", Q(state__in=(State.FAILED, State.CANCELLED))),
}
HISTORY_STATES = {
    "": "All",
    State.QUEUED: "In line",
    State.RUNNING: "Running",
    State.SUCCEEDED: "Ready",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}


@login_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """One's models as cards: searched, sorted, filtered by state and tag, and picked for an act on several."""
    assert isinstance(request.user, User)
    jobs, asked = access.jobs_of(request.user), wanted(request, tuple(GALLERY_STATES))
    shown = search(jobs.filter(GALLERY_STATES[asked.state][1]), asked.text, asked.sort, asked.tag)
    context = {
        "page_obj": page_of(request, shown.prefetch_related("tags"), GALLERY_PAGE),
        "wanted": asked,
        "states": [(name, label) for name, (label, _) in GALLERY_STATES.items()],
        "sorts": list(SORT_LABELS.items()),
        "tags": tagging.tags_of(request.user),
        "under_way": jobs.active().count(),
        "files": files,
    }
    return render(request, "jobs/gallery.html", context)


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """All of one's jobs, however they ended."""
    asked = wanted(request, tuple(HISTORY_STATES))
    jobs = search(access.jobs_of(request.user), asked.text, asked.sort, asked.tag, asked.state)
    return render(request, "jobs/history.html", _history_context(page_of(request, jobs, HISTORY_PAGE), asked))


def _history_context(page: Page[Job], asked: Wanted) -> dict[str, Any]:
    return {"page_obj": page, "wanted": asked, "states": list(HISTORY_STATES.items())}


def page_of(request: HttpRequest, jobs: JobQuerySet, size: int) -> Page[Job]:
    """The page that the address asks for, the nearest there is for a number out of range."""
    return Paginator(jobs.defer(*HEAVY), size).get_page(request.GET.get("page"))
