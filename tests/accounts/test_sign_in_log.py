"""The log says who signed in, how and from where, and contains no secret."""

from __future__ import annotations

import logging

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.accounts.second_factor import signed_in_by_form, with_app
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_levels(caplog: pytest.LogCaptureFixture) -> None:
    cache.clear()
    caplog.set_level(logging.INFO, "accounts.core.sign_in_log")


def test_steps_and_sign_in_are_logged(owner: User, caplog: pytest.LogCaptureFixture) -> None:
    recovery = with_app(owner)[0]
    signed_in_by_form(owner, recovery).post("/accounts/logout/")
    steps = [record.getMessage() for record in caplog.records]
    assert f"Step password of user {owner.pk} from 127.0.0.1" in steps
    assert f"Step recovery_codes of user {owner.pk} from 127.0.0.1" in steps
    assert f"Sign-in of user {owner.pk} from 127.0.0.1" in steps
    assert f"Sign-out of user {owner.pk} from 127.0.0.1" in steps
    assert recovery not in caplog.text


def test_failures_are_logged_without_what_was_entered(owner: User, caplog: pytest.LogCaptureFixture) -> None:
    Client().post("/accounts/login/", {"login": owner.email, "password": "a-wrong-word-99"})
    with_app(owner)
    signed_in_by_form(owner, "000000x")
    assert "Failed sign-in from 127.0.0.1" in caplog.text
    assert f"Wrong second factor of user {owner.pk} from 127.0.0.1" in caplog.text
    assert "a-wrong-word-99" not in caplog.text
    assert "000000x" not in caplog.text


def test_tokens_are_logged_by_their_prefix(owner: User, caplog: pytest.LogCaptureFixture) -> None:
    body = APIClient().post("/api/v1/auth/tokens/", {"email": owner.email, "password": PASSWORD}).json()
    assert f"New API token {body['token'][:15]} of user {owner.pk}" in caplog.text
    assert body["token"] not in caplog.text
