"""The home page: a model that turns, and can be turned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.finished import opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def home(browser: Browser, transactional_db: None, web: str) -> Iterator[Page]:
    """The home page with animations."""
    with opened(browser, web, None, reduced_motion="no-preference") as page:
        page.goto("/")
        yield page


def test_the_model_turns_in_pictures_until_it_is_opened(home: Page) -> None:
    expect(home.locator("[data-hero-turn]")).to_be_visible()
    requests: list[str] = []
    home.on("request", lambda request: requests.append(request.url))
    assert not any("model.glb" in url for url in requests)
    home.get_by_role("button", name="Turn it yourself").click()
    canvas = home.get_by_role("img", name="3D model of a lighthouse")
    expect(canvas).to_be_focused()
    expect(home.locator("[data-hero-turn]")).to_be_hidden()
    assert any("model.glb" in url for url in requests)


def test_the_pictures_stay_if_the_model_cannot_be_loaded(home: Page) -> None:
    home.route("**/model.glb", lambda route: route.fulfill(status=404))
    home.get_by_role("button", name="Turn it yourself").click()
    expect(home.get_by_role("button", name="Turn it yourself")).to_be_hidden()
    expect(home.locator("[data-hero-turn]")).to_be_visible()


def test_without_motion_the_poster_stands_still(browser: Browser, transactional_db: None, web: str) -> None:
    with opened(browser, web, None, reduced_motion="reduce") as page:
        page.goto("/")
        expect(page.get_by_role("img", name="The model that Reconsite made")).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(page.locator("[data-hero-turn]")).to_be_hidden()
