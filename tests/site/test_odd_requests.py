"""Requests that no client of ours sends: a fitting 4xx, never a 5xx, and no secret in the log."""

from __future__ import annotations

import io
import logging

import pytest
from daphne.access import AccessLogGenerator
from django.contrib.contenttypes.models import ContentType
from django.test import Client

import reconsite.application  # noqa: F401  (masks the access log)
from accounts.models import ApiToken, User
from jobs.core import sharing
from jobs.models import Job
from reconsite.core.log_secrets import MaskSecrets, mask
from tests.conftest import PASSWORD, api_of, signed_in
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("header", [f"bytes={'9' * 5000}-", f"bytes=-{'9' * 5000}", "bytes=²-"])
def test_a_range_that_is_no_number_of_a_file_is_416(job: Job, owner: User, header: str) -> None:
    finish(job)
    response = signed_in(owner).get(f"/jobs/{job.pk}/files/mesh.glb", headers={"range": header})
    assert response.status_code == 416


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, "[]", '"text"', "{", "\xff"])
def test_odd_json_is_a_400(job: Job, owner: User, body: str) -> None:
    response = api_of(owner).generic("PATCH", f"/api/v1/jobs/{job.pk}/", body, "application/json")
    assert response.status_code == 400


def test_json_over_a_megabyte_is_a_413(job: Job, owner: User) -> None:
    body = '{"title": "' + "x" * 1_100_000 + '"}'
    response = api_of(owner).generic("PATCH", f"/api/v1/jobs/{job.pk}/", body, "application/json")
    assert response.status_code == 413
    assert response.json()["errors"][0]["code"] == "too_large"


@pytest.mark.parametrize(
    "path", ["/explore/?q=%00", "/s/%00/", "/c/%00/", "/models/?tag=a%00b", "/api/v1/explore/?q=%00"]
)
def test_a_nul_in_an_address_is_a_400(owner: User, path: str) -> None:
    assert signed_in(owner).get(path).status_code == 400


@pytest.mark.parametrize("owner_id", ["²", "9" * 40, "-1", "x"])
def test_an_odd_owner_in_the_admin_is_no_error(admin_client: Client, owner_id: str) -> None:
    assert admin_client.get("/admin/jobs/job/", {"owner": owner_id}).status_code in (200, 302)


def test_a_recipe_has_each_format_at_most_once(job: Job, owner: User) -> None:
    finish(job)
    response = api_of(owner).post(f"/api/v1/jobs/{job.pk}/remix/", {"formats": ["stl"] * 100_000}, format="json")
    assert response.status_code == 400


@pytest.mark.parametrize("lookup", ["digest__startswith", "token_key__startswith", "user__password__startswith"])
def test_the_admin_finds_no_token_by_its_hash(lookup: str) -> None:
    root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    ApiToken.objects.create(user=root)
    response = signed_in(root).get("/admin/accounts/apitoken/", {lookup: "a"})
    assert response.status_code in (302, 400)  # the admin's answer to a look-up that it does not allow


@pytest.mark.parametrize("page", ["/models/", "/explore/", "/accounts/profile/", "/api/v1/jobs/", "/new/"])
def test_no_private_answer_is_cached(owner: User, page: str) -> None:
    assert "no-store" in signed_in(owner).get(page)["Cache-Control"]


def test_a_shared_page_is_not_cached_and_a_public_one_may_be(job: Job) -> None:
    finish(job)
    assert "no-store" in Client().get(sharing.share(job).get_absolute_url())["Cache-Control"]
    assert not Client().get("/explore/").has_header("Cache-Control")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /s/AbC-123_x/embed/ 200", "GET /s/…/embed/ 200"),
        ("GET /c/AbC-123_x/embed/ 200", "GET /c/…/embed/ 200"),
        ("Not Found: /accounts/password/reset/key/3-c9x-0a/", "Not Found: /accounts/password/reset/key/…/"),
        ("/accounts/confirm-email/MQ:1u:zz/", "/accounts/confirm-email/…/"),
        ("/jobs/1/s", "/jobs/1/s"),
        ("Waiting for rediss://:a%40b@h:6379/0.", "Waiting for rediss://:…@h:6379/0."),
        ("postgres://user:secret@h/db", "postgres://user:…@h/db"),
        ("http://h:8000/@someone", "http://h:8000/@someone"),
    ],
)
def test_secrets_in_addresses_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_the_log_and_the_access_log_mask_them() -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Not Found: %s", ("/s/secret/",), None)
    MaskSecrets().filter(record)
    assert record.getMessage() == "Not Found: /s/…/"
    stream = io.StringIO()
    details = {"client": "c", "method": "GET", "path": "/s/secret/", "status": 200, "size": 1}
    AccessLogGenerator(stream)("http", "complete", details)
    assert "secret" not in stream.getvalue()
    assert "/s/…/" in stream.getvalue()


@pytest.mark.parametrize("kind", ["knox", "contenttypes", "²", "9" * 40])
def test_the_admin_links_to_the_pages_of_its_own_rows_alone(admin_client: Client, job: Job, kind: str) -> None:
    """The table of knox's own tokens does not exist here."""
    number = ContentType.objects.filter(app_label=kind).values_list("pk", flat=True).first() or kind
    assert admin_client.get(f"/admin/r/{number}/1/").status_code == 404
    of_jobs = ContentType.objects.get_for_model(Job).pk
    assert admin_client.get(f"/admin/r/{of_jobs}/{job.pk}/").status_code == 302


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/api/v1/jobs/", "/healthz"])
def test_trace_is_not_supported(db: None, path: str) -> None:
    assert Client().generic("TRACE", path).status_code in (401, 405)
