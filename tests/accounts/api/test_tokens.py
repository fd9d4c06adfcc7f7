"""The token endpoints."""

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from accounts.models import ApiToken, User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

TOKENS = "/api/v1/auth/tokens/"


def token_of(user: User) -> str:
    response = APIClient().post(TOKENS, {"email": user.email, "password": PASSWORD, "name": "phone"})
    assert response.status_code == 201
    return str(response.data["token"])


def client_with(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_a_token_gives_its_owner_access_to_the_api(owner: User) -> None:
    assert client_with(token_of(owner)).get("/api/v1/jobs/").status_code == 200


def test_only_a_hash_is_stored(owner: User) -> None:
    token = token_of(owner)
    row = ApiToken.objects.get()
    assert row.name == "phone"
    assert token not in (row.digest, row.token_key)


@pytest.mark.parametrize(("email", "password"), [("owner@example.org", "wrong"), ("nobody@example.org", PASSWORD)])
def test_wrong_email_and_wrong_password_get_the_same_response(owner: User, email: str, password: str) -> None:
    response = APIClient().post(TOKENS, {"email": email, "password": password})
    assert response.status_code == 401
    assert response.data["errors"][0]["detail"] == "Wrong email or password."


def test_a_revoked_token_stops_working(owner: User) -> None:
    client = client_with(token_of(owner))
    assert client.post(f"{TOKENS}revoke/").status_code == 204
    assert client.get("/api/v1/jobs/").status_code == 401


def test_a_made_up_token_is_401(db: None) -> None:
    assert client_with("0" * 64).get("/api/v1/jobs/").status_code == 401


def test_the_token_of_a_banned_user_is_401(owner: User) -> None:
    client = client_with(token_of(owner))
    User.objects.update(is_active=False)
    assert client.get("/api/v1/jobs/").status_code == 401


def test_sign_in_attempts_are_rate_limited(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"sign-in": "3/min"})
    statuses = [APIClient().post(TOKENS, {"email": "a@b.cc", "password": "x"}).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


@pytest.mark.parametrize("first", ["api", "page"])
def test_guessing_a_password_is_limited_per_account_on_page_and_api_together(owner: User, first: str) -> None:
    cache.clear()
    for guess in range(5):
        if first == "api":
            APIClient().post(TOKENS, {"email": owner.email, "password": f"guess-{guess}"})
        else:
            Client().post("/accounts/login/", {"login": owner.email, "password": f"guess-{guess}"})
    response = APIClient().post(TOKENS, {"email": owner.email, "password": PASSWORD})
    assert (response.status_code, response["Retry-After"]) == (429, "300")
    assert not ApiToken.objects.exists()


def test_a_claimed_address_is_no_new_address(owner: User) -> None:
    cache.clear()
    statuses = [
        APIClient(headers={"x-forwarded-for": f"10.0.0.{guess}"})
        .post(TOKENS, {"email": f"nobody{guess}@example.org", "password": "x"})
        .status_code
        for guess in range(12)
    ]
    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429, 429]


@pytest.mark.parametrize("forwarded", ["", "1.2.3.4", "1.2.3.4, 5.6.7.8", "1.2.3.4, 5.6.7.8, 9.9.9.9", "nonsense", ","])
def test_the_client_has_an_address_however_many_proxies_the_request_passed(forwarded: str, settings: Settings) -> None:
    cache.clear()
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    headers = {"x-forwarded-for": forwarded}
    api = APIClient(headers=headers).post(TOKENS, {"email": "nobody@example.org", "password": "x"})
    page = Client(headers=headers).post("/accounts/login/", {"login": "nobody@example.org", "password": "x"})
    assert (api.status_code, page.status_code) == (401, 200)
