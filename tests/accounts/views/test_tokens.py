"""The page of API tokens."""

import contextlib
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.core import tokens
from accounts.models import ApiToken, User
from reconsite.core.errors import MESSAGES, Rejected
from tests.conftest import PASSWORD, signed_in

pytestmark = pytest.mark.django_db

PAGE = "/accounts/tokens/"


def make(user: User, name: str = "kitchen", **more: str) -> str:
    """Create a token on the page; returns its text."""
    html = signed_in(user).post(PAGE, {"name": name, "never_expires": "", **more}).content.decode()
    match = re.search(r'id="new-token" value="([0-9a-f]+)"', html)
    assert match
    return match[1]


def status_with(text: str) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client.get("/api/v1/jobs/").status_code


def test_a_new_token_gives_access_to_the_api(owner: User) -> None:
    assert status_with(make(owner)) == 200


def test_a_new_token_is_shown_once_and_never_cached(owner: User) -> None:
    response = signed_in(owner).post(PAGE, {"name": "kitchen", "never_expires": ""})
    assert "no-store" in response["Cache-Control"]
    assert "new-token" not in signed_in(owner).get(PAGE).content.decode()


def test_the_last_use_is_stored(owner: User) -> None:
    text = make(owner)
    assert ApiToken.objects.get().last_used_at is None
    status_with(text)
    assert ApiToken.objects.get().last_used_at is not None


def test_the_last_use_is_written_at_most_once_a_minute(owner: User, django_assert_num_queries: object) -> None:
    status_with(make(owner))
    token = ApiToken.objects.get()
    with django_assert_num_queries(0):  # type: ignore[operator]
        tokens.record_use(token)


def test_a_token_can_be_valid_for_ever(owner: User) -> None:
    make(owner, never_expires="1")
    assert ApiToken.objects.get().expiry is None


def test_a_second_token_of_the_same_name_is_rejected(owner: User) -> None:
    make(owner)
    response = signed_in(owner).post(PAGE, {"name": "kitchen", "never_expires": ""})
    assert response.status_code == 400
    assert "You already have a token with this name" in response.content.decode()
    assert ApiToken.objects.count() == 1


def test_one_token_too_many_is_rejected_by_page_and_api(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 1)
    make(owner)
    page = signed_in(owner).post(PAGE, {"name": "phone", "never_expires": ""})
    api = APIClient().post("/api/v1/auth/tokens/", {"email": owner.email, "password": PASSWORD})
    assert (page.status_code, api.status_code) == (400, 403)
    assert escape(MESSAGES["too_many_tokens"]) in page.content.decode()
    assert api.data["errors"][0]["code"] == "too_many_tokens"


def test_a_revoked_token_is_401(owner: User) -> None:
    text = make(owner)
    url = f"{PAGE}{ApiToken.objects.get().token_key}/revoke/"
    assert "Revoke" in signed_in(owner).get(url).content.decode()
    assert status_with(text) == 200
    signed_in(owner).post(url)
    assert status_with(text) == 401


def test_a_stranger_can_neither_see_nor_revoke_it(owner: User, stranger: User) -> None:
    make(owner)
    url = f"{PAGE}{ApiToken.objects.get().token_key}/revoke/"
    assert signed_in(stranger).post(url).status_code == 404
    assert "kitchen" not in signed_in(stranger).get(PAGE).content.decode()
    assert ApiToken.objects.exists()


def test_anonymous_visitors_must_sign_in(client: Client) -> None:
    assert client.get(PAGE).status_code == 302


def change(user: User) -> None:
    new = {"oldpassword": PASSWORD, "password1": "another-word-99", "password2": "another-word-99"}
    signed_in(user).post("/accounts/password/change/", new)


def reset(user: User) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": user.email})
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link
    form_url = client.get(link[0], follow=True).redirect_chain[-1][0]
    client.post(form_url, {"password1": "another-word-99", "password2": "another-word-99"})


def set_in_admin(user: User) -> None:
    admin = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    new = {"usable_password": "true", "password1": "another-word-99", "password2": "another-word-99"}
    signed_in(admin).post(f"/admin/accounts/user/{user.pk}/password/", new)


@pytest.mark.parametrize("new_password", [change, reset, set_in_admin])
def test_a_new_password_ends_all_other_sessions_and_tokens(owner: User, new_password: Callable[[User], None]) -> None:
    cache.clear()
    text, browser = make(owner), signed_in(owner)
    new_password(owner)
    owner.refresh_from_db()
    assert owner.check_password("another-word-99")
    assert status_with(text) == 401
    assert browser.get(PAGE).status_code == 302


def test_a_renewed_hash_of_the_same_password_keeps_tokens(owner: User, settings: Settings) -> None:
    text = make(owner)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    assert owner.check_password(PASSWORD)
    owner.refresh_from_db()
    assert owner.password.startswith("pbkdf2")
    assert status_with(text) == 200


@pytest.mark.django_db(transaction=True)
def test_tokens_that_are_created_at_once_stay_within_the_limit(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request counts the tokens before any other has created its own, unless the first locks the others out."""
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    counted, active_tokens = threading.Barrier(4), tokens.active_tokens

    def count_together(user: User) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            counted.wait(timeout=0.3)
        return active_tokens(user)

    monkeypatch.setattr(tokens, "active_tokens", count_together)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda number: _create_in_thread(owner, f"app {number}"), range(4)))
    assert sorted(outcomes) == ["created", "created", "too_many_tokens", "too_many_tokens"]


def _create_in_thread(user: User, name: str) -> str:
    try:
        tokens.create(user, name)
    except Rejected as error:
        return error.code
    finally:
        connection.close()
    return "created"
