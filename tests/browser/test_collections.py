"""A collection from the gallery to another site, at a desk and on a phone, in both themes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from jobs.core import sharing
from jobs.models import Job
from tests.browser import pages
from tests.browser.finished import READY, opened
from tests.browser.looks import DARK_PHONE, LIGHT_DESK, other_theme
from tests.browser.test_share import other_site

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("look", [LIGHT_DESK, DARK_PHONE], ids=["desk", "phone"])
def test_models_become_a_collection_that_strangers_see_and_embed(
    furnished: pages.Furnished, browser: Browser, look: dict[str, Any]
) -> None:
    sharing.unpublish(Job.objects.get(title="Engine"))
    with opened(browser, furnished.address, furnished.owner, **look) as mine:
        two_models_are_collected(mine)
        the_order_is_changed_with_the_keyboard(mine)
        link = the_link_is_shared(mine)
        with opened(browser, furnished.address, None, **other_theme(look)) as theirs:
            a_stranger_sees_only_the_published_model(theirs, link)
            the_owner_shows_the_private_model(mine)
            a_stranger_walks_through_both(theirs, link)
            another_site_embeds_both(theirs, f"{link}embed/")


def two_models_are_collected(page: Page) -> None:
    page.goto("/models/")
    for name in ("Engine", "Tower"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    page.get_by_role("button", name="Add to collection").click()
    page.get_by_label("A new collection").check()
    page.get_by_label("Name of the new collection").fill("Portfolio")
    page.get_by_role("button", name="Add to collection").click()
    expect(page.get_by_role("heading", name="Portfolio")).to_be_visible()
    expect(page.get_by_text("2 models added to “Portfolio”")).to_be_visible()
    page.wait_for_load_state()  # before, a form reloads the page and the focus is lost


def titles(page: Page) -> list[str]:
    return page.locator(".collection-item h2").all_inner_texts()


def the_order_is_changed_with_the_keyboard(page: Page) -> None:
    before = titles(page)
    down = page.get_by_role("button", name=f"Move {before[0]} down")
    down.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".collection-item h2")).to_have_text(before[::-1])
    expect(page.get_by_role("button", name=f"Move {before[0]} down")).to_be_focused()


def the_link_is_shared(page: Page) -> str:
    page.get_by_label("Anyone with the link").check()
    page.get_by_role("button", name="Save visibility").click()
    expect(page.get_by_text("Visitors see 1 of 2 models")).to_be_visible()
    return page.get_by_label("Link", exact=True).input_value()


def a_stranger_sees_only_the_published_model(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.get_by_role("heading", name="Portfolio")).to_be_visible()
    expect(page.locator(".model-card h2")).to_have_text(["Tower"])


def the_owner_shows_the_private_model(page: Page) -> None:
    page.get_by_role("button", name="Show here: Engine").click()
    expect(page.get_by_text("Visitors see 2 of 2 models")).to_be_visible()
    expect(page.get_by_role("button", name="Keep private: Engine")).to_be_focused()


def a_stranger_walks_through_both(page: Page, link: str) -> None:
    page.goto(link)
    shown = page.locator(".model-card h2").all_inner_texts()
    assert sorted(shown) == ["Engine", "Tower"]
    page.get_by_role("link", name=shown[0], exact=True).click()
    page.wait_for_selector(READY)
    page.get_by_role("link", name=f"Next model: {shown[1]}").click()
    expect(page.get_by_role("heading", name=shown[1])).to_be_visible()
    expect(page.get_by_text("2 of 2 in Portfolio")).to_be_visible()
    page.get_by_role("link", name="Portfolio").click()
    expect(page).to_have_url(link)


def another_site_embeds_both(page: Page, framed: str) -> None:
    with other_site(framed) as elsewhere:
        page.goto(elsewhere)
        frame = page.frame_locator("iframe")
        frame.locator(READY).wait_for()
        posters = frame.get_by_role("navigation").get_by_role("link")
        expect(posters).to_have_count(2)
        posters.last.click()
        expect(posters.last).to_have_attribute("aria-current", "page")
        frame.locator(READY).wait_for()
        expect(frame.get_by_role("link", name=re.compile("Portfolio on Reconsite"))).to_be_visible()
