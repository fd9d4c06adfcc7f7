"""The site as an installed app: manifest, service worker, offline page, shared photos."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from jobs.models import Job
from jobs.pages import install
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db


def test_the_manifest_is_the_same_for_everyone(client: Client, owner: User) -> None:
    response = client.get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    assert response.content == signed_in(owner).get("/manifest.webmanifest").content
    assert "public" in response["Cache-Control"]
    assert not response.cookies


def test_the_manifest_has_the_colours_of_the_pages() -> None:
    tokens = (Path(settings.BASE_DIR) / "frontend/styles/tokens.css").read_text()
    light, dark = (re.findall(r"--rc-bg: (#\w+)", tokens), re.findall(r"--rc-accent: (#\w+)", tokens))
    assert (light[0], dark[0]) == (install.BACKGROUND, install.ACCENT)
    head = (Path(settings.BASE_DIR) / "templates/base.html").read_text()
    assert re.findall(r'name="theme-color" content="(#\w+)"', head) == light


def test_the_service_worker_may_control_the_whole_site(client: Client) -> None:
    response = client.get("/service-worker.js")
    assert response["Content-Type"] == "text/javascript"
    assert response["Cache-Control"] == "no-cache"
    policy = response["Content-Security-Policy"]
    assert "connect-src 'self'" in policy and "manifest-src 'self'" in policy and "unsafe" not in policy


def test_a_change_of_the_offline_page_changes_the_service_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    before = install.service_worker()
    assert install.service_worker() == before
    monkeypatch.setattr(install, "render_to_string", lambda name: "another page")
    assert install.service_worker() != before


def test_the_offline_page_knows_nothing_of_its_visitor(client: Client, owner: User) -> None:
    response = client.get("/offline/")
    assert "You're offline" in response.content.decode()
    assert signed_in(owner).get("/offline/").content == response.content
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies


def test_a_shared_photo_leads_to_the_upload_page(client: Client, owner: User, settings: Settings) -> None:
    assert signed_in(owner).get("/share-target/")["Location"] == "/new/"
    assert client.get("/share-target/")["Location"] == "/accounts/signup/?next=%2Fnew%2F"
    settings.OPEN_SIGN_UP = False
    assert client.get("/share-target/")["Location"] == "/accounts/login/?next=%2Fnew%2F"


def test_a_photo_that_reaches_the_server_is_dropped_and_the_visitor_told(owner: User, photo: bytes) -> None:
    """Without the service worker. Another site can send such a form too, so nothing may come of it."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    response = browser.post("/share-target/", {"photo": SimpleUploadedFile("lamp.png", photo)}, follow=True)
    assert response.redirect_chain == [("/new/", 302)]
    assert "The shared photo did not arrive. Choose it here." in response.content.decode()
    assert not Job.objects.exists()
