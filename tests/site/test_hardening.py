"""The site refuses to run unsafely, and its files are private."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from reconsite.core.checks import production_is_safe, refuse_unsafe_settings
from reconsite.core.private_files import generated_secret, private_file, private_folder
from scripts import redis_server
from tests.conftest import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
SAFE: dict[str, Any] = {
    "DEVELOPMENT": False,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["example.org"],
    "SECRET_KEY": "k3y-" + "abcdefghij" * 6,
    "REDIS_URL": "redis://:secret@redis.example.org:6379/0",
}
IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


@pytest.mark.parametrize(
    ("unsafe", "code"),
    [
        ({}, None),
        ({"DEBUG": True}, "E003"),
        ({"ALLOWED_HOSTS": ["*"]}, "E004"),
        ({"SECRET_KEY": "secret"}, "E005"),
        ({"SECRET_KEY": "django-insecure-" + "abcdefghij" * 6}, "E005"),
        ({"SESSION_SERIALIZER": "django.contrib.sessions.serializers.PickleSerializer"}, "E006"),
        ({"RQ_QUEUES": {"reconstruct": {}}}, "E006"),
        ({"CHANNEL_LAYERS": IN_MEMORY}, "E007"),
        ({"REDIS_URL": "redis://redis.example.org:6379/0"}, "E008"),
        ({"REDIS_URL": "redis://127.0.0.1:6379/0"}, None),
        ({"DEBUG": True, "DEVELOPMENT": True}, None),
    ],
)
def test_an_unsafe_production_site_does_not_start(settings: Settings, unsafe: dict[str, Any], code: str | None) -> None:
    for name, value in (SAFE | unsafe).items():
        setattr(settings, name, value)
    assert [error.id for error in production_is_safe()] == ([f"reconsite.{code}"] if code else [])
    if code is None:
        refuse_unsafe_settings()
    else:
        with pytest.raises(SystemExit, match=code):
            refuse_unsafe_settings()


def production(tmp_path: Path, **more: str) -> dict[str, str]:
    """The environment of a public site."""
    return {**os.environ, "SITE_URL": "https://example.org", "DEBUG": "0", "VAR_DIR": str(tmp_path / "var"), **more}


def test_the_deployment_check_is_clean(tmp_path: Path) -> None:
    """As in docs/operations.md."""
    command = [sys.executable, "manage.py", "check", "--deploy", "--tag", "security", "--fail-level", "WARNING"]
    check = subprocess.run(command, cwd=ROOT, env=production(tmp_path), capture_output=True, text=True)
    assert (check.returncode, check.stderr) == (0, "")


def test_the_web_process_refuses_unsafe_settings(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import reconsite.asgi"]
    env = production(tmp_path, ALLOWED_HOSTS="*")
    start = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert start.returncode == 1
    assert "reconsite.E004" in start.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_of_the_site_is_private(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    (var / "db.sqlite3").touch(mode=0o644)
    env = production(tmp_path, DATABASE_URL=f"sqlite:///{var / 'db.sqlite3'}", REDIS_URL="")
    subprocess.run([sys.executable, "-c", "import reconsite.settings"], cwd=ROOT, env=env, check=True)
    assert mode(var) == 0o700
    assert {mode(var / name) for name in ("db.sqlite3", "secret_key", "redis_password")} == {0o600}


def test_a_generated_secret_stays_the_same(tmp_path: Path) -> None:
    first = generated_secret(tmp_path / "secret")
    assert len(first) > 50
    assert generated_secret(tmp_path / "secret") == first
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_our_redis_has_a_password_that_no_process_list_shows(tmp_path: Path) -> None:
    config = redis_server.with_password(tmp_path, "secret")
    assert config.read_text() == "requirepass secret\n"
    assert mode(config) == 0o600
    assert "secret" not in redis_server.arguments(tmp_path, "6390")


def test_private_paths_that_exist_are_closed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o755)
    (tmp_path / "file").touch(mode=0o644)
    private_folder(tmp_path / "folder")
    private_file(tmp_path / "file")
    assert (mode(tmp_path / "folder"), mode(tmp_path / "file")) == (0o700, 0o600)


@pytest.mark.django_db
def test_adding_an_address_asks_for_the_password_again(owner: User) -> None:
    browser = Client()
    browser.force_login(owner)
    response = browser.post("/accounts/email/", {"action_add": "", "email": "other@example.org"})
    assert response["Location"].startswith("/accounts/reauthenticate/")
    page = browser.get(response["Location"])
    assert "Confirm it’s you" in page.content.decode()
    browser.post(response["Location"], {"password": PASSWORD})
    assert browser.get("/accounts/email/").status_code == 200


def test_the_cookies_of_an_https_site_are_bound_to_its_host(tmp_path: Path) -> None:
    code = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    env = production(tmp_path, DJANGO_SETTINGS_MODULE="reconsite.settings")
    names = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True).stdout
    assert names.split() == ["__Host-sessionid", "__Host-csrftoken"]


def test_a_static_file_that_is_opened_as_a_page_runs_nothing() -> None:
    headers: dict[str, str] = {}
    site_settings.SERVESTATIC_ADD_HEADERS_FUNCTION(headers, "", "")
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
