"""Your collections: the list, the page of one, and what changes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from jobs.core import access, collections
from jobs.http.lookup import get_or_404
from jobs.models import Collection, CollectionItem, Job, State
from jobs.pages.collections import CollectionForm, owner_context
from jobs.views.listing import uuid_or_none
from ml import files
from reconsite.core.errors import Rejected

PAGE_SIZE = 24
"""Divisible by 2, 3 and 4, so that the last row of cards is usually full."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Your collections, newest first; POST creates one."""
    assert isinstance(request.user, User)
    form = CollectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(collections.create(request.user, **form.cleaned_data))
        except Rejected as error:
            form.add_error("title", error.message)
    items = access.owners_items(CollectionItem.objects.all())
    rows = collections.with_covers(collections.with_counts(access.collections_of(request.user)), items)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "form": form, "files": files}
    return render(request, "jobs/collections.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def detail(request: HttpRequest, collection_id: UUID) -> HttpResponse:
    """One collection, for its owner to arrange, or for a moderator to look at."""
    collection = get_or_404(access.collection_for_read(request.user, collection_id), "collection")
    is_owner = collection.owner_id == request.user.pk
    context = {**owner_context(collection), "is_owner": is_owner, "files": files}
    return render(request, "jobs/collection.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Put the models of `?job=` into a collection that there is, or into a new one."""
    assert isinstance(request.user, User)
    jobs = _chosen_jobs(request)
    if not jobs:
        messages.info(request, "Select at least one finished model first.")
        return redirect("jobs:gallery")
    own = list(collections.with_counts(access.collections_of(request.user)))
    if request.method == "POST":
        try:
            return redirect(_collect(request, request.user, jobs))
        except Rejected as error:
            messages.error(request, error.message)
    return render(request, "jobs/choose_collection.html", {"jobs": jobs, "collections": own})


def _chosen_jobs(request: HttpRequest) -> list[Job]:
    """The finished ones of the request, in its order."""
    query = request.POST if request.method == "POST" else request.GET
    ids = [job_id for job_id in map(uuid_or_none, query.getlist("job")) if job_id]
    found = access.jobs_of(request.user).filter(state=State.SUCCEEDED).in_bulk(ids)
    return [found[job_id] for job_id in dict.fromkeys(ids) if job_id in found]


def _collect(request: HttpRequest, user: User, jobs: list[Job]) -> Collection:
    """Add the models to the chosen collection. Raises Rejected."""
    follows = "follows" in request.POST
    collection_id = uuid_or_none(request.POST.get("collection", ""))
    if collection_id is None:
        collection = collections.create(user, request.POST.get("title", ""))
    else:
        collection = get_or_404(access.collection_for_write(user, collection_id), "collection")
    added = collections.add(collection, jobs, follows)
    messages.success(request, f"{added} model{'' if added == 1 else 's'} added to “{collection.title}”.")
    return collection


Action = Callable[[HttpRequest, Collection], None]


def _owner_action(action: Action) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """Make a POST view of an action: 404 for everyone but the owner, a rejection as a message, then the page again."""

    @login_required
    @require_POST
    @wraps(action)
    def view(request: HttpRequest, collection_id: UUID) -> HttpResponse:
        collection = get_or_404(access.collection_for_write(request.user, collection_id), "collection")
        try:
            action(request, collection)
        except Rejected as error:
            messages.error(request, error.message)
        return redirect(collection)

    return view


@_owner_action
def edit(request: HttpRequest, collection: Collection) -> None:
    """Change title and description."""
    collections.edit(collection, request.POST.get("title", ""), request.POST.get("description", ""))


@_owner_action
def visibility(request: HttpRequest, collection: Collection) -> None:
    """Choose who sees it; an unknown value changes nothing."""
    chosen = request.POST.get("visibility", "")
    if chosen in Collection.Visibility.values:
        collections.set_visibility(collection, chosen)


@_owner_action
def items(request: HttpRequest, collection: Collection) -> None:
    """The button that was pressed: `up`, `down`, `remove`, `show` or `keep` with a model's id, or `show_all`."""
    pressed = next((name for name in _BUTTONS if name in request.POST), "")
    if pressed == "show_all":
        collections.set_follows(collection, True)
    elif job_id := uuid_or_none(request.POST.get(pressed, "")):
        _BUTTONS[pressed](collection, job_id)


_BUTTONS: dict[str, Callable[[Collection, UUID], object]] = {
    "up": lambda collection, job_id: collections.move(collection, job_id, -1),
    "down": lambda collection, job_id: collections.move(collection, job_id, 1),
    "remove": collections.remove,
    "show": lambda collection, job_id: collections.set_follows(collection, True, [job_id]),
    "keep": lambda collection, job_id: collections.set_follows(collection, False, [job_id]),
    "show_all": lambda collection, job_id: None,
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, collection_id: UUID) -> HttpResponse:
    """Ask for confirmation, then delete. The models stay."""
    collection = get_or_404(access.collection_for_write(request.user, collection_id), "collection")
    if request.method != "POST":
        return render(request, "jobs/confirm_delete_collection.html", {"collection": collection})
    collections.delete(collection)
    messages.success(request, f"“{collection.title}” deleted. Its models are still in My models.")
    return redirect(reverse("jobs:collections"))
