"""Without Redis people can sign in, rate limits work, photos are stored, and no response is 500."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django import Settings

from accounts.models import User
from jobs.models import Job
from reconsite.core.outage import outage
from scripts.ports import free_port
from tests.browser.finished import web_alone
from tests.conftest import PASSWORD, encoded, make_user, picture

LOGIN = "/accounts/login/"
REAL = django_settings.CACHES["default"]


@pytest.fixture
def dead_redis(settings: Settings) -> Iterator[None]:
    """The cache connects to a port on which nobody listens."""
    settings.CACHES = {"default": {**REAL, "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}}
    cache.memory.clear()  # type: ignore[attr-defined]
    yield
    outage.end()


def test_without_redis_this_process_counts(dead_redis: None) -> None:
    assert cache.add("tries", 1, 60)
    assert not cache.add("tries", 1, 60)
    assert cache.incr("tries") == 2
    assert cache.get_many(["tries"]) == {"tries": 2}


def test_redis_is_used_again_once_it_is_back(dead_redis: None, settings: Settings) -> None:
    cache.set("greeting", "from memory", 60)
    settings.CACHES = {"default": REAL}
    outage.end()
    assert cache.get("greeting") is None


def test_an_unavailable_redis_is_not_tried_for_every_call(dead_redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", lambda *_: calls.append(1))
    cache.set("greeting", "hello", 60)  # fails
    for _ in range(12):
        cache.get("greeting")
    assert not calls


@pytest.mark.django_db
def test_the_limit_of_wrong_passwords_works_without_redis(dead_redis: None) -> None:
    make_user("owner")
    client = Client(raise_request_exception=False)
    wrong = [client.post(LOGIN, {"login": "owner@example.org", "password": "wrong"}) for _ in range(12)]
    assert {response.status_code for response in wrong} <= {200, 429}
    right = client.post(LOGIN, {"login": "owner@example.org", "password": PASSWORD})
    assert right.status_code in (200, 429)
    assert "_auth_user_id" not in client.session


@pytest.fixture
def lonely_site(transactional_db: None) -> Iterator[str]:
    """The real web process; its Redis is a port on which nobody listens."""
    with web_alone(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0") as address:
        yield address


def test_people_can_sign_up_sign_in_and_submit_a_photo_without_redis(lonely_site: str) -> None:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    send(
        browser,
        f"{lonely_site}/accounts/signup/",
        {"email": "new@example.org", "password1": PASSWORD},
    )
    send(browser, f"{lonely_site}/accounts/logout/", {})
    assert "New model" in send(browser, f"{lonely_site}{LOGIN}", {"login": "new@example.org", "password": PASSWORD})
    photo = SimpleUploadedFile("lamp.png", encoded(picture()), "image/png")
    page = send(browser, f"{lonely_site}/new/", {"photo": photo, "quality": "draft", "engine": "auto"})
    assert "No worker is running" in page
    assert Job.objects.get().owner == User.objects.get()


def send(browser: OpenerDirector, url: str, fields: dict[str, Any]) -> str:
    """Submit the form at `url`; returns the page that the browser ends on."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.open(url).read().decode())
    assert token is not None
    form = encode_multipart(BOUNDARY, {**fields, "csrfmiddlewaretoken": token[1]})
    try:
        return str(browser.open(Request(url, form, {"Content-Type": MULTIPART_CONTENT})).read().decode())
    except HTTPError as error:
        pytest.fail(f"{url} answered {error.code}: {error.read().decode()[:500]}")
