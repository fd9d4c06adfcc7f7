"""Two-factor authentication: app, recovery codes, passkeys; who must have it, and that nothing leads around it."""

from __future__ import annotations

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.core import tokens
from accounts.models import ApiToken, User
from jobs.models import Job
from tests.accounts.second_factor import (
    COUNTER,
    SECRET,
    code_of,
    confirmed,
    signed_in_by_form,
    with_app,
    with_passkey,
    wrong_code,
)
from tests.accounts.soft_passkey import ORIGIN, SoftPasskey
from tests.conftest import PASSWORD, make_user

pytestmark = pytest.mark.django_db

committed = pytest.mark.django_db(transaction=True)
"""Where signals count that are sent after the commit, and still within the request."""
PAGES = "/accounts/two-factor/"
TOKENS = "/api/v1/auth/tokens/"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit is used up, and a code does not expire between two lines."""
    cache.clear()
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([COUNTER]))


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/profile/").status_code == 200


def activate(client: Client) -> str:
    """Set the app up on its page; returns its key."""
    html = client.get(f"{PAGES}totp/activate/").content.decode()
    key = re.search(r'id="totp-key" value="([A-Z2-7]+)"', html)
    assert key
    assert "data:image/svg+xml;base64," in html
    response = client.post(f"{PAGES}totp/activate/", {"code": code_of(key[1])})
    assert response.headers["Location"] == f"{PAGES}recovery-codes/"
    return key[1]


def api_sign_in(user: User, **more: str) -> tuple[int, str]:
    response = APIClient().post(TOKENS, {"email": user.email, "password": PASSWORD, **more})
    return response.status_code, response.data["errors"][0]["code"] if response.status_code >= 400 else ""


# --- setting up -----------------------------------------------------------------------------------------------------


def test_an_app_that_was_set_up_is_asked_for_at_the_next_sign_in(owner: User) -> None:
    key = activate(confirmed(owner))
    browser = signed_in_by_form(owner)
    assert not is_signed_in(browser)
    assert "One more step" in browser.get(f"{PAGES}authenticate/").content.decode()
    browser.post(f"{PAGES}authenticate/", {"code": code_of(key)})
    assert is_signed_in(browser)


def test_a_wrong_first_code_sets_nothing_up(owner: User) -> None:
    browser = confirmed(owner)
    browser.get(f"{PAGES}totp/activate/")
    response = browser.post(f"{PAGES}totp/activate/", {"code": "12345"})
    assert "Wrong code" in response.content.decode()
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("page", ["totp/activate/", "webauthn/add/", "recovery-codes/generate/"])
def test_a_change_asks_for_the_password_first(owner: User, page: str) -> None:
    browser = signed_in_by_form(owner)
    response = browser.get(f"{PAGES}{page}")
    assert response.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.get(f"{PAGES}{page}").status_code == 200


def test_secrets_are_stored_encrypted(owner: User) -> None:
    key = activate(confirmed(owner))
    assert key not in json.dumps([row.data for row in Authenticator.objects.all()])


def test_a_replaced_secret_key_is_accepted_as_a_fallback_and_else_named(owner: User, settings: Settings) -> None:
    with_app(owner)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-secret-key" * 4
    browser = signed_in_by_form(owner)
    assert "can no longer read" in browser.post(f"{PAGES}authenticate/", {"code": code_of()}).content.decode()
    settings.SECRET_KEY_FALLBACKS = [old]
    browser.post(f"{PAGES}authenticate/", {"code": code_of()})
    assert is_signed_in(browser)


@committed
def test_the_first_factor_ends_other_sessions(owner: User) -> None:
    other, browser = signed_in_by_form(owner), confirmed(owner)
    assert is_signed_in(other)
    activate(browser)
    assert is_signed_in(browser)
    assert not is_signed_in(other)


@committed
def test_each_change_is_reported_by_email(
    owner: User, settings: Settings, django_capture_on_commit_callbacks: object
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        activate(confirmed(owner))
    assert "An authenticator app was set up as a second factor." in mail.outbox[-1].body
    assert mail.outbox[-1].to == [owner.email]


# --- signing in -----------------------------------------------------------------------------------------------------


def test_a_recovery_code_works_once(owner: User) -> None:
    code = with_app(owner)[0]
    assert is_signed_in(signed_in_by_form(owner, code))
    assert not is_signed_in(signed_in_by_form(owner, code))


def test_a_code_of_the_app_works_once(owner: User) -> None:
    with_app(owner)
    code = code_of()
    assert is_signed_in(signed_in_by_form(owner, code))
    assert not is_signed_in(signed_in_by_form(owner, code))


def test_codes_cannot_be_guessed(owner: User) -> None:
    with_app(owner)
    browser = signed_in_by_form(owner)
    for _ in range(6):
        browser.post(f"{PAGES}authenticate/", {"code": wrong_code()})
    browser.post(f"{PAGES}authenticate/", {"code": code_of()})
    assert not is_signed_in(browser)


def test_a_reset_password_does_not_replace_the_code(owner: User, client: Client) -> None:
    with_app(owner)
    client.post("/accounts/password/reset/", {"email": owner.email})
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link
    form_url = client.get(link[0], follow=True).redirect_chain[-1][0]
    client.post(form_url, {"password1": "another-word-99", "password2": "another-word-99"})
    client.post("/accounts/login/", {"login": owner.email, "password": "another-word-99"})
    assert not is_signed_in(client)


def test_new_recovery_codes_replace_the_old_ones(owner: User) -> None:
    old = with_app(owner)[1]
    browser = confirmed(owner, code_of())
    browser.post(f"{PAGES}recovery-codes/generate/")
    listed = re.findall(r"<code>(\d+)</code>", browser.get(f"{PAGES}recovery-codes/").content.decode())
    assert len(listed) == 10
    assert old not in listed
    assert not is_signed_in(signed_in_by_form(owner, old))
    assert is_signed_in(signed_in_by_form(owner, listed[0]))


def test_without_its_last_factor_an_account_needs_the_password_alone(owner: User) -> None:
    with_app(owner)
    browser = confirmed(owner, code_of())
    browser.post(f"{PAGES}totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert is_signed_in(signed_in_by_form(owner))


# --- passkeys (tests/browser/test_passkeys.py uses a real one) ------------------------------------------------------

ODD = ["", "{", "[]", "1", "null", "{}", "[" * 5000, '{"id": "²"}', '{"id": "AA", "rawId": "AA", "type": "public-key"}']
ODD_RESPONSE = json.dumps(
    {
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "AA"},
    }
)
ODD_ATTESTATION = ODD_RESPONSE.replace("authenticatorData", "attestationObject")


@pytest.mark.parametrize("page", ["webauthn/login/", "authenticate/", "webauthn/reauthenticate/", "webauthn/add/"])
def test_an_odd_credential_is_refused(owner: User, page: str) -> None:
    with_app(owner)
    is_confirmed = page in ("webauthn/reauthenticate/", "webauthn/add/")
    browser = confirmed(owner, code_of()) if is_confirmed else signed_in_by_form(owner)
    for credential in [*ODD, ODD_RESPONSE, ODD_ATTESTATION, "x" * 30_000]:
        cache.clear()
        browser.get(f"{PAGES}{page}", headers={"accept": "application/json"})
        response = browser.post(f"{PAGES}{page}", {"credential": credential})
        assert response.status_code in (200, 302), credential
        assert is_signed_in(browser) == is_confirmed, credential
    assert not Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()


def challenge(browser: Client, page: str) -> str:
    """The challenge of a page for the browser's passkey."""
    response = browser.get(f"{PAGES}{page}", headers={"accept": "application/json"})
    found = re.search(r'"challenge": "([^"]+)"', response.content.decode())
    assert found
    return found[1]


def test_a_passkey_is_added_and_replaces_the_password(owner: User) -> None:
    browser, passkey = confirmed(owner), SoftPasskey(owner)
    credential = json.dumps(passkey.registration(challenge(browser, "webauthn/add/")))
    browser.post(f"{PAGES}webauthn/add/", {"credential": credential, "passwordless": "on"})
    assert [row.type for row in Authenticator.objects.order_by("type")] == ["recovery_codes", "webauthn"]
    other = Client()
    sent = json.dumps(passkey.assertion(challenge(other, "webauthn/login/")))
    other.post(f"{PAGES}webauthn/login/", {"credential": sent})
    assert is_signed_in(other)
    assert not is_signed_in(signed_in_by_form(owner))


def test_a_passkey_is_the_second_step(owner: User) -> None:
    passkey, browser = with_passkey(owner), signed_in_by_form(owner)
    sent = json.dumps(passkey.assertion(challenge(browser, "authenticate/")))
    browser.post(f"{PAGES}authenticate/", {"credential": sent})
    assert is_signed_in(browser)


@pytest.mark.parametrize("wrong", ["challenge", "origin", "key", "host"])
def test_an_answer_that_does_not_fit_is_refused(owner: User, wrong: str) -> None:
    passkey, browser = with_passkey(owner), Client()
    asked = challenge(browser, "webauthn/login/")
    if wrong == "key":
        passkey.key = SoftPasskey(owner).key
    if wrong == "host":
        passkey.host = "evil.example.com"
    origin = "https://evil.example.com" if wrong == "origin" else ORIGIN
    sent = passkey.assertion("AAAA" if wrong == "challenge" else asked, origin)
    assert browser.post(f"{PAGES}webauthn/login/", {"credential": json.dumps(sent)}).status_code == 302
    assert not is_signed_in(browser)


def test_a_suspended_person_cannot_use_a_passkey(owner: User) -> None:
    passkey, browser = with_passkey(owner), Client()
    User.objects.update(is_active=False)
    sent = json.dumps(passkey.assertion(challenge(browser, "webauthn/login/")))
    browser.post(f"{PAGES}webauthn/login/", {"credential": sent})
    assert not is_signed_in(browser)


def test_a_passkey_belongs_to_the_sites_own_host(client: Client, settings: Settings) -> None:
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://models.example.org", ["*"]
    settings.CSRF_TRUSTED_ORIGINS = [settings.SITE_URL]
    options = client.get(f"{PAGES}webauthn/login/", headers={"accept": "application/json", "host": "evil.example.com"})
    assert options.json()["request_options"]["publicKey"]["rpId"] == "models.example.org"


def test_a_stranger_can_neither_rename_nor_remove_a_passkey(owner: User, stranger: User) -> None:
    with_passkey(owner)
    browser, key = confirmed(stranger), f"{PAGES}webauthn/keys/{Authenticator.objects.get().pk}"
    statuses = [browser.post(f"{key}/{page}/", {"name": "mine"}).status_code for page in ("edit", "remove")]
    assert statuses == [404, 404]
    assert Authenticator.objects.get().data["name"] == "Passkey"


# --- the API --------------------------------------------------------------------------------------------------------


def test_the_api_needs_the_code_too(owner: User) -> None:
    recovery = with_app(owner)
    assert api_sign_in(owner) == (401, "second_factor_required")
    assert api_sign_in(owner, code=wrong_code()) == (401, "wrong_code")
    assert not ApiToken.objects.exists()
    assert api_sign_in(owner, code=code_of()) == (201, "")
    assert api_sign_in(owner, code=recovery[0]) == (201, "")
    assert api_sign_in(owner, code=recovery[0]) == (401, "wrong_code")


def test_a_wrong_password_does_not_tell_that_there_is_a_second_factor(owner: User) -> None:
    with_app(owner)
    response = APIClient().post(TOKENS, {"email": owner.email, "password": "wrong-word-99", "code": code_of()})
    assert (response.status_code, response.data["errors"][0]["code"]) == (401, "authentication_failed")


def test_the_code_cannot_be_guessed_through_the_api(owner: User) -> None:
    with_app(owner)
    statuses = [api_sign_in(owner, code=wrong_code())[0] for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert api_sign_in(owner, code=code_of())[0] == 429


def test_an_account_without_a_second_factor_needs_no_code(owner: User) -> None:
    assert api_sign_in(owner) == (201, "")
    assert api_sign_in(owner, name="other", code="123456") == (201, "")


# --- required for staff ---------------------------------------------------------------------------------------------


@pytest.fixture
def required(settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


@committed
def test_staff_sets_a_second_factor_up_before_the_admin_opens(staff: User, required: None) -> None:
    browser = confirmed(staff)
    response = browser.get("/admin/", follow=True)
    assert response.redirect_chain[0][0] == PAGES
    assert "Set up two-factor authentication to open the admin." in response.content.decode()
    activate(browser)
    assert browser.get("/admin/").status_code == 200


def test_a_session_without_the_second_factor_confirms_it_before_the_admin_opens(staff: User, required: None) -> None:
    browser = signed_in_by_form(staff)
    with_app(staff)
    location = browser.get("/admin/jobs/job/?q=a").headers["Location"]
    assert location == f"{PAGES}reauthenticate/?next=%2Fadmin%2Fjobs%2Fjob%2F%3Fq%3Da"
    assert (
        browser.post(location, {"code": code_of(), "next": "/admin/jobs/job/?q=a"}).headers["Location"]
        == "/admin/jobs/job/?q=a"
    )
    assert browser.get("/admin/jobs/job/?q=a").status_code == 200


def test_staff_that_signed_in_with_a_code_gets_into_the_admin(staff: User, required: None) -> None:
    with_app(staff)
    assert signed_in_by_form(staff, code_of()).get("/admin/").status_code == 200


def test_a_passkey_is_asked_for_where_it_is_the_only_factor(staff: User, required: None) -> None:
    browser = signed_in_by_form(staff)
    with_passkey(staff)
    assert browser.get("/admin/").headers["Location"].startswith(f"{PAGES}webauthn/reauthenticate/?next=")


def test_by_default_staff_needs_none(staff: User) -> None:
    assert signed_in_by_form(staff).get("/admin/").status_code == 200


def test_the_setting_changes_nothing_for_others(owner: User, required: None) -> None:
    browser = signed_in_by_form(owner)
    assert is_signed_in(browser)
    assert browser.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert api_sign_in(owner) == (201, "")


@committed
def test_the_rights_of_staff_do_not_count_elsewhere_either(staff: User, job: Job, required: None) -> None:
    """Their pages and API tokens show other people's jobs."""
    assert api_sign_in(staff) == (403, "second_factor_missing")
    _, text = tokens.create(staff, "old")
    api = APIClient(headers={"authorization": f"Bearer {text}"})
    browser = signed_in_by_form(staff)
    assert (api.get(f"/api/v1/jobs/{job.pk}/").status_code, browser.get(f"/jobs/{job.pk}/").status_code) == (404, 404)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    activate(browser)
    assert browser.get(f"/jobs/{job.pk}/").status_code == 200
    assert api.get(f"/api/v1/jobs/{job.pk}/").status_code == 401  # it was made without the second factor


# --- staff helps, and sees no secret --------------------------------------------------------------------------------


def test_a_superuser_removes_a_lost_factor_and_sees_no_secret(owner: User) -> None:
    with_app(owner)
    boss = confirmed(make_user("boss", is_staff=True, is_superuser=True))
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    page = boss.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()
    assert row.data["secret"] not in page
    boss.get("/admin/mfa/authenticator/", {"data__contains": "a"})
    boss.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"})
    assert is_signed_in(signed_in_by_form(owner))


def test_a_moderator_cannot_remove_a_factor(owner: User, staff: User) -> None:
    with_app(owner)
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    response = confirmed(staff).post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"})
    assert response.status_code == 403
    assert Authenticator.objects.filter(pk=row.pk).exists()


def test_the_data_export_lists_the_factors_without_their_secrets(owner: User) -> None:
    from accounts.data.export import entries_of

    with_app(owner)
    account = next(entry for entry in entries_of(owner) if entry.path == "account.json").content
    assert isinstance(account, bytes)
    assert {row["type"] for row in json.loads(account)["second_factors"]} == {"totp", "recovery_codes"}
    assert SECRET not in account.decode()
