"""Two-factor authentication with a virtual passkey and with an app, as a person uses them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.second_factor import current_code
from tests.browser.steps import sign_up
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOME = re.compile(r"^https?://[^/]+/$")
"""A pattern like `**/` would match every page."""


@pytest.fixture
def page_with_passkeys(page: Page) -> Page:
    """A browser whose passkeys are confirmed without anyone touching anything."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def confirm_password(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(HOME)


def sign_in_with_password(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("person@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def turn_on(page: Page, key: str) -> None:
    page.get_by_label("Code from the app").fill(current_code(key))
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_load_state()


def test_a_passkey_is_a_second_factor_and_replaces_the_password(page_with_passkeys: Page) -> None:
    page = page_with_passkeys
    sign_up(page)
    page.goto("/accounts/two-factor/")
    page.get_by_role("link", name="Add a passkey").click()
    confirm_password(page)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(page)

    sign_in_with_password(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/new/")
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/new/")


def test_a_browser_without_the_passkey_says_so(page_with_passkeys: Page) -> None:
    page = page_with_passkeys
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The passkey was not confirmed. Try again.")).to_be_visible()


def test_an_app_is_set_up_and_then_asked_for(page: Page) -> None:
    sign_up(page)
    page.goto("/accounts/two-factor/")
    page.get_by_role("link", name="Set up an authenticator app").click()
    confirm_password(page)
    key = page.get_by_label("Key, if you can't scan the code").input_value()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    turn_on(page, key)
    if page.get_by_text("Wrong code").is_visible():  # the half minute ended in between
        turn_on(page, key)
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator(".code-list code").first.inner_text()
    sign_out(page)
    sign_in_with_password(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/new/")
