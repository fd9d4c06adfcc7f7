"""Sign-up, confirmation, passwords, profile, personal tokens, export and deletion through the API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.core import tokens
from accounts.core.authentication import BearerAuthentication
from accounts.models import ApiToken, User
from jobs.core import moderation
from jobs.models import Job
from tests.conftest import PASSWORD, api_of, make_user, signed_in
from tests.jobs.downloads import zip_of

pytestmark = pytest.mark.django_db

API = "/api/v1"
NEW = {"email": "new@example.org", "password": "quite-a-long-password"}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """The limits of allauth count in the cache."""
    cache.clear()


def post(path: str, body: dict[str, Any], user: User | None = None) -> Any:
    return api_of(user).post(f"{API}{path}", body)


def with_token(user: User, **options: Any) -> APIClient:
    """A client with a new token of `user`."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.create(user, 'test', **options)[1]}")
    return client


def sign_in(**values: str) -> int:
    return int(post("/auth/tokens/", {"email": NEW["email"], "password": NEW["password"], **values}).status_code)


def key_in_mail(pattern: str) -> str:
    found = re.search(pattern, str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_a_new_person_signs_up_and_in() -> None:
    response = post("/auth/sign-up/", NEW)
    assert (response.status_code, response.data) == (201, {"email": NEW["email"], "confirmation_required": False})
    assert sign_in() == 201


def test_the_address_is_confirmed_with_the_key_of_the_email(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert post("/auth/sign-up/", NEW).data["confirmation_required"]
    key = key_in_mail(r"/confirm-email/([^/\s]+)/")
    assert post("/auth/email/confirm/", {"key": key}).status_code == 204
    assert EmailAddress.objects.get().verified
    assert post("/auth/email/confirm/", {"key": f"{key}x"}).data["code"] == "invalid_key"


def test_the_confirmation_is_sent_again_only_to_whom_it_concerns(owner: User) -> None:
    post("/auth/sign-up/", NEW)
    cache.clear()
    for email in (NEW["email"], owner.email, "nobody@example.org"):
        assert post("/auth/email/resend/", {"email": email}).status_code == 202
    assert [message.to for message in mail.outbox] == [[NEW["email"]]] * 2


def test_sign_up_does_not_tell_who_has_an_account(owner: User, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    response = post("/auth/sign-up/", {**NEW, "email": owner.email})
    assert (response.status_code, response.data) == (201, {"email": owner.email, "confirmation_required": True})
    assert "already" in str(mail.outbox[0].body)
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "attr"),
    [({"password": "short"}, "password"), ({"password": "password"}, "password"), ({"email": "x"}, "email")],
)
def test_a_bad_sign_up_is_rejected_by_field(change: dict[str, str], attr: str) -> None:
    response = post("/auth/sign-up/", NEW | change)
    assert (response.status_code, response.data["errors"][0]["attr"]) == (400, attr)
    assert not User.objects.exists()


def test_sign_up_can_be_closed(settings: Settings) -> None:
    settings.OPEN_SIGN_UP = False
    response = post("/auth/sign-up/", NEW)
    assert (response.status_code, response.data["code"]) == (403, "sign_up_closed")
    assert not User.objects.exists()


def test_a_forgotten_password_is_replaced(owner: User) -> None:
    with_token(owner)
    assert post("/auth/password/reset/", {"email": owner.email}).status_code == 202
    key = key_in_mail(r"/password/reset/key/([^/\s]+)/")
    assert post("/auth/password/reset/confirm/", {"key": key, "password": "short"}).status_code == 400
    assert post("/auth/password/reset/confirm/", {"key": key, "password": NEW["password"]}).status_code == 204
    assert not ApiToken.objects.exists()
    assert sign_in(email=owner.email) == 201
    again = post("/auth/password/reset/confirm/", {"key": key, "password": NEW["password"]})
    assert (again.status_code, again.data["code"]) == (400, "invalid_key")


def test_a_reset_does_not_tell_who_has_an_account() -> None:
    assert post("/auth/password/reset/", {"email": "nobody@example.org"}).status_code == 202
    assert post("/auth/password/reset/confirm/", {"key": "1-abc", "password": NEW["password"]}).status_code == 400


def test_a_suspended_person_cannot_reset(owner: User, staff: User) -> None:
    post("/auth/password/reset/", {"email": owner.email})
    key = key_in_mail(r"/password/reset/key/([^/\s]+)/")
    moderation.ban(staff, owner, "Spam.")
    assert post("/auth/password/reset/confirm/", {"key": key, "password": NEW["password"]}).status_code == 400


def test_what_needs_no_account_sends_no_message_to_a_page(owner: User) -> None:
    browser = signed_in(owner)
    browser.post(f"{API}/auth/password/reset/", {"email": owner.email}, content_type="application/json")
    key = key_in_mail(r"/password/reset/key/([^/\s]+)/")
    body = {"key": key, "password": NEW["password"]}
    browser.post(f"{API}/auth/password/reset/confirm/", body, content_type="application/json")
    assert "messages" not in browser.cookies


def test_the_profile_has_storage_and_limits(job: Job, owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS, settings.QUOTA_MB = 7, 10
    found = api_of(owner).get(f"{API}/account/").data
    assert (found["email"], found["active_jobs"], found["max_active_jobs"]) == (owner.email, 1, 7)
    assert found["storage"] == {"used": job.size, "limit": 10 * 2**20, "models": 0, "bin": 0}


def test_only_the_display_name_can_be_changed(owner: User) -> None:
    response = api_of(owner).patch(f"{API}/account/", {"display_name": "Ada", "email": "x@y.zz", "is_staff": True})
    owner.refresh_from_db()
    assert response.data["display_name"] == owner.display_name == "Ada"
    assert (owner.email, owner.is_staff) == ("owner@example.org", False)


def test_a_changed_password_ends_every_token(owner: User) -> None:
    client = with_token(owner)
    wrong = client.post(f"{API}/account/password/", {"current_password": "x", "password": NEW["password"]})
    assert (wrong.status_code, wrong.data["errors"][0]["attr"]) == (400, "current_password")
    right = client.post(f"{API}/account/password/", {"current_password": PASSWORD, "password": NEW["password"]})
    assert right.status_code == 204
    assert client.get(f"{API}/account/").status_code == 401
    assert sign_in(email=owner.email) == 201


@pytest.mark.parametrize("path", ["password", "delete"])
def test_guessing_the_password_with_a_stolen_token_is_limited(owner: User, path: str) -> None:
    body = {"current_password": "x", "password": "guess-guess-guess"}
    statuses = [api_of(owner).post(f"{API}/account/{path}/", body).status_code for _ in range(12)]
    assert statuses[0] == 400
    assert statuses[-1] == 429


def test_an_account_is_deleted_only_with_its_password(job: Job, owner: User) -> None:
    assert post("/account/delete/", {"password": "wrong"}, owner).status_code == 400
    assert post("/account/delete/", {}, owner).status_code == 400
    assert User.objects.filter(pk=owner.pk).exists()
    assert post("/account/delete/", {"password": PASSWORD}, owner).status_code == 204
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not Job.objects.exists()


def test_the_export_has_account_and_jobs(job: Job, owner: User) -> None:
    response = with_token(owner).get(f"{API}/account/export/")
    assert {"account.json", "jobs.json"} < set(zip_of(response).namelist())


ACCOUNT = [
    ("get", "/account/"),
    ("patch", "/account/"),
    ("post", "/account/password/"),
    ("post", "/account/delete/"),
    ("get", "/account/export/"),
    ("get", "/account/tokens/"),
    ("post", "/account/tokens/"),
    ("delete", "/account/tokens/abc/"),
]


@pytest.mark.parametrize(("method", "path"), ACCOUNT)
def test_an_account_is_for_its_owner_alone(owner: User, staff: User, method: str, path: str) -> None:
    anonymous = getattr(api_of(None), method)(f"{API}{path}", {})
    client = with_token(owner)
    moderation.ban(staff, owner, "Spam.")
    suspended = getattr(client, method)(f"{API}{path}", {})
    assert (anonymous.status_code, suspended.status_code) == (401, 401)


@pytest.mark.parametrize(("method", "path"), [entry for entry in ACCOUNT if entry[0] != "get"])
def test_a_token_that_may_only_read_changes_nothing(owner: User, method: str, path: str) -> None:
    client = with_token(owner, scope=ApiToken.Scope.READ)
    response = getattr(client, method)(f"{API}{path}", {})
    assert (response.status_code, response.data["code"]) == (403, "insufficient_scope")


def test_a_token_that_may_only_read_reads_jobs(job: Job, owner: User) -> None:
    client = with_token(owner, scope=ApiToken.Scope.READ)
    assert client.get(f"{API}/jobs/{job.pk}/").status_code == 200
    for method, path in (("delete", ""), ("patch", ""), ("post", "cancel/"), ("post", "share/")):
        assert getattr(client, method)(f"{API}/jobs/{job.pk}/{path}").status_code == 403
    assert client.post(f"{API}/jobs/").status_code == 403
    assert client.post(f"{API}/auth/tokens/revoke/").status_code == 204


def test_tokens_are_created_listed_and_revoked(owner: User, stranger: User) -> None:
    response = post("/account/tokens/", {"name": "script", "scopes": ["read"]}, owner)
    assert (response.status_code, response.data["scopes"]) == (201, ["read"])
    text = response.data["token"]
    assert text.startswith(response.data["prefix"])
    (listed,) = api_of(owner).get(f"{API}/account/tokens/").data
    assert (listed["name"], listed["last_used_at"], "token" in listed) == ("script", None, False)
    assert api_of(stranger).get(f"{API}/account/tokens/").data == []
    url = f"{API}/account/tokens/{listed['id']}/"
    assert api_of(stranger).delete(url).status_code == 404
    assert [api_of(owner).delete(url).status_code for _ in range(2)] == [204, 404]


def test_a_token_sees_itself_in_the_list_with_its_last_use(owner: User) -> None:
    tokens.create(owner, "other")
    rows = with_token(owner).get(f"{API}/account/tokens/").data
    assert [(row["name"], row["is_current"], bool(row["last_used_at"])) for row in rows] == [
        ("test", True, True),
        ("other", False, False),
    ]


@pytest.mark.parametrize(
    ("options", "days"), [({}, 30), ({"expires_in_days": None}, None), ({"expires_in_days": 5}, 5)]
)
def test_a_token_expires_as_chosen(owner: User, options: dict[str, Any], days: int | None) -> None:
    post("/account/tokens/", {"name": "script", **options}, owner)
    expiry = ApiToken.objects.get().expiry
    assert (expiry and round((expiry - timezone.now()) / timedelta(days=1))) == days


def test_a_chosen_end_is_not_postponed_by_use(owner: User) -> None:
    fixed, _ = tokens.create(owner, "fixed", lifetime=timedelta(days=5))
    sliding, _ = tokens.create(owner, "sliding")
    ApiToken.objects.update(expiry=timezone.now() + timedelta(days=3))
    for row in (fixed, sliding):
        row.refresh_from_db()
        BearerAuthentication().renew_token(row)
        row.refresh_from_db()
    assert fixed.expiry < timezone.now() + timedelta(days=4) < sliding.expiry


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["all"]}, {"expires_in_days": 0}, {"name": "taken"}]
)
def test_an_odd_token_is_rejected(owner: User, wrong: dict[str, Any]) -> None:
    tokens.create(owner, "taken")
    assert post("/account/tokens/", {"name": "script", **wrong}, owner).status_code == 400


def test_other_sites_may_call_the_api_only_if_they_are_listed(owner: User, settings: Settings) -> None:
    preflight = {"origin": "https://app.example", "access-control-request-method": "POST"}
    assert not APIClient().get(f"{API}/server/", headers=preflight).has_header("Access-Control-Allow-Origin")
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    allowed = APIClient().options(f"{API}/jobs/", headers=preflight)
    assert (allowed.status_code, allowed["Access-Control-Allow-Origin"]) == (200, "https://app.example")
    assert "authorization" in allowed["Access-Control-Allow-Headers"]
    assert not allowed.has_header("Access-Control-Allow-Credentials")
    assert with_token(owner).get(f"{API}/jobs/", headers=preflight).has_header("Access-Control-Expose-Headers")
    assert not Client().get("/explore/", headers=preflight).has_header("Access-Control-Allow-Origin")
    other = {**preflight, "origin": "https://evil.example"}
    assert not APIClient().options(f"{API}/jobs/", headers=other).has_header("Access-Control-Allow-Origin")


def test_fifty_tokens_need_as_many_queries_as_one(owner: User, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        tokens.create(owner, f"token {number}")
    with django_assert_max_num_queries(1):
        assert len(api_of(owner).get(f"{API}/account/tokens/").data) == 20


def test_a_person_with_the_same_name_keeps_their_own_tokens() -> None:
    first, second = make_user("first"), make_user("second")
    for user in (first, second):
        assert post("/account/tokens/", {"name": "script"}, user).status_code == 201
