"""Health, limits, headers, and the configuration's own checks."""

import inspect

import pytest
import twisted.web.http
from django.core.checks import run_checks
from django.test import Client
from pytest_django import Settings

import reconsite.asgi
from jobs.core import worker_heartbeat
from reconsite.core import checks


def test_it_lives(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_it_is_ready_only_with_a_worker(db: None, client: Client) -> None:
    assert client.get("/readyz").status_code == 503
    worker_heartbeat.record("w")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "redis": True, "worker": True})


def test_a_redis_that_is_away_is_said(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconsite.health.redis_available", lambda: False)
    assert client.get("/readyz").json()["redis"] is False


def test_a_page_for_a_body_over_the_limit(client: Client, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    answer = client.post("/new/", data=b"x" * 200_000, content_type="text/plain", headers={"accept": "text/html"})
    assert answer.status_code == 413
    assert "larger than" in answer.content.decode()


@pytest.mark.parametrize("length", ["99999999999", "-5", "many"])
def test_an_absurd_length_is_413(client: Client, length: str) -> None:
    assert client.get("/", CONTENT_LENGTH=length).status_code == 413


def test_no_script_runs_but_ours(db: None, client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_page_that_is_not_there_looks_like_ours(db: None, client: Client, settings: Settings) -> None:
    settings.DEBUG = False
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "Reconsite" in answer.content.decode()


def test_twisted_leaves_forms_to_django() -> None:
    """The switch that asgi.py sets must still exist in Twisted, or uploads would stop the event loop."""
    assert "_parsePOSTFormSubmission" in inspect.getsource(twisted.web.http)
    assert "__init__" in vars(reconsite.asgi.http_protocol.WebRequest)


def test_the_configuration_has_no_mistakes() -> None:
    assert [message for message in run_checks() if message.is_serious(30) and message.id != "reconsite.W001"] == []


def test_a_media_folder_that_cannot_be_written_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert [message.id for message in checks.media_is_writable()] == ["reconsite.E001"]


def test_missing_weights_are_a_warning(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.BACKGROUND_MODEL = "no-such-model"
    assert [message.id for message in checks.background_weights_are_there()] == ["reconsite.W001"]


def test_a_star_among_the_hosts_is_an_error(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert [message.id for message in checks.hosts_are_named()] == ["reconsite.E003"]
