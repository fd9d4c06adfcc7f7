"""Every page of the site with something on it, for the tests and pictures that go through them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route

from accounts.models import User
from jobs import services, sharing, tagging, transitions
from jobs.models import Artifact, Job, State
from jobs.transitions import Writer
from ml.recipe import Recipe
from tests.conftest import PASSWORD
from tests.live import wait_until

ERRORS = (400, 403, 404, 413, 429, 500)
ERROR_PATH = "/an-error/"
TITLES = ("Locomotive", "Desk lamp, seen from the left with its arm up", "Mug", "Chair", "Toy boat", "Teapot", "Radio")
TAGS = ("toys", "desk, light", "kitchen", "", "toys, water", "kitchen, red", "desk")
CALM = {"RING_AGAIN_SECONDS": "100000"}
"""For `tests.live.site`: nobody rings for the job that has to keep waiting."""


@dataclass(frozen=True)
class Visit:
    """One page: how it is called, where it is, and whether it is seen by its owner or by nobody in particular."""

    name: str
    path: str
    signed_in: bool = True


def person(name: str) -> User:
    """Somebody who has chosen the name that others see."""
    email = f"{name.lower()}@example.org"
    return User.objects.create_user(username=name, email=email, password=PASSWORD, display_name=name)


def furnish(owner: User, photo: bytes, recipe: Recipe) -> list[Visit]:
    """Make one model by the running worker and a job in each other state; all pages that there are then."""
    made = services.submit(owner, [(photo, "photo.png")], recipe, title=TITLES[0]).job
    wait_until(lambda: Job.objects.get(pk=made.pk).is_terminal, 300, "the model")
    made.refresh_from_db()
    assert made.state == State.SUCCEEDED, made.failure_detail
    models = [made, *(_copy(made, title) for title in TITLES[1:])]
    for model, tags in zip(models, TAGS, strict=True):
        tagging.set_tags(model, [tags])
        if not tags.startswith("desk"):
            sharing.publish(model)
    return _visits(made, sharing.share(made).token, {state: _standing(owner, state) for state in _STANDING})


def _copy(made: Job, title: str) -> Job:
    """Another finished model with the same files, a little older."""
    files = list(made.artifacts.all())
    job = Job.objects.get(pk=made.pk)
    job.pk = uuid4()
    job.title, job.created_at = title, made.created_at - timedelta(hours=5 * len(title))
    job.save(force_insert=True)
    Artifact.objects.bulk_create(
        Artifact(job=job, name=file.name, file=file.file, size=file.size, sha256=file.sha256) for file in files
    )
    return job


def _waiting(owner: User, title: str) -> Job:
    """A job that no worker hears of."""
    return Job.objects.create(owner=owner, title=title, recipe=Recipe().to_dict())


def _running(job: Job) -> None:
    token = transitions.claim(job.pk, worker="pages")
    assert token is not None
    transitions.report_progress(job.pk, token, "surface", 0.4, new_stage=True)
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() + timedelta(days=1))


def _failed(job: Job) -> None:
    token = transitions.claim(job.pk, worker="pages")
    transitions.fail(job.pk, "no_subject", writer=Writer.WORKER, token=token)


_STANDING: dict[State, tuple[str, Callable[[Job], object]]] = {
    State.QUEUED: ("Garden gnome", lambda job: None),
    State.RUNNING: ("Old camera", _running),
    State.FAILED: ("Blue sky", _failed),
    State.CANCELLED: ("Wrong photo", lambda job: services.cancel(job.pk)),
}


def _standing(owner: User, state: State) -> Job:
    title, put = _STANDING[state]
    job = _waiting(owner, title)
    put(job)
    return job


def _visits(made: Job, token: str, standing: dict[State, Job]) -> list[Visit]:
    jobs = [Visit(state, job.get_absolute_url()) for state, job in standing.items()]
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
        "delete-model": reverse("jobs:delete", args=[made.pk]),
        "profile": reverse("accounts:profile"),
        "tokens": reverse("accounts:tokens"),
        "sessions": reverse("accounts:sessions"),
        "data": reverse("accounts:data"),
        "delete-account": reverse("accounts:delete"),
        "email": reverse("account_email"),
        "password": reverse("account_change_password"),
        "sign-out": reverse("account_logout"),
    }
    anonymous = [Visit(name, path, signed_in=False) for name, path in public.items()]
    return [*anonymous, *jobs, *(Visit(name, path) for name, path in private.items())]


def open_contexts(browser: Browser, address: str, owner: User, **options: object) -> dict[bool, BrowserContext]:
    """Two profiles, with and without the owner's session: `contexts[visit.signed_in]`."""
    contexts = {signed_in: browser.new_context(base_url=address, **options) for signed_in in (False, True)}  # type: ignore[arg-type]
    for context in contexts.values():
        context.set_default_timeout(60_000)
        context.route(f"**{ERROR_PATH}*/", _error_page)
    _sign_in(contexts[True], owner)
    return contexts


def _error_page(route: Route) -> None:
    """The page of an error, as the site would render it."""
    code = int(route.request.url.rstrip("/").rsplit("/", 1)[1])
    route.fulfill(status=code, content_type="text/html", body=render_to_string(f"{code}.html"))


def _sign_in(context: BrowserContext, owner: User) -> None:
    page = context.new_page()
    page.goto(reverse("account_login"))
    page.fill('[name="login"]', owner.email)
    page.fill('[name="password"]', PASSWORD)
    page.click('main button[type="submit"]')
    page.wait_for_url("**/new/")
    page.close()


def show(context: BrowserContext, visit: Visit) -> Page:
    """A fresh tab on the page, with its pictures and its model loaded."""
    page = context.new_page()
    page.goto(visit.path)
    if page.locator("[data-viewer]").count():
        page.wait_for_selector('[data-viewer][data-ready="true"]')
    return page
