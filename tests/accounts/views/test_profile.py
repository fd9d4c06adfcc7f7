"""The profile page: display name, storage and active jobs."""

import pytest
from django.test import Client

from accounts.models import User
from jobs.models import Job
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

PAGE = "/accounts/profile/"


def test_the_display_name_is_saved(owner: User) -> None:
    signed_in(owner).post(PAGE, {"display_name": "Ada"})
    owner.refresh_from_db()
    assert owner.display_name == "Ada"


def test_a_display_name_that_is_too_long_is_rejected(owner: User) -> None:
    response = signed_in(owner).post(PAGE, {"display_name": "x" * 61})
    html = response.content.decode()
    assert response.status_code == 400
    assert 'aria-invalid="true"' in html
    assert 'id="id_display_name_error"' in html


def test_only_the_display_name_can_be_changed(owner: User) -> None:
    signed_in(owner).post(PAGE, {"display_name": "Ada", "is_staff": "1", "quota_mb": "0"})
    owner.refresh_from_db()
    assert (owner.is_staff, owner.quota_mb) == (False, None)


def test_storage_and_active_jobs_are_shown(owner: User, job: Job) -> None:
    owner.quota_mb = 7
    owner.save()
    html = signed_in(owner).get(PAGE).content.decode()
    assert "of 7.0\xa0MB" in html
    assert "1 of 5" in html


def test_anonymous_visitors_must_sign_in(client: Client) -> None:
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize("name", ["profile", "tokens", "sessions", "data", "delete", "email", "password/change"])
def test_every_account_page_links_to_the_others(owner: User, name: str) -> None:
    html = signed_in(owner).get(f"/accounts/{name}/").content.decode()
    for other in ("profile", "email", "password/change", "sessions", "tokens", "data"):
        assert f'href="/accounts/{other}/"' in html
