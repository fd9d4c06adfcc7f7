"""Sign-up, sign-in, sign-out and password reset."""

import re
from html import unescape

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from accounts.core.passwords import MESSAGE
from accounts.models import User
from accounts.pages.auth_forms import TOO_MANY_TAKEN
from tests.conftest import PASSWORD, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clear_rate_limits() -> None:
    """Limits count per IP address, and all tests share one."""
    cache.clear()


def sign_up(client: Client, email: str = "new@example.org", password: str = PASSWORD) -> int:
    form = {"email": email, "password1": password}
    return client.post("/accounts/signup/", form).status_code


def sign_in(client: Client, password: str) -> int:
    return client.post("/accounts/login/", {"login": "owner@example.org", "password": password}).status_code


def signed_in_as(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_new_user_is_signed_in_after_signing_up(client: Client) -> None:
    assert sign_up(client) == 302
    assert User.objects.get().email == "new@example.org"
    assert signed_in_as(client)


def test_a_weak_password_is_rejected(client: Client) -> None:
    assert sign_up(client, password="12345678") == 200
    assert not User.objects.exists()


@pytest.mark.parametrize(("mail_server", "notices"), [(False, 0), (True, 1)])
def test_after_sign_up_there_is_at_most_one_notice(
    client: Client, settings: Settings, mail_server: bool, notices: int
) -> None:
    settings.HAS_MAIL_SERVER = mail_server
    form = {"email": "new@example.org", "password1": PASSWORD}
    html = client.post("/accounts/signup/", form, follow=True).content.decode()
    assert html.count("data-notice>") == notices


@pytest.mark.parametrize(("open_sign_up", "page"), [(True, "signup"), (False, "login")])
def test_a_visitor_with_a_photo_is_led_to_sign_up_or_where_that_is_closed_to_sign_in(
    client: Client, settings: Settings, open_sign_up: bool, page: str
) -> None:
    settings.OPEN_SIGN_UP = open_sign_up
    assert f'data-next="/accounts/{page}/?next=/new/"' in client.get("/").content.decode().replace("%2F", "/")


def test_a_user_with_a_photo_is_led_to_the_upload_page(owner: User) -> None:
    assert 'data-next="/new/"' in signed_in(owner).get("/").content.decode()


def test_sign_up_can_be_closed(client: Client, settings: Settings) -> None:
    settings.OPEN_SIGN_UP = False
    sign_up(client)
    assert not User.objects.exists()


def test_a_user_signs_in_and_out(owner: User, client: Client) -> None:
    sign_in(client, PASSWORD)
    assert signed_in_as(client)
    client.post("/accounts/logout/")
    assert not signed_in_as(client)


def test_a_wrong_password_does_not_sign_in(owner: User, client: Client) -> None:
    assert sign_in(client, "wrong-word-123") == 200
    assert not signed_in_as(client)


def test_password_guessing_is_rate_limited(owner: User, client: Client) -> None:
    for _ in range(6):
        sign_in(client, "wrong-word-123")
    sign_in(client, PASSWORD)
    assert not signed_in_as(client)


def test_a_forgotten_password_is_reset_by_email(owner: User, client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": owner.email})
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link
    form_url = client.get(link[0], follow=True).redirect_chain[-1][0]
    client.post(form_url, {"password1": "another-word-99", "password2": "another-word-99"})
    owner.refresh_from_db()
    assert owner.check_password("another-word-99")


def test_a_reset_does_not_reveal_whether_an_account_exists(db: None, client: Client) -> None:
    response = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert response.status_code == 302


@pytest.mark.parametrize("page", ["login", "signup", "password/reset"])
def test_the_sign_in_pages_are_public(db: None, client: Client, page: str) -> None:
    assert client.get(f"/accounts/{page}/").status_code == 200


def test_a_flood_of_sign_ins_gets_a_429(client: Client) -> None:
    responses = [client.post("/accounts/login/", {"login": f"{n}@b.cc", "password": "x"}) for n in range(31)]
    assert responses[-1].status_code == 429
    assert responses[-1]["Retry-After"] == "60"
    assert "Too many requests" in responses[-1].content.decode()


@pytest.fixture
def broken_email(settings: Settings) -> None:
    """A mail server that cannot be reached."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9


@pytest.mark.parametrize("verification", ["optional", "mandatory"])
def test_a_broken_mail_server_does_not_break_sign_up(
    client: Client, broken_email: None, settings: Settings, verification: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    form = {"email": "new@example.org", "password1": PASSWORD}
    page = client.post("/accounts/signup/", form, follow=True)
    assert page.status_code == 200
    assert "The email to new@example.org could not be sent" in page.content.decode()
    assert "Confirmation email sent" not in page.content.decode()
    assert User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize("email", ["owner@example.org", "nobody@example.org"])
def test_a_failed_reset_email_does_not_reveal_whether_an_account_exists(
    owner: User, client: Client, broken_email: None, email: str
) -> None:
    page = client.post("/accounts/password/reset/", {"email": email}, follow=True)
    assert f"The email to {email} could not be sent" in page.content.decode()


def test_errors_are_shown_beside_their_fields(client: Client) -> None:
    form = {"email": "no address", "password1": "short"}
    html = client.post("/accounts/signup/", form).content.decode()
    assert html.count('aria-invalid="true"') >= 2
    assert 'id="id_email_error"' in html


@pytest.mark.parametrize("page", ["login", "signup", "password/reset"])
def test_every_field_has_a_label_and_an_autocomplete_value(client: Client, page: str) -> None:
    html = client.get(f"/accounts/{page}/").content.decode()
    fields = re.findall(r"<input [^>]*id=\"(id_\w+)\"[^>]*>", html)
    inputs = re.findall(r"<input [^>]*id=\"id_\w+\"[^>]*>", html)
    assert fields
    assert all(f'<label for="{field}">' in html for field in fields)
    assert all("autocomplete=" in field for field in inputs)


@pytest.mark.parametrize("page", ["login", "signup", "password/reset", "email", "password/change"])
def test_labels_are_in_sentence_case(owner: User, page: str) -> None:
    browser = Client() if page in ("login", "signup", "password/reset") else signed_in(owner)
    labels = re.findall(r"<label for=\"id_\w+\">([^<]+)<", browser.get(f"/accounts/{page}/").content.decode())
    assert labels
    for label in labels:
        assert label[0].isupper()
        assert label[1:] == label[1:].lower()
        assert "E-mail" not in label


def test_a_wrong_password_offers_a_reset(owner: User, client: Client) -> None:
    html = client.post("/accounts/login/", {"login": owner.email, "password": "wrong"}).content.decode()
    assert "reset your password" in html
    assert "Forgot your password?" in html


@pytest.mark.parametrize("host", ["localhost:1337", "127.0.0.1"])
def test_the_addresses_in_emails_come_from_the_settings_alone(owner: User, settings: Settings, host: str) -> None:
    client = Client(headers={"host": host})
    client.post("/accounts/password/reset/", {"email": owner.email})
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD})
    assert len(mail.outbox) >= 3
    for message in mail.outbox:
        text = f"{message.subject} {message.body}"
        assert host not in text.replace(settings.SITE_URL, "")
        assert re.findall(r"https?://[^/\s]+", str(message.body)) == [settings.SITE_URL]


def test_another_port_is_refused_with_https(client: Client, settings: Settings) -> None:
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://example.org", ["example.org", "localhost"]
    assert client.get("/accounts/login/", headers={"host": "example.org:1337"}).status_code == 400
    assert client.get("/accounts/login/", headers={"host": "example.org"}).status_code == 200
    assert client.get("/accounts/login/", headers={"host": "example.org:443"}).status_code == 200
    assert client.get("/healthz", headers={"host": "localhost:8000"}).status_code == 200


@pytest.mark.parametrize("email", ["owner@example.org", "new@example.org"])
def test_with_confirmed_addresses_sign_up_does_not_tell_who_has_an_account(
    owner: User, client: Client, settings: Settings, email: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    form = {"email": email, "password1": PASSWORD}
    response = client.post("/accounts/signup/", form)
    assert (response.status_code, response["Location"]) == (302, "/accounts/confirm-email/")
    assert not signed_in_as(client)
    assert [message.to for message in mail.outbox] == [[email]]


def test_without_a_mail_server_sign_up_tells_a_client_of_a_few_accounts_only(owner: User) -> None:
    def answer(email: str) -> str:
        form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
        return str(Client().post("/accounts/signup/", form).content.decode())

    assert all("already registered" in answer(owner.email) for _ in range(5))
    assert "already registered" not in answer(owner.email)
    assert escape(TOO_MANY_TAKEN) in answer(owner.email)
    assert escape(TOO_MANY_TAKEN) in answer("free@example.org")
    assert User.objects.count() == 1


@pytest.mark.parametrize("email", ["owner@example.org", "new@example.org"])
def test_a_confirmation_that_cannot_be_sent_does_not_tell_who_has_an_account(
    owner: User, client: Client, broken_email: None, settings: Settings, email: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    page = client.post("/accounts/signup/", form, follow=True)
    assert page.redirect_chain == [("/accounts/confirm-email/", 302)]
    assert page.content.decode().count("could not be sent") == 1
    assert not signed_in_as(client)


@pytest.mark.parametrize("password", ["Reconsite-2026", "localhost1234", "photo3dmodel!!"])
def test_the_name_of_the_site_is_no_password(client: Client, password: str) -> None:
    form = {"email": "new@example.org", "password1": password, "password2": password}
    assert MESSAGE in unescape(client.post("/accounts/signup/", form).content.decode())
    assert not User.objects.exists()
