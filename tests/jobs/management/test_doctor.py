"""What `manage.py doctor` says of a healthy site, and of each thing that can be missing."""

import io
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from smtplib import SMTPAuthenticationError

import pytest
from django.core.checks import Error
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings
from redis import Redis
from redis.exceptions import RedisError

from jobs.core import doctor, worker_heartbeat
from jobs.core.doctor import OK, PROBLEM, WARNING, Finding
from jobs.models import Job
from tests.conftest import stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def healthy(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    """All is well, but that no web process runs."""
    worker_heartbeat.record("w")
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").write_text("{}")
    monkeypatch.setattr(doctor, "_redis_option", {name: value for name, value, _ in doctor.REDIS_OPTIONS}.get)
    monkeypatch.setattr(doctor, "run_checks", lambda **options: [])
    monkeypatch.setattr("jobs.core.redis_owner.is_anothers", lambda: False)


def findings(name: str) -> list[tuple[str, str]]:
    return [(found.status, found.advice or found.detail) for found in doctor.examine() if found.name == name]


def statuses() -> dict[str, str]:
    return {found.name: found.status for found in doctor.examine()}


class Healthy(BaseHTTPRequestHandler):
    """Answers every request with 200."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def test_a_healthy_site_has_no_problem(settings: Settings) -> None:
    printed = io.StringIO()
    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever).start()
        settings.SITE_URL = f"http://127.0.0.1:{server.server_port}"
        call_command("doctor", "--json", stdout=printed)
        server.shutdown()
    assert {found["status"] for found in json.loads(printed.getvalue())} == {OK}


def test_a_problem_is_printed_with_its_advice_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("doctor", "--no-color")
    assert end.value.code == 1
    assert "problem  address: http://localhost" in capsys.readouterr().out


def test_what_django_complains_of_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "run_checks", lambda **options: [Error("MEDIA_ROOT is not writable.")])
    assert findings("settings") == [(PROBLEM, "See docs/configuration.md.")]


def test_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.core.health.database_available", lambda: False)
    assert findings("database") == [(PROBLEM, "Start it, or correct DATABASE_URL.")]


def test_missing_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.core.health.migrations_applied", lambda: False)
    assert findings("database") == [(PROBLEM, "Run: python manage.py migrate")]


def test_a_redis_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.core.health.redis_available", lambda: False)
    assert findings("redis") == [(PROBLEM, "Start it, or correct REDIS_URL.")]


def test_a_redis_of_another_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.core.redis_owner.is_anothers", lambda: True)
    assert findings("redis") == [(OK, "answers"), (PROBLEM, "Give REDIS_URL another database number.")]


@pytest.mark.parametrize(("name", "value"), [("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")])
def test_a_redis_that_may_forget_is_a_warning(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setattr(doctor, "_redis_option", {name: value}.get)
    assert [status for status, _ in findings("redis")] == [OK, WARNING]


def test_a_redis_that_does_not_tell_its_options_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    def refuse(*args: object, **more: object) -> None:
        raise RedisError("unknown command CONFIG")

    monkeypatch.setattr(Redis, "config_get", refuse)
    assert [status for status, _ in findings("redis")] == [OK]


def test_a_storage_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError("Read-only file system")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage.save", refuse)
    assert findings("storage") == [(PROBLEM, "Correct MEDIA_ROOT or its permissions.")]


def test_a_full_disk(settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 10**18
    assert findings("storage") == [(PROBLEM, "Free some space.")]


def test_the_probe_leaves_no_file() -> None:
    before = stored_files()
    doctor.examine()
    assert stored_files() == before


def test_no_worker() -> None:
    worker_heartbeat.remove("w")
    assert findings("workers") == [(PROBLEM, "Run: python manage.py worker")]


def test_a_job_that_redis_does_not_know_shows_that_no_reconciler_runs(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    Job.objects.update(queued_at=timezone.now() - timedelta(minutes=5))
    monkeypatch.setattr("jobs.core.queue.queued_entry_ids", lambda: {f"{job.pk}-1"})
    assert findings("reconciler") == []
    monkeypatch.setattr("jobs.core.queue.queued_entry_ids", lambda: set())
    assert findings("reconciler") == [(PROBLEM, "Run: python manage.py reconcile")]


def test_an_ffmpeg_that_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", lambda: "/nowhere/ffmpeg")
    assert [status for status, _ in findings("ffmpeg")] == [PROBLEM]


def test_static_files_that_were_not_collected(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "empty"
    assert findings("static files") == [(PROBLEM, "Run: python manage.py collectstatic")]


def test_a_small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MIN_MEMORY_BYTES", 2**60)
    assert statuses()["memory"] == WARNING


def test_a_public_site_without_a_mail_server(settings: Settings) -> None:
    settings.DEVELOPMENT = False
    assert findings("email") == [(WARNING, "Set EMAIL_URL.")]


def test_a_mail_server_that_refuses_the_password(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise SMTPAuthenticationError(535, b"no")

    settings.HAS_MAIL_SERVER = True
    monkeypatch.setattr("django.core.mail.get_connection", refuse)
    assert findings("email") == [(PROBLEM, "Correct EMAIL_URL.")]


def test_every_finding_that_is_not_ok_has_an_advice() -> None:
    assert [found for found in doctor.examine() if found.status != OK and not found.advice] == []


def finding_names(found: list[Finding]) -> set[str]:
    return {finding.name for finding in found}


def test_one_broken_check_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.core.health.database_available", lambda: False)
    monkeypatch.setattr("jobs.core.health.redis_available", lambda: False)
    assert {"storage", "engines", "ffmpeg", "address"} <= finding_names(doctor.examine())
