"""From the home page to the download with nothing but the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trimesh
from playwright.sync_api import Browser, Page, expect

from tests.browser import pages
from tests.browser.finished import READY, opened
from tests.browser.looks import DARK_DESK, DARK_PHONE, LIGHT_DESK, LIGHT_PHONE
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = """() => {
  const focused = document.activeElement;
  return focused.getAttribute("aria-label") || focused.labels?.[0]?.innerText || focused.innerText ||
    focused.querySelector("img")?.alt || "";
}"""
"""What a screen reader would call the focused element, near enough."""
MOST_STOPS = 40
"""Tab stops to anything on the way."""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    passed = []
    for _ in range(MOST_STOPS):
        if str(page.evaluate(NAME)).strip() == name:
            return
        page.keyboard.press("Tab")
        passed.append(str(page.evaluate(NAME)).strip())
    pytest.fail(f"“{name}” is not among the first stops: {passed}")


def follow(page: Page, name: str, url: str) -> None:
    """Go to the link of this name and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")
    page.wait_for_url(url)


def open_menu(page: Page) -> None:
    """On a narrow window the links of the header are behind a button."""
    if page.get_by_role("button", name="Menu", exact=True).is_visible():
        tab_to(page, "Menu")
        page.keyboard.press("Enter")
        page.wait_for_selector("#site-menu.show")


@pytest.mark.parametrize("look", [LIGHT_DESK, LIGHT_PHONE, DARK_PHONE], ids=["light desk", "light phone", "dark phone"])
def test_from_home_to_the_download(
    furnished: pages.Furnished, browser: Browser, look: dict[str, Any], tmp_path: Path
) -> None:
    with opened(browser, furnished.address, None, accept_downloads=True, **look) as page:
        page.goto("/")
        open_menu(page)
        follow(page, "Sign in", "**/login/**")
        sign_in(page, furnished.owner.email)
        open_menu(page)
        follow(page, "My models", "**/models/")
        follow(page, "Skip to content", "**/models/#main")
        follow(page, "Engine", "**/jobs/*/")
        tab_to(page, "Download GLB")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        download.value.save_as(tmp_path / "model.glb")
        assert len(trimesh.load_mesh(tmp_path / "model.glb").faces) > 500


@pytest.mark.timeout(600)
def test_from_home_to_an_account_a_model_and_its_download(browser: Browser, address: str, tmp_path: Path) -> None:
    with opened(browser, address, None, accept_downloads=True, **DARK_DESK) as page:
        page.goto("/")
        follow(page, "A lighthouse", "**/accounts/signup/?next=*")
        tab_to(page, "Email")
        page.keyboard.type("visitor@example.org")
        tab_to(page, "Password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/new/")
        expect(page.get_by_role("button", name="Create model")).to_be_enabled()
        follow(page, "Create model", "**/jobs/*/")
        page.wait_for_selector(READY)
        tab_to(page, "Download GLB")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        download.value.save_as(tmp_path / "model.glb")
        assert len(trimesh.load_mesh(tmp_path / "model.glb").faces) > 500


def sign_in(page: Page, email: str) -> None:
    tab_to(page, "Email")
    page.keyboard.type(email)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/")
