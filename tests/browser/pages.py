"""Every page of the site with content, for tests and screenshots of all pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route

from accounts.models import User
from jobs.core import collections, services, sharing, tagging, transitions
from jobs.core.transitions import Writer
from jobs.models import Artifact, Collection, Job, State, WorkerHeartbeat
from ml.recipe import Recipe
from tests.conftest import PASSWORD, signed_in

ERRORS = (400, 403, 404, 413, 429, 500, 503)
SETTINGS = {f"{provider}_CLIENT_{part}": "not-real" for provider in ("GOOGLE", "GITHUB") for part in ("ID", "SECRET")}
"""Environment of the site whose pages are shown: with what is off by default."""
ERROR_PATH = "/an-error/"
TITLES = (
    "Lighthouse",
    "Locomotive",
    "Robot",
    "Beacon, seen from the left with its door shut",
    "Engine",
    "Android",
    "Tower",
)
TAGS = ("sea", "toys", "desk, toys", "desk, sea", "shelf", "shelf, red", "sea, toys")
"""Of the models in this order; those tagged "desk" first stay private."""


@dataclass(frozen=True)
class Visit:
    """One page: its name, its path, and whether it is visited by the owner or signed out."""

    name: str
    path: str
    signed_in: bool = True


@dataclass(frozen=True)
class Furnished:
    """A running site with content on every page."""

    address: str
    owner: User
    visits: list[Visit]


def person(name: str) -> User:
    """A user with a display name."""
    email = f"{name.lower()}@example.org"
    return User.objects.create_user(username=name, email=email, password=PASSWORD, display_name=name)


def furnish(owner: User, made: Sequence[Job]) -> list[Visit]:
    """Seven finished models (copies of `made`) and a job in each other state. Returns all pages."""
    copies = [_copy(made[index % len(made)], title) for index, title in enumerate(TITLES[len(made) :])]
    for model, title, tags in zip([*made, *copies], TITLES, TAGS, strict=True):
        services.rename(model, title)
        tagging.set_tags(model, [tags])
        if not tags.startswith("desk"):
            sharing.publish(model)
    Job.objects.filter(title=TITLES[-1]).update(family=made[0].family, version=2)  # for the page that compares two
    services.discard(_copy(made[0], "Old lighthouse").pk)
    shop = collections.create(owner, "Toy shop", "Things for the shelf.", [*made, *copies])
    collections.set_visibility(shop, "public")
    WorkerHeartbeat.objects.create(
        name="pages", seen_at=timezone.now() + timedelta(days=1)
    )  # as if a worker were running
    unfinished = {state: _unfinished(owner, state) for state in _UNFINISHED}
    return [*_visits(made[0], sharing.share(made[0]).token, unfinished), *_collection_visits(shop, made[0])]


def _copy(made: Job, title: str) -> Job:
    """Another finished model with the same files, a little older."""
    files = list(made.artifacts.all())
    job = Job.objects.get(pk=made.pk)
    job.pk, job.family = uuid4(), uuid4()
    job.title, job.created_at = title, made.created_at - timedelta(hours=5 * len(title))
    job.save(force_insert=True)
    Artifact.objects.bulk_create(
        Artifact(job=job, name=file.name, file=file.file, size=file.size, sha256=file.sha256) for file in files
    )
    return job


def _waiting(owner: User, title: str) -> Job:
    """A queued job that no worker is notified of."""
    return Job.objects.create(owner=owner, title=title, recipe=Recipe().to_dict())


def _running(job: Job) -> None:
    token = transitions.claim(job.pk, worker="pages")
    assert token is not None
    transitions.report_progress(job.pk, token, "surface", 0.4, new_stage=True)
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() + timedelta(days=1))


def _failed(job: Job) -> None:
    token = transitions.claim(job.pk, worker="pages")
    transitions.fail(job.pk, "no_subject", writer=Writer.WORKER, token=token)


_UNFINISHED: dict[State, tuple[str, Callable[[Job], object]]] = {
    State.QUEUED: ("Garden gnome", lambda job: None),
    State.RUNNING: ("Old camera", _running),
    State.FAILED: ("Blue sky", _failed),
    State.CANCELLED: ("Wrong photo", lambda job: services.cancel(job.pk)),
}


def _unfinished(owner: User, state: State) -> Job:
    title, advance = _UNFINISHED[state]
    job = _waiting(owner, title)
    advance(job)
    return job


def _visits(made: Job, token: str, unfinished: dict[State, Job]) -> list[Visit]:
    jobs = [Visit(state, job.get_absolute_url()) for state, job in unfinished.items()]
    public = {
        "home": reverse("home"),
        "explore": reverse("jobs:explore"),
        "public": reverse("jobs:public", args=[made.pk]),
        "report": reverse("jobs:report", args=[made.pk]),
        "report-sent": reverse("jobs:report", args=[made.pk]) + "?sent",
        "shared": reverse("jobs:shared", args=[token]),
        "embed": reverse("jobs:embed", args=[token]),
        "sign-in": reverse("account_login"),
        "sign-up": reverse("account_signup"),
        "sign-in-with": reverse("google_login"),
        "suspended": reverse("account_inactive"),
        "reset": reverse("account_reset_password"),
        **{f"error-{code}": f"{ERROR_PATH}{code}/" for code in ERRORS},
    }
    private = {
        "home-signed-in": reverse("home"),
        "upload": reverse("jobs:upload"),
        "result": made.get_absolute_url(),
        "gallery": reverse("jobs:gallery"),
        "gallery-no-match": reverse("jobs:gallery") + "?q=rocket",
        "history": reverse("jobs:history"),
        "bin": reverse("jobs:bin"),
        "compare": reverse("jobs:compare", args=[made.pk]),
        "delete-model": reverse("jobs:delete", args=[made.pk]),
        "profile": reverse("accounts:profile"),
        "tokens": reverse("accounts:tokens"),
        "sessions": reverse("accounts:sessions"),
        "data": reverse("accounts:data"),
        "delete-account": reverse("accounts:delete"),
        "email": reverse("account_email"),
        "password": reverse("account_change_password"),
        "two-factor": reverse("mfa_index"),
        "connected-accounts": reverse("socialaccount_connections"),
        "confirm-password": reverse("account_reauthenticate"),
        "sign-out": reverse("account_logout"),
    }
    anonymous = [Visit(name, path, signed_in=False) for name, path in public.items()]
    return [*anonymous, *jobs, *(Visit(name, path) for name, path in private.items())]


def _collection_visits(shop: Collection, made: Job) -> list[Visit]:
    public = {
        "explore-collections": reverse("jobs:explore_collections"),
        "shared-collection": reverse("jobs:shared_collection", args=[shop.token]),
        "collection-model": reverse("jobs:collection_model", args=[shop.token, made.pk]),
        "collection-report": reverse("jobs:collection_report", args=[shop.token]),
        "collection-embed": reverse("jobs:collection_embed", args=[shop.token]),
    }
    private = {
        "collections": reverse("jobs:collections"),
        "collection": shop.get_absolute_url(),
        "choose-collection": reverse("jobs:choose_collection", query={"job": made.pk}),
        "delete-collection": reverse("jobs:delete_collection", args=[shop.pk]),
    }
    anonymous = [Visit(name, path, signed_in=False) for name, path in public.items()]
    return [*anonymous, *(Visit(name, path) for name, path in private.items())]


def open_contexts(browser: Browser, address: str, owner: User, **options: Any) -> dict[bool, BrowserContext]:
    """Two profiles, with and without the owner's session: `contexts[visit.signed_in]`."""
    contexts = {own: browser.new_context(base_url=address, **options) for own in (False, True)}
    for context in contexts.values():
        context.set_default_timeout(60_000)
        context.route(f"**{ERROR_PATH}*/", _error_page)
    session = signed_in(owner).cookies[settings.SESSION_COOKIE_NAME].value
    contexts[True].add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    return contexts


def _error_page(route: Route) -> None:
    """The error page, as the site would render it."""
    code = int(route.request.url.rstrip("/").rsplit("/", 1)[1])
    route.fulfill(status=code, content_type="text/html", body=render_to_string(f"{code}.html"))


def show(context: BrowserContext, visit: Visit) -> Page:
    """A new tab on the page, with its viewer ready."""
    page = context.new_page()
    page.goto(visit.path)
    for viewer in ("[data-viewer]", "[data-compare-versions]"):
        if page.locator(viewer).count():
            page.wait_for_selector(f'{viewer}[data-ready="true"]')
    return page
