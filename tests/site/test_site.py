"""Health endpoints, limits, headers, and system checks."""

import http.client
import inspect

import pytest
import twisted.web.http
from daphne import http_protocol
from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

import reconsite.application  # noqa: F401  (installs our requests)
from jobs.core import worker_heartbeat
from reconsite.core import checks
from reconsite.limited_request import LimitedRequest
from tests.live import site


def test_healthz_reports_a_running_process(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_readyz_requires_a_worker(db: None, client: Client) -> None:
    assert client.get("/readyz").status_code == 503
    worker_heartbeat.record("w")
    response = client.get("/readyz")
    names = ("database", "migrations", "storage", "redis", "worker")
    assert (response.status_code, response.json()) == (200, dict.fromkeys(names, True))


def test_readyz_requires_space_for_photos(db: None, client: Client, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 10**18
    assert client.get("/readyz").json()["storage"] is False


def test_readyz_requires_every_migration(db: None, client: Client) -> None:
    newest = MigrationLoader(connection).graph.leaf_nodes("jobs")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["migrations"]) == (503, False)


def test_an_unavailable_redis_is_reported(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconsite.health.redis_available", lambda: False)
    assert client.get("/readyz").json()["redis"] is False


def test_a_browser_gets_a_page_for_an_upload_over_the_limit(client: Client, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    response = client.post("/new/", data=b"x" * 200_000, content_type="text/plain", headers={"accept": "text/html"})
    assert response.status_code == 413
    assert "larger than" in response.content.decode()


@pytest.mark.parametrize("length", ["99999999999", "-5", "many"])
def test_an_invalid_content_length_is_413(client: Client, length: str) -> None:
    assert client.get("/", CONTENT_LENGTH=length).status_code == 413


def test_a_body_without_a_length_is_411(client: Client) -> None:
    request = {"REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/jobs/", "HTTP_TRANSFER_ENCODING": "chunked"}
    response = client.request(**request)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (411, "length_required")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_daphne_passes_on_that_a_body_is_chunked() -> None:
    with site() as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
        connection.request("POST", "/api/v1/jobs/", iter([b"--x\r\n", b"--x--\r\n"]), encode_chunked=True)
        assert connection.getresponse().status == 411


def test_only_our_own_scripts_may_run(db: None, client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_404_page_has_the_sites_design(db: None, client: Client, settings: Settings) -> None:
    settings.DEBUG = False
    response = client.get("/no/such/page")
    assert response.status_code == 404
    assert "Reconsite" in response.content.decode()


def test_twisted_does_not_parse_forms() -> None:
    """The switch that our requests set must still exist in Twisted, or uploads would block the event loop."""
    assert "_parsePOSTFormSubmission" in inspect.getsource(twisted.web.http)
    assert http_protocol.WebRequest is LimitedRequest


def test_the_system_checks_pass() -> None:
    assert [message for message in run_checks() if message.is_serious(30) and message.id != "reconsite.W001"] == []


def test_a_media_folder_that_is_not_writable_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert [message.id for message in checks.storage_is_usable()] == ["reconsite.E001"]


def test_missing_weights_are_a_warning(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.BACKGROUND_MODEL = "no-such-model"
    assert [message.id for message in checks.background_weights_are_there()] == ["reconsite.W001"]
