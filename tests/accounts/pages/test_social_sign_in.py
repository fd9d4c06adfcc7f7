"""Signing in with Google or GitHub: the whole OAuth round trip, with a provider of our own at the network's edge."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import responses
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from requests import PreparedRequest

from accounts.data.export import entries_of
from accounts.models import User
from accounts.pages import social_adapter
from reconsite.core import social_sign_in
from reconsite.core.checks import social_sign_in_is_complete
from reconsite.core.log_secrets import mask
from tests.accounts.second_factor import COUNTER, code_of, confirmed, with_app
from tests.conftest import PASSWORD, make_user, signed_in

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_UP, CONNECTIONS = "/accounts/login/", "/accounts/signup/", "/accounts/connections/"
CREDENTIALS = {"google": ("google-id", "google-secret"), "github": ("github-id", "github-secret")}
CODE, TOKEN = "the-code", "the-token"
Answer = tuple[int, dict[str, str], str]


@dataclass
class Provider:
    """Google and GitHub as far as this site talks to them, with one person's account."""

    email: str = "ada@example.org"
    verified: bool = True
    uid: int = 4711
    requests: list[PreparedRequest] = field(default_factory=list)
    challenge: str = ""

    def token(self, request: PreparedRequest) -> Answer:
        """Exchange the code, if it comes with the site's secret and the verifier of the browser that asked."""
        self.requests.append(request)
        sent = {name: values[0] for name, values in parse_qs(str(request.body)).items()}
        provider = sent["client_id"].removesuffix("-id")
        proof = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        is_right = sent["client_secret"] == f"{provider}-secret" and sent["code"] == CODE
        if not is_right or base64.urlsafe_b64encode(proof).decode().rstrip("=") != self.challenge:
            return 400, {}, json.dumps({"error": "invalid_grant"})
        id_token = {"id_token": self.id_token()} if provider == "google" else {}
        return _json({"access_token": TOKEN, "token_type": "bearer", **id_token})

    def id_token(self) -> str:
        """What Google says about the person."""
        claims = {"iss": "https://accounts.google.com", "aud": "google-id", "sub": str(self.uid), "exp": 2**40}
        person = {"email": self.email, "email_verified": self.verified, "name": "Ada L", "picture": "https://p"}
        return jwt.encode({**claims, "iat": 1, **person}, "a" * 32, algorithm="HS256")

    def profile(self, request: PreparedRequest) -> Answer:
        """GitHub's profile; its email is empty for people who keep it private."""
        assert request.headers["Authorization"] == f"token {TOKEN}"
        return _json({"id": self.uid, "login": "ada", "name": "Ada L", "email": None, "avatar_url": "https://p"})

    def emails(self, request: PreparedRequest) -> Answer:
        """GitHub's list of addresses."""
        main = {"email": self.email, "primary": True, "verified": self.verified}
        return _json([main, {"email": "old@example.org", "primary": False, "verified": True}][: 1 + self.verified])


def _json(value: Any) -> Answer:
    return 200, {"content-type": "application/json"}, json.dumps(value)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Answers every request that would leave this machine; any other address is an error."""
    cache.clear()
    person = Provider()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        for url in ("https://oauth2.googleapis.com/token", "https://github.com/login/oauth/access_token"):
            network.add_callback(responses.POST, url, person.token)
        network.add_callback(responses.GET, "https://api.github.com/user", person.profile)
        network.add_callback(responses.GET, "https://api.github.com/user/emails", person.emails)
        yield person


@pytest.fixture(autouse=True)
def both_set(settings: Settings) -> None:
    """As with all four settings in the environment."""
    settings.SOCIALACCOUNT_PROVIDERS = social_sign_in.providers(CREDENTIALS)


def consent(client: Client, provider: Provider, name: str, query: str = "", code: str = CODE) -> Any:
    """Press the button and agree at the provider; returns the site's response to the browser that comes back."""
    asked = client.post(f"/accounts/{name}/login/{query}")
    assert asked.status_code == 302, asked.content
    address = urlsplit(asked.headers["Location"])
    sent = {key: values[0] for key, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == social_sign_in.ORIGINS[name]
    assert sent["redirect_uri"].endswith(f"/accounts/{name}/login/callback/")
    provider.challenge = sent["code_challenge"]
    return client.get(urlsplit(sent["redirect_uri"]).path, {"code": code, "state": sent["state"]})


def email_of(client: Client) -> str:
    """The address of whoever is signed in; empty for nobody."""
    response = client.get("/accounts/profile/")
    return str(response.context["user"].email) if response.status_code == 200 else ""


def told(client: Client, path: str) -> str:
    """A page as text."""
    return client.get(path).content.decode().replace("&#x27;", "'")


each_provider = pytest.mark.parametrize("name", sorted(CREDENTIALS))


@each_provider
def test_a_new_person_gets_an_account_with_the_verified_address_and_stays_signed_in(
    client: Client, provider: Provider, name: str
) -> None:
    response = consent(client, provider, name)
    assert response.headers["Location"] == "/new/"
    assert email_of(client) == "ada@example.org"
    user = User.objects.get()
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("ada@example.org", True, True)
    assert (user.display_name, user.first_name, user.has_usable_password()) == ("", "", False)


@each_provider
def test_the_same_person_comes_back_to_the_same_account_even_with_another_address(
    client: Client, provider: Provider, name: str
) -> None:
    consent(client, provider, name)
    provider.email = "new@example.org"
    again = Client()
    consent(again, provider, name)
    assert email_of(again) == "ada@example.org"
    assert User.objects.count() == 1


def test_no_token_no_name_and_no_picture_is_stored(client: Client, provider: Provider) -> None:
    consent(client, provider, "github")
    consent(Client(), provider, "google")
    assert [row.extra_data for row in SocialAccount.objects.order_by("provider")] == [
        {"login": "ada"},
        {"email": "ada@example.org"},
    ]
    assert not SocialToken.objects.exists()


@each_provider
def test_the_address_that_a_person_wanted_is_kept(client: Client, provider: Provider, name: str) -> None:
    page = told(client, f"{SIGN_IN}?next=/models/")
    assert f'action="/accounts/{name}/login/?process=login&amp;next=%2Fmodels%2F"' in page
    assert consent(client, provider, name, "?process=login&next=/models/").headers["Location"] == "/models/"


def test_no_address_of_another_site_is_followed(client: Client, provider: Provider) -> None:
    assert consent(client, provider, "google", "?next=https://evil.example/").headers["Location"] == "/new/"


def with_address(name: str, *, verified: bool) -> User:
    user = make_user(name)
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


@each_provider
def test_an_account_whose_address_both_sides_have_verified_is_joined(
    client: Client, provider: Provider, name: str
) -> None:
    user = with_address("ada", verified=True)
    consent(client, provider, name)
    assert email_of(client) == user.email
    assert SocialAccount.objects.get().user == user
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@each_provider
@pytest.mark.parametrize(("here", "there"), [(False, True), (True, False), (False, False)])
def test_an_account_is_not_joined_by_an_address_that_one_side_has_not_verified(
    client: Client, provider: Provider, name: str, here: bool, there: bool
) -> None:
    with_address("ada", verified=here)
    provider.verified = there
    response = consent(client, provider, name, "?next=/models/")
    assert response.headers["Location"] == f"{SIGN_IN}?next=%2Fmodels%2F"
    expected = "You already have an account with ada@example.org." if there else "hasn't verified your email address"
    assert expected in told(client, response.headers["Location"])
    assert email_of(client) == ""
    assert not SocialAccount.objects.exists()


def test_an_address_that_the_provider_has_not_verified_makes_no_account(client: Client, provider: Provider) -> None:
    provider.verified = False
    consent(client, provider, "google")
    assert not User.objects.exists()


@each_provider
def test_a_suspended_person_stays_out(client: Client, provider: Provider, name: str) -> None:
    consent(Client(), provider, name)
    User.objects.update(is_active=False)
    assert consent(client, provider, name).headers["Location"] == "/accounts/inactive/"
    assert email_of(client) == ""


def test_a_suspended_person_does_not_come_in_through_a_new_connection(client: Client, provider: Provider) -> None:
    user = with_address("ada", verified=True)
    User.objects.filter(pk=user.pk).update(is_active=False)
    consent(client, provider, "google")
    assert email_of(client) == ""


def test_nobody_new_comes_in_while_sign_up_is_closed(client: Client, provider: Provider, settings: Settings) -> None:
    consent(Client(), provider, "google")
    settings.OPEN_SIGN_UP = False
    provider.uid, provider.email = 4712, "grace@example.org"
    assert "Sign-up is closed" in consent(client, provider, "google").content.decode()
    provider.uid = 4711
    consent(client, provider, "google")
    assert email_of(client) == "ada@example.org"


def test_the_second_factor_is_asked_for_too(
    client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([COUNTER]))
    with_app(with_address("ada", verified=True))
    response = consent(client, provider, "google")
    assert response.headers["Location"] == "/accounts/two-factor/authenticate/"
    assert email_of(client) == ""
    client.post("/accounts/two-factor/authenticate/", {"code": code_of()})
    assert email_of(client) == "ada@example.org"


@each_provider
@pytest.mark.parametrize(
    "spoil",
    [
        lambda client, provider, name: consent(client, provider, name, code="a-guess"),
        lambda client, provider, name: client.get(f"/accounts/{name}/login/callback/", {"code": CODE, "state": "x"}),
        lambda client, provider, name: client.get(f"/accounts/{name}/login/callback/"),
    ],
    ids=["wrong code", "foreign state", "nothing"],
)
def test_whatever_fails_leads_back_to_sign_in_with_a_message(
    client: Client, provider: Provider, name: str, spoil: Callable[..., HttpResponse]
) -> None:
    response = spoil(client, provider, name)
    assert response.headers["Location"] == SIGN_IN
    label = social_sign_in.NAMES[name]
    assert social_adapter.FAILED.format(provider=label) in told(client, SIGN_IN)
    assert email_of(client) == ""


def test_whoever_cancels_is_back_at_sign_in_without_a_message(client: Client) -> None:
    asked = client.post("/accounts/google/login/?next=/models/")
    state = parse_qs(urlsplit(asked.headers["Location"]).query)["state"][0]
    response = client.get("/accounts/google/login/callback/", {"error": "access_denied", "state": state})
    assert response.headers["Location"] == f"{SIGN_IN}?next=%2Fmodels%2F"
    assert "didn't work" not in told(client, SIGN_IN)


def test_the_code_counts_only_in_the_browser_that_asked(client: Client, provider: Provider) -> None:
    asked = client.post("/accounts/google/login/")
    state = parse_qs(urlsplit(asked.headers["Location"]).query)["state"][0]
    other = Client()
    other.get("/accounts/google/login/callback/", {"code": CODE, "state": state})
    assert provider.requests == []
    assert email_of(other) == ""


def test_following_a_link_sends_nobody_to_the_provider(client: Client) -> None:
    """A link in an email or on another site must not sign anybody in: only the button does."""
    response = client.get("/accounts/google/login/")
    assert response.status_code == 200
    assert "<h1>Sign in with Google</h1>" in response.content.decode()


def test_accounts_are_connected_and_disconnected_on_their_page(owner: User, provider: Provider) -> None:
    browser = confirmed(owner)
    assert "Connect GitHub" in told(browser, CONNECTIONS)
    assert consent(browser, provider, "github", "?process=connect").headers["Location"] == CONNECTIONS
    row = SocialAccount.objects.get(user=owner)
    page = told(browser, CONNECTIONS)
    assert "GitHub connected." in page
    assert "Disconnect GitHub" in page
    browser.post(CONNECTIONS, {"account": row.pk})
    assert not SocialAccount.objects.exists()
    assert "Account disconnected." in told(browser, CONNECTIONS)


def test_a_connection_needs_the_password_again(owner: User, provider: Provider) -> None:
    """A browser that was left signed in must not become a way in for somebody else."""
    browser = signed_in(owner)
    assert consent(browser, provider, "github", "?process=connect").headers["Location"] == "/accounts/reauthenticate/"
    assert not SocialAccount.objects.exists()
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert SocialAccount.objects.get().user == owner


def test_an_account_that_belongs_to_somebody_else_here_is_not_connected(owner: User, provider: Provider) -> None:
    consent(Client(), provider, "google")
    browser = confirmed(owner)
    consent(browser, provider, "google", "?process=connect")
    assert "connected to someone else's account" in told(browser, CONNECTIONS)
    assert SocialAccount.objects.get().user != owner


def test_nobody_disconnects_another_persons_account(client: Client, owner: User, provider: Provider) -> None:
    consent(client, provider, "google")
    browser = confirmed(owner)
    assert browser.post(CONNECTIONS, {"account": SocialAccount.objects.get().pk}).status_code == 400
    assert SocialAccount.objects.exists()


def test_the_only_way_in_is_kept_until_there_is_a_password(client: Client, provider: Provider) -> None:
    consent(client, provider, "google")
    row = SocialAccount.objects.get()
    response = client.post(CONNECTIONS, {"account": row.pk})
    assert response.status_code == 400
    assert "Set a password first" in response.content.decode()
    assert client.get("/accounts/password/change/").headers["Location"] == "/accounts/password/set/"
    client.post("/accounts/password/set/", {"password1": "a-new-long-one", "password2": "a-new-long-one"})
    client.post(SIGN_IN, {"login": row.user.email, "password": "a-new-long-one"})
    client.post("/accounts/reauthenticate/", {"password": "a-new-long-one"})
    client.post(CONNECTIONS, {"account": row.pk})
    assert not SocialAccount.objects.exists()


def test_whoever_has_no_password_confirms_the_deletion_with_the_address(client: Client, provider: Provider) -> None:
    consent(client, provider, "google")
    assert client.post("/accounts/delete/", {"email": "someone@example.org"}).status_code == 400
    assert User.objects.exists()
    client.post("/accounts/delete/", {"email": "Ada@example.org"})
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()


def test_off_by_default_there_is_no_button_and_no_page(
    client: Client, owner: User, provider: Provider, settings: Settings
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = social_sign_in.providers({"google": ("", ""), "github": ("", "")})
    assert "Continue with" not in told(client, SIGN_IN) + told(client, SIGN_UP)
    assert "Connected accounts" not in told(signed_in(owner), "/accounts/profile/")
    paths = ("google/login/", "github/login/", "google/login/callback/", "github/login/callback/")
    assert {client.post(f"/accounts/{path}").status_code for path in paths} == {404}
    assert signed_in(owner).get(CONNECTIONS).status_code == 404


def test_a_provider_that_was_switched_off_keeps_no_page_from_opening(
    client: Client, provider: Provider, settings: Settings
) -> None:
    consent(client, provider, "github")
    settings.SOCIALACCOUNT_PROVIDERS = social_sign_in.providers({"google": CREDENTIALS["google"], "github": ("", "")})
    page = told(client, CONNECTIONS)
    assert "Connect Google" in page
    assert "GitHub" not in page.partition('<ul class="rows"')[2]


@pytest.mark.parametrize("page", [SIGN_IN, SIGN_UP])
def test_the_buttons_stand_on_sign_in_and_sign_up(client: Client, page: str) -> None:
    text = told(client, page)
    assert "Continue with Google" in text
    assert "Continue with GitHub" in text


def test_the_browser_may_be_sent_to_the_providers_that_are_set_and_to_no_other() -> None:
    assert social_sign_in.origins({**CREDENTIALS, "google": ("", "")}) == ["https://github.com"]
    assert social_sign_in.origins({"google": ("id", ""), "github": ("", "")}) == []


def test_whoever_connects_an_account_is_told_by_email(owner: User, provider: Provider, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    consent(confirmed(owner), provider, "github", "?process=connect")
    assert mail.outbox[-1].subject.endswith("GitHub connected")
    assert "You can now sign in to your account with GitHub" in mail.outbox[-1].body


def test_the_export_names_the_connected_accounts(client: Client, provider: Provider) -> None:
    consent(client, provider, "github")
    (account,) = [entry for entry in entries_of(User.objects.get()) if entry.path == "account.json"]
    assert isinstance(account.content, bytes)
    (row,) = json.loads(account.content)["connected_accounts"]
    assert (row["provider"], row["uid"], row["extra_data"]) == ("github", "4711", {"login": "ada"})


def test_half_a_setting_is_one_sentence_of_the_doctor(settings: Settings) -> None:
    settings.SOCIAL_SIGN_IN = {"google": ("", "secret"), "github": ("", "")}
    (message,) = social_sign_in_is_complete()
    assert message.msg == "GOOGLE_CLIENT_SECRET is set without GOOGLE_CLIENT_ID, so nobody can sign in with it."
    settings.SOCIAL_SIGN_IN = CREDENTIALS
    assert social_sign_in_is_complete() == []


def test_the_code_of_the_way_back_is_not_logged() -> None:
    assert mask("GET /accounts/google/login/callback/?state=a&code=4%2F0Ab HTTP/1.1").endswith("&code=… HTTP/1.1")
