"""The main journey: sign up, upload, wait, rotate the model, download it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.canvas import pixels
from tests.browser.finished import READY, opened
from tests.browser.looks import DARK_PHONE, LIGHT_DESK
from tests.browser.steps import sign_up, upload
from tests.conftest import PASSWORD

pytestmark = pytest.mark.browser

both_looks = pytest.mark.parametrize("look", [DARK_PHONE, LIGHT_DESK], ids=["dark phone", "light desk"])


@pytest.fixture
def visitor(browser: Browser, address: str, look: dict[str, Any]) -> Iterator[Page]:
    """Somebody without an account, on a phone or at a desk."""
    with opened(browser, address, None, accept_downloads=True, **look) as page:
        yield page


def press(control: Locator) -> None:
    """With a finger where the window has a touch screen."""
    has_touch = control.page.evaluate("matchMedia('(pointer: coarse)').matches")
    (control.tap if has_touch else control.click)()


@both_looks
def test_from_sign_up_to_a_rotating_model(visitor: Page, photo: bytes, tmp_path: Path) -> None:
    page = visitor
    sign_up(page)
    upload(page, photo)
    page.wait_for_selector(READY)
    canvas = page.locator("[data-viewer] canvas")
    first = pixels(canvas)
    assert first.var() > 50, "the canvas is blank"
    reds = (first[..., 0] > 120) & (first[..., 1] < 110) & (first[..., 2] < 110)
    assert reds.mean() > 0.005, "the red shade of the lamp is not visible"
    turn(page)
    assert np.abs(pixels(canvas) - first).mean() > 0.5, "the model does not rotate"
    with page.expect_download() as download:
        press(page.locator('a[href*="mesh.glb?download=1"]').first)
    target = tmp_path / "model.glb"
    download.value.save_as(target)
    assert len(trimesh.load_scene(target).geometry) == 1


def turn(page: Page) -> None:
    """Drag the model to rotate it."""
    box = page.locator("[data-viewer] canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 3, y, steps=5)
    page.mouse.up()


@pytest.mark.slow
@both_looks
def test_three_presses_and_two_fields_lead_a_visitor_to_a_running_job(visitor: Page) -> None:
    page = visitor
    page.goto("/")
    press(page.get_by_role("button", name="A lighthouse"))
    expect(page.get_by_role("img", name="Your photo")).to_be_visible()
    page.get_by_label("Email").fill("visitor@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page.get_by_role("main").get_by_role("button", name="Sign up"))
    create = page.get_by_role("button", name="Create model")
    expect(create).to_be_enabled(timeout=60_000)
    expect(page.get_by_role("img", name="The object without its background")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-notice]")).to_have_count(0)
    press(create)
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))


@pytest.mark.slow
def test_a_password_can_be_shown_and_hidden(page: Page) -> None:
    page.goto("/accounts/signup/")
    field = page.get_by_label("Password", exact=True)
    field.fill(PASSWORD)
    page.get_by_role("button", name="Show the password").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide the password").click()
    expect(field).to_have_attribute("type", "password")


@pytest.mark.slow
def test_the_progress_page_works_without_a_socket(context: BrowserContext, page: Page, photo: bytes) -> None:
    context.route_web_socket(re.compile(r"/ws/"), lambda socket: socket.close())
    sign_up(page)
    upload(page, photo)
    page.wait_for_selector(READY)


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        assert overflow(page, path) <= 0, path
    sign_up(page)
    for path in ("/", "/new/", "/models/", "/jobs/"):
        assert overflow(page, path) <= 0, path


def overflow(page: Page, path: str) -> int:
    """Pixels by which the page is wider than the window."""
    page.goto(path)
    expect(page.locator("main")).to_be_visible()
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
