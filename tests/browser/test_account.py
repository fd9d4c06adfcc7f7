"""Account pages: API tokens, remote sign-out, data download, account deletion."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.browser.steps import sign_up
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def api_status(address: str, token: str) -> int:
    """The status that a script with this token receives."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{address}/api/v1/jobs/", headers=headers, timeout=60).status_code


def test_a_token_is_shown_once_and_works_until_revoked(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_up(page)
    page.goto("/accounts/tokens/")
    page.get_by_label("Name").fill("script")
    page.get_by_role("button", name="Create token").click()
    token = page.get_by_label("New token").input_value()
    page.wait_for_load_state()  # the button copies once its script has run
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    assert api_status(address, token) == 200
    page.goto("/accounts/tokens/")
    expect(page.get_by_label("New token")).to_have_count(0)
    expect(page.get_by_text("last used")).to_be_visible()
    page.get_by_role("link", name="Revoke script").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No tokens yet.")).to_be_visible()
    assert api_status(address, token) == 401


def test_another_browser_can_be_signed_out(page: Page, browser: Browser, address: str) -> None:
    sign_up(page)
    other = browser.new_context(base_url=address, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0")
    there = other.new_page()
    there.goto("/accounts/login/")
    there.get_by_label("Email").fill("person@example.org")
    there.get_by_label("Password", exact=True).fill(PASSWORD)
    there.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    there.wait_for_url("**/new/")
    page.goto("/accounts/sessions/")
    page.get_by_role("button", name="Sign out Firefox on Linux").click()
    expect(page.get_by_text("Browser signed out.")).to_be_visible()
    there.goto("/models/")
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
    other.close()


def test_the_first_invalid_field_gets_the_focus(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill("person@example.org")
    page.get_by_label("Password", exact=True).fill("12345678")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.locator("#id_password1")).to_be_focused()
    expect(page.locator("#id_password1_error")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1440])
def test_deleting_an_account_requires_the_password(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_up(page)
    page.goto("/accounts/data/")
    page.get_by_role("link", name="Delete account").click()
    expect(page.get_by_text("This is immediate")).to_be_visible()
    page.get_by_label("Your password").fill("not-the-word")
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Wrong password.")).to_be_visible()
    expect(page.get_by_label("Your password")).to_be_focused()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Your account and everything in it have been deleted")).to_be_visible()
    assert not User.objects.exists()


def test_all_data_is_downloaded_as_one_file(page: Page) -> None:
    sign_up(page)
    page.goto("/accounts/data/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    assert download.value.suggested_filename == "reconsite-data.zip"
    assert download.value.failure() is None
