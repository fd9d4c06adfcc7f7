"""A phone of 390 pixels with a touch screen: a model that does not catch the scrolling finger, menus within reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser import pages

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "has_touch": True,
    "is_mobile": True,
    "reduced_motion": "reduce",
}


@pytest.fixture
def result(showcase: pages.Furnished, browser: Browser) -> Iterator[Page]:
    """The result page on the phone."""
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, **PHONE)
    yield pages.show(contexts[True], next(visit for visit in showcase.visits if visit.name == "result"))


def swipe(page: Page, dx: int, dy: int) -> None:
    """One finger drags from the middle of the model."""
    box = page.locator("main canvas").first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    touch(session, "touchStart", [{"x": x, "y": y}])
    for step in range(1, 11):
        touch(session, "touchMove", [{"x": x + dx * step / 10, "y": y + dy * step / 10}])
    touch(session, "touchEnd", [])
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def touch(session: CDPSession, kind: str, points: list[dict[str, float]]) -> None:
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_vertical_swipe_over_the_model_scrolls_until_turn_is_tapped(result: Page) -> None:
    expect(result.get_by_text("Swipe sideways to turn the model")).to_be_visible()
    swipe(result, 0, -150)
    scrolled = result.evaluate("window.scrollY")
    assert scrolled > 100
    expect(result.get_by_text("Swipe sideways to turn the model")).to_be_hidden()
    result.get_by_role("button", name="Turn", exact=True).tap()
    swipe(result, 0, -150)
    assert result.evaluate("window.scrollY") == scrolled


def test_a_menu_of_the_viewer_opens_below_the_model(result: Page) -> None:
    result.get_by_role("button", name="Light, background and measurements").tap()
    sheet, canvas = result.locator("#viewer-scene"), result.locator("[data-viewer] canvas")
    expect(sheet).to_be_in_viewport()
    model, menu = canvas.bounding_box(), sheet.bounding_box()
    assert model and menu
    assert menu["y"] + menu["height"] == pytest.approx(780, abs=1)
    assert menu["y"] > model["y"] + model["height"] / 2
    result.get_by_role("button", name="Save image").tap()
    result.locator("h1").tap()
    expect(sheet).to_be_hidden()


def test_what_matters_stands_in_the_first_two_screens(result: Page) -> None:
    order = [result.get_by_role("heading", level=1), result.locator("[data-viewer] canvas"),
             result.get_by_role("link", name="Download GLB"), result.get_by_role("link", name="Share"),
             result.get_by_role("link", name="Add a photo of the"),
             result.get_by_role("button", name="Rename")]  # fmt: skip
    boxes = [item.bounding_box() for item in order]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == 6
    assert tops[:2] == sorted(tops[:2]) and max(tops[:2]) < min(tops[2:4]) and max(tops[2:4]) < tops[4] < tops[5]
    assert max(tops[:4]) < 780
    assert tops[4] < 2 * 780


def test_two_versions_are_seen_in_one_window_that_a_finger_scrolls(showcase: pages.Furnished, browser: Browser) -> None:
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, **PHONE)
    page = pages.show(contexts[True], next(visit for visit in showcase.visits if visit.name == "compare"))
    for model in page.locator("[data-compare-view] canvas").all():
        expect(model).to_be_in_viewport(ratio=1)
    swipe(page, 0, -150)
    assert page.evaluate("window.scrollY") > 100


def test_create_model_stays_in_sight(showcase: pages.Furnished, browser: Browser) -> None:
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, **PHONE)
    page = pages.show(contexts[True], next(visit for visit in showcase.visits if visit.name == "upload"))
    create = page.get_by_role("button", name="Create model")
    for position in ("0", "document.body.scrollHeight"):
        page.evaluate(f"window.scrollTo(0, {position})")
        expect(create).to_be_in_viewport(ratio=1)
