"""The lists of your own jobs: the gallery of models and the history of all jobs."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from jobs.core import access, tagging
from jobs.core.search import search
from jobs.models import ACTIVE, State
from jobs.views.listing import SORT_LABELS, paginate, read_query
from ml import files

GALLERY_PAGE_SIZE = 24
"""Divisible by 2, 3 and 4, so that the last row of cards is usually full."""
HISTORY_PAGE_SIZE = 50
"""Jobs; a row of the history is a line of text, so a page holds more than the gallery."""

FINISHED = Q(state=State.SUCCEEDED)
GALLERY_STATES: dict[str, tuple[str, Q]] = {
    "": ("Finished", FINISHED),
    "public": ("Public", FINISHED & Q(published_at__isnull=False)),
    "private": ("Private", FINISHED & Q(published_at=None)),
    "active": ("In progress", Q(state__in=ACTIVE)),
    "ended": ("Failed or cancelled", Q(state__in=(State.FAILED, State.CANCELLED))),
}
HISTORY_STATES = {
    "": "All",
    State.QUEUED: "Queued",
    State.RUNNING: "Running",
    State.SUCCEEDED: "Ready",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}


@login_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Your models as cards: search, sort, filter by state and tag, select several for a bulk action."""
    assert isinstance(request.user, User)
    jobs, query = access.jobs_of(request.user), read_query(request, tuple(GALLERY_STATES))
    matches = search(jobs.filter(GALLERY_STATES[query.state][1]), query.text, query.sort, query.tag)
    context = {
        "page_obj": paginate(request, matches.prefetch_related("tags"), GALLERY_PAGE_SIZE),
        "query": query,
        "states": [(name, label) for name, (label, _) in GALLERY_STATES.items()],
        "sorts": list(SORT_LABELS.items()),
        "tags": tagging.tags_of(request.user),
        "active_count": jobs.active().count(),
        "bin_count": access.bin_of(request.user).count(),
        "files": files,
    }
    return render(request, "jobs/gallery.html", context)


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """All your jobs, including failed and cancelled ones."""
    query = read_query(request, tuple(HISTORY_STATES))
    matches = search(access.jobs_of(request.user), query.text, query.sort, query.tag, query.state)
    context = {
        "page_obj": paginate(request, matches, HISTORY_PAGE_SIZE),
        "query": query,
        "states": list(HISTORY_STATES.items()),
    }
    return render(request, "jobs/history.html", context)
