"""A real browser on the real site. Without chromium the tests skip, or fail if REQUIRE_BROWSER is set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from pytest_django import DjangoDbBlocker

from scripts.ensure_chromium import find_chromium
from tests.browser import pages
from tests.browser.finished import STILL_AT_A_DESK, finished_model, web_alone
from tests.live import site

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # Chromium itself asks for names on the internet.
    "--host-resolver-rules=MAP * ~NOTFOUND,EXCLUDE localhost,EXCLUDE 127.0.0.1",
]


OWN_HOSTS = ("localhost", "127.0.0.1")
"""The site under test, and the other site of tests/browser/test_share.py, which embeds it."""


@pytest.fixture(autouse=True)
def fast_passwords() -> None:
    """Overridden: the site under test runs with its own settings and would not accept the fast hash."""


def forget_limits() -> None:
    """Start the site's limits anew: sign-ups of other modules' tests count for an hour. Not while a worker runs."""
    cache.clear()


def furnish() -> Iterator[pages.Furnished]:
    """A site with content on every page. Call it before the browser starts: its event loop blocks notifications."""
    forget_limits()
    owner = pages.person("Ada")
    visits = pages.furnish(owner, [finished_model(owner)])
    with web_alone(**pages.SETTINGS) as url:
        yield pages.Furnished(url, owner, visits)


@pytest.fixture
def furnished(transactional_db: None) -> Iterator[pages.Furnished]:
    """A site with content on every page, for a test that changes something."""
    yield from furnish()


@pytest.fixture(scope="module")
def showcase(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[pages.Furnished]:
    """A site with content on every page, shared by the tests of a module, which must not change it."""
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    with django_db_blocker.unblock():
        yield from furnish()
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """`chromium`, one per test: its event loop would disturb other tests."""
    with chromium() as launched:
        yield launched


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium with software WebGL; fails the test if a page asked another host."""
    path = find_chromium()
    if path is None:
        message = "NO CHROMIUM: install one to run the browser tests"
        pytest.fail(message) if os.environ.get("REQUIRE_BROWSER") else pytest.skip(message)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        foreign = watch_requests(launched)
        yield launched
        launched.close()
    assert foreign == [], "a page asked another host"


def watch_requests(browser: Browser) -> list[str]:
    """A list that collects the addresses on other hosts that pages ask for."""
    foreign: list[str] = []
    new_context = browser.new_context

    def note(request: Request) -> None:
        if urlsplit(request.url).hostname not in (*OWN_HOSTS, None):  # None: data and blob
            foreign.append(request.url)

    def new_watched_context(**options: Any) -> BrowserContext:
        # Through a service worker, requests of a page are no longer those that a test sees and answers itself.
        context = new_context(**{"service_workers": "block", **options})
        context.on("request", note)
        return context

    browser.new_context = new_watched_context  # type: ignore[method-assign]
    return foreign


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[str]:
    """The web process alone, shared by the tests of a module; each test empties the database."""
    forget_limits()
    with web_alone() as url:
        yield url


@pytest.fixture(scope="module")
def whole_site(django_db_setup: None) -> Iterator[str]:
    """Web process, worker and reconciler, shared by the tests of a module; each test empties the database."""
    forget_limits()
    with site() as url:
        yield url


@pytest.fixture
def address(transactional_db: None, whole_site: str) -> str:
    """The whole site, without any account."""
    return whole_site


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A fresh browser profile at desktop width, without motion."""
    fresh = browser.new_context(base_url=address, accept_downloads=True, **STILL_AT_A_DESK)
    fresh.set_default_timeout(120_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test on an uncaught JavaScript error."""
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
    yield opened
    assert not errors, "\n".join(errors)
