"""The page of signed-in browsers."""

import time

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from accounts.core.sessions import device_name
from accounts.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def clear_rate_limits() -> None:
    cache.clear()


def browser(user: User, agent: str = FIREFOX) -> Client:
    """A browser in which the user has signed in with the password."""
    client = Client(headers={"user-agent": agent})
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/profile/").status_code == 200


def test_the_page_lists_this_browser_and_others(owner: User) -> None:
    browser(owner, "curl/8.5.0")
    html = browser(owner).get(PAGE).content.decode()
    assert "Firefox on Windows" in html
    assert "curl" in html
    assert html.count("This browser") == 1


def test_another_browser_is_signed_out_remotely(owner: User) -> None:
    other, here = browser(owner), browser(owner)
    row = UserSession.objects.get(session_key=other.session.session_key)
    assert here.post(f"{PAGE}{row.pk}/end/").status_code == 302
    assert (is_in(other), is_in(here)) == (False, True)


def test_all_other_browsers_are_signed_out(owner: User) -> None:
    others, here = [browser(owner), browser(owner)], browser(owner)
    here.post(f"{PAGE}others/end/")
    assert [is_in(other) for other in others] == [False, False]
    assert is_in(here)


def test_a_stranger_cannot_sign_out_another_user(owner: User, stranger: User) -> None:
    mine = browser(owner)
    row = UserSession.objects.get(user=owner)
    assert browser(stranger).post(f"{PAGE}{row.pk}/end/").status_code == 404
    assert is_in(mine)


def test_an_expired_session_is_not_listed(owner: User) -> None:
    gone, here = browser(owner), browser(owner)
    Session.objects.filter(session_key=gone.session.session_key).delete()
    here.get(PAGE)
    assert UserSession.objects.count() == 1


def test_last_seen_is_updated_only_every_few_minutes(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(owner)
    is_in(client)
    first = UserSession.objects.get().last_seen_at
    is_in(client)
    assert UserSession.objects.get().last_seen_at == first
    later = time.time() + 400
    monkeypatch.setattr("accounts.middleware.time.time", lambda: later)
    is_in(client)
    assert UserSession.objects.get().last_seen_at > first


@pytest.mark.parametrize(
    ("agent", "name"), [(FIREFOX, "Firefox on Windows"), ("", "A browser"), ("something else", "A browser")]
)
def test_the_device_name_comes_from_the_user_agent(agent: str, name: str) -> None:
    assert device_name(agent) == name
