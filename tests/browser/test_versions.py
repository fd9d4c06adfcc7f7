"""A second photo makes the next version, and both are compared beside each other; on a phone and at a desk."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.finished import READY
from tests.browser.looks import DARK_DESK, LIGHT_PHONE
from tests.browser.steps import sign_up, submit_draft, upload
from tests.conftest import encoded, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COMPARED = '[data-compare-versions][data-ready="true"]'


@pytest.fixture(params=[DARK_DESK, LIGHT_PHONE], ids=["desk", "phone"])
def person(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Somebody without an account."""
    look: dict[str, Any] = request.param
    context = browser.new_context(base_url=address, **look)
    context.set_default_timeout(240_000)
    yield context.new_page()
    context.close()


@pytest.mark.timeout(1200)
def test_a_second_photo_shows_its_gain(person: Page, photo: bytes) -> None:
    sign_up(person)
    upload(person, photo)
    person.wait_for_selector(READY)
    add_the_photo_that_the_page_asks_for(person)
    person.wait_for_selector(READY)
    compare_both_versions(person)
    both_models_show_their_colours(person)
    the_other_theme_shows_them_too(person)
    both_cameras_follow_the_keys(person)
    the_first_version_is_one_press_away(person)
    the_poster_is_chosen(person)


def add_the_photo_that_the_page_asks_for(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Add a photo of the")).click()
    page.wait_for_url("**/new/?again=**")
    back = {
        "name": "back.png",
        "mimeType": "image/png",
        "buffer": encoded(picture().transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    }
    expect(page.locator("[data-shots] > li")).to_have_count(1)  # the photo of the first version
    page.set_input_files("#photo", back)  # type: ignore[arg-type]
    expect(page.locator("[data-shots] > li")).to_have_count(2)
    submit_draft(page)


def compare_both_versions(page: Page) -> None:
    versions = page.get_by_role("navigation", name="Versions of this model")
    expect(versions.get_by_role("link", name="Version 2")).to_have_attribute("aria-current", "page")
    versions.get_by_role("link", name="Compare").click()
    page.wait_for_selector(COMPARED)
    gain = page.locator("[data-gain]").inner_text()
    numbers = re.search(r"With 2 photos instead of 1, (\d+)% .* before, (\d+)% is now: (\d+)% more", gain)
    assert numbers, gain
    before, after, more = map(int, numbers.groups())
    assert before - after == more > 0


def both_models_show_their_colours(page: Page) -> None:
    for canvas in page.locator("[data-compare-view] canvas").all():
        shown = Image.open(io.BytesIO(canvas.screenshot())).convert("HSV")
        middle = shown.getpixel((shown.width // 2, shown.height // 2))
        assert isinstance(middle, tuple)
        assert middle[2] > 60, middle  # the lamp's grey stem; without light it would be black


def the_other_theme_shows_them_too(page: Page) -> None:
    root = page.locator("html")
    other = {"light": "dark", "dark": "light"}[str(root.get_attribute("data-bs-theme"))]
    page.emulate_media(color_scheme=other)  # type: ignore[arg-type]
    expect(root).to_have_attribute("data-bs-theme", other)
    both_models_show_their_colours(page)


def cameras(page: Page) -> list[str]:
    return [str(view.get_attribute("data-camera")) for view in page.locator("[data-compare-view]").all()]


def both_cameras_follow_the_keys(page: Page) -> None:
    start = cameras(page)
    assert start[0] == start[1]
    for side in (0, 1):
        page.locator("[data-compare-view] canvas").nth(side).focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-compare-view]").first).not_to_have_attribute("data-camera", start[0])
        turned = cameras(page)
        assert turned[0] == turned[1] != start[0]
        start = turned


def the_first_version_is_one_press_away(page: Page) -> None:
    page.get_by_role("link", name="Version 1").click()
    page.wait_for_selector(READY)
    expect(page.get_by_role("link", name="Version 1")).to_have_attribute("aria-current", "page")


def the_poster_is_chosen(page: Page) -> None:
    poster = page.get_by_role("img", name="The poster now")
    before = poster.get_attribute("src")
    page.locator("[data-viewer] canvas").focus()
    page.keyboard.press("3")  # from the back
    page.locator("#use-view-here").click()
    expect(page.get_by_text("Poster changed")).to_be_visible()
    expect(poster).not_to_have_attribute("src", str(before))
