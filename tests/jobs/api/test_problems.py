"""Every error under /api/ is a problem (RFC 9457), wherever in the site it occurs."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings
from rest_framework.throttling import ScopedRateThrottle

from accounts.models import User
from jobs.models import Job
from reconsite.core.problems import advice_of
from tests.conftest import api_of, signed_in

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"
ODD_REQUESTS: list[tuple[int, str, dict[str, Any]]] = [
    (400, f"{JOBS}?state=lost", {}),
    (400, f"{JOBS}?q=%00", {}),
    (400, JOBS, {"headers": {"host": "elsewhere.example"}}),
    (404, "/api/v1/nothing/", {}),
    (404, "/api/v1/nothing/", {"headers": {"accept": "text/html"}}),
    (404, f"{JOBS}5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/", {}),
    (405, JOBS, {"method": "PUT"}),
    (406, JOBS, {"headers": {"accept": "text/html"}}),
    (411, JOBS, {"method": "POST", "CONTENT_LENGTH": None, "headers": {"transfer-encoding": "chunked"}}),
    (413, JOBS, {"method": "POST", "CONTENT_LENGTH": "999999999999"}),
    (415, JOBS, {"method": "POST", "data": "a", "content_type": "text/plain"}),
]


def request(client: Client, path: str, method: str = "GET", **more: Any) -> Any:
    if "CONTENT_LENGTH" in more and more["CONTENT_LENGTH"] is None:
        more.pop("CONTENT_LENGTH")
        more["CONTENT_TYPE"] = "application/json"
    return client.generic(method, path, **more)


def check(response: Any, status: int) -> dict[str, Any]:
    """The body, after checking what all problems have."""
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "errors", "retryable", "advice"}
    assert (body["status"], body["code"]) == (status, body["errors"][0]["code"])
    assert body["advice"]
    return body


@pytest.mark.parametrize(("status", "path", "more"), ODD_REQUESTS)
def test_an_odd_request_gets_a_problem(owner: User, status: int, path: str, more: dict[str, Any]) -> None:
    body = check(request(signed_in(owner), path, **more), status)
    assert (body["type"] in ("client_error", "validation_error"), body["retryable"]) == (True, False)


def test_without_a_token_it_is_a_problem_too() -> None:
    response = Client().get(JOBS)
    check(response, 401)
    assert response["WWW-Authenticate"] == "Bearer"


def test_an_unsafe_request_of_a_page_needs_its_csrf_token(job: Job, owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    check(client.delete(f"{JOBS}{job.pk}/"), 403)


@pytest.mark.parametrize(("error", "status", "code"), [(OperationalError, 503, "busy"), (KeyError, 500, "error")])
@pytest.mark.parametrize("place", ["jobs.core.access.jobs_of", "django.contrib.auth.middleware.get_user"])
def test_an_exception_is_a_problem_inside_and_outside_of_a_view(
    owner: User, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int, code: str, place: str
) -> None:
    client = signed_in(owner)
    client.raise_request_exception = False

    def broken(*args: object) -> None:
        raise error("no such thing")

    monkeypatch.setattr(place, broken)
    response = client.get(JOBS)
    body = check(response, status)
    assert (body["code"], body["type"], body["retryable"]) == (code, "server_error", True)
    assert response.has_header("Retry-After") == (status == 503)


def test_the_pages_keep_their_own_errors(owner: User) -> None:
    assert signed_in(owner).get("/nothing/")["Content-Type"].startswith("text/html")


def test_too_many_active_jobs_can_be_tried_again(owner: User, photo: bytes, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 0
    from tests.jobs.api.test_jobs import upload

    response = upload(owner, photo)
    assert check(response, 429)["retryable"]
    assert response["Retry-After"] == "15"


def test_a_limited_action_says_what_is_left(job: Job, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submit": "2/min"})
    responses = [api_of(owner).post(f"{JOBS}{job.pk}/remix/", {}) for _ in range(3)]
    assert [response["RateLimit-Remaining"] for response in responses] == ["1", "0", "0"]
    assert {response["RateLimit-Policy"] for response in responses} == {"2;w=60"}
    assert 0 < int(responses[2]["RateLimit-Reset"]) <= 60
    assert check(responses[2], 429)["code"] == "throttled"
    assert 0 < int(responses[2]["Retry-After"]) <= 60


def test_the_advice_is_what_follows_the_first_sentence() -> None:
    assert advice_of("The file is empty. Choose it and try again.") == "Choose it and try again."
    assert advice_of("Only this.") == ""
