"""Finished models without a worker, the web process alone, and a browser with a signed-in user."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, Page

from accounts.models import User
from jobs.core import artifacts, services, transitions
from jobs.models import Job
from ml.pipeline.reconstruct import Reconstruction, reconstruct
from ml.recipe import Recipe
from scripts.ports import free_port, wait_for_port
from tests.conftest import encoded, picture, signed_in
from tests.live import environment, start

READY = '[data-viewer][data-ready="true"]'
STILL_AT_A_DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
SMALL = Recipe(engine="compact", quality="draft", frame_size=64, frame_count=6)


@cache
def _made(photo: bytes, recipe: Recipe) -> tuple[Path, Reconstruction]:
    """The photo's model, computed once per test run."""
    folder = Path(tempfile.mkdtemp(dir=settings.VAR_DIR))
    return folder, reconstruct([photo], recipe, folder)


def finished_model(owner: User, recipe: Recipe = SMALL, photo: bytes | None = None, title: str = "Lamp") -> Job:
    """A finished job as a worker would leave it; the photo defaults to the red lamp."""
    photo = photo or encoded(picture())
    folder, made = _made(photo, recipe)
    job = services.submit(owner, [(photo, "photo.png")], recipe, title=title).job
    token = transitions.claim(job.pk, worker="test")
    assert token is not None
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR) as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        assert artifacts.store(job, token, Path(copy), made.files, made.report)
    job.refresh_from_db()
    return job


@contextmanager
def web_alone(**more: str) -> Iterator[str]:
    """daphne without worker and reconciler, with `more` in its environment; yields its URL."""
    port = free_port()
    daphne = [str(Path(sys.executable).with_name("daphne")), "-p", str(port)]
    web = start([*daphne, "reconsite.asgi:application"], environment(port, **more))
    try:
        wait_for_port(port, web.popen)
        yield f"http://localhost:{port}"
    finally:
        web.end()


@contextmanager
def opened(browser: Browser, address: str, user: User | None, **options: Any) -> Iterator[Page]:
    """A page of a fresh profile, by default at desktop width and without motion (a rotating model without a graphics
    card takes two cores). Fails the test on an uncaught JavaScript error.
    """
    context = browser.new_context(base_url=address, **{**STILL_AT_A_DESK, **options})
    context.set_default_timeout(120_000)
    if user is not None:
        session = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
    page.on("console", lambda message: print(message.type, message.text))  # pytest shows it beside a failure
    try:
        yield page
    finally:
        context.close()
    assert not errors, "\n".join(errors)
