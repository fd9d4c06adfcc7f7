"""The gallery: turntable previews, filters, tags, bulk actions; also without JavaScript."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from jobs.core import sharing
from jobs.models import Job
from tests.browser import pages

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def address(furnished: pages.Furnished) -> str:
    """A site on which Ada has seven finished models."""
    return furnished.address


@pytest.fixture
def context(furnished: pages.Furnished, browser: Browser) -> BrowserContext:
    """Ada's profile."""
    look = {"viewport": {"width": 1440, "height": 900}}
    return pages.open_contexts(browser, furnished.address, furnished.owner, **look)[True]


def titles(page: Page) -> list[str]:
    return page.locator(".model-card .body h2").all_inner_texts()


def test_models_are_previewed_filtered_tagged_and_managed_in_bulk(
    context: BrowserContext, page: Page, tmp_path: Path
) -> None:
    page.goto("/models/")
    assert len(titles(page)) == len(pages.TITLES)
    a_card_turns_with_one_request(page)
    filters_are_kept_in_the_url(page)
    tags_are_edited_on_the_card(page)
    several_are_downloaded(page, tmp_path)
    several_are_published(page)
    several_are_deleted(page)


def a_card_turns_with_one_request(page: Page) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    engine = page.locator("[data-card]", has_text="Engine")
    engine.hover()
    expect(engine).to_have_class(re.compile("turning"))
    expect(engine.locator(".card-sprite")).to_be_visible()
    names = [url.rsplit("/", 1)[1] for url in requested]
    assert [name for name in names if name != "poster.webp"] == ["sprite.webp"]  # scrolling to the card loads posters
    page.mouse.move(0, 0)
    expect(engine).not_to_have_class(re.compile("turning"))
    engine.get_by_role("link", name="Engine", exact=True).focus()
    expect(engine).to_have_class(re.compile("turning"))


def filters_are_kept_in_the_url(page: Page) -> None:
    page.select_option('select[name="sort"]', "title")
    page.wait_for_url("**sort=title**")
    assert titles(page) == sorted(pages.TITLES, key=str.lower)
    page.get_by_role("navigation", name="Tags").get_by_role("link", name="shelf").click()
    page.wait_for_url("**tag=shelf**")
    assert titles(page) == ["Android", "Engine"]
    page.get_by_role("searchbox").fill("andr")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=andr**")
    assert titles(page) == ["Android"]
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("andr")
    assert titles(page) == ["Android"]


def tags_are_edited_on_the_card(page: Page) -> None:
    page.get_by_role("button", name="Edit tags for Android").click()
    field = page.get_by_label("Tags, separated by commas")
    expect(field).to_be_focused()
    field.fill("tea, Red")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No matches")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("[data-card]", has_text="Android").locator(".tag")).to_have_text(["red", "tea"])


def select(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("checkbox", name=f"Select {name}").check()


def several_are_downloaded(page: Page, tmp_path: Path) -> None:
    bar = page.get_by_role("form", name="Actions for selected models")
    expect(bar).to_be_hidden()
    select(page, "Engine", "Robot")
    expect(bar.get_by_role("status")).to_have_text("2 selected")
    with page.expect_download() as download:
        bar.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "models.zip")
    with zipfile.ZipFile(tmp_path / "models.zip") as archive:
        assert {name.split("-")[0] for name in archive.namelist()} == {"engine", "robot"}
        assert archive.testzip() is None
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def several_are_published(page: Page) -> None:
    sharing.unpublish(Job.objects.get(title="Engine"))
    select(page, "Engine")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").first).to_contain_text("1 model published")
    page.goto("/explore/")
    expect(page.get_by_role("link", name="Engine")).to_be_visible()
    expect(page.locator("[data-card]", has_text="Engine")).to_contain_text("by Ada")
    page.goto("/models/")


def several_are_deleted(page: Page) -> None:
    page.get_by_role("checkbox", name="Select Engine").check()
    page.get_by_role("button", name="Select all on this page").click()
    deselect(page, "Locomotive")
    page.get_by_role("form", name="Actions for selected models").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete 6 models").click()
    expect(page.locator(".model-card .body h2")).to_have_text(["Locomotive"])


def deselect(page: Page, name: str) -> None:
    page.get_by_role("checkbox", name=f"Select {name}").uncheck()


def test_the_gallery_works_without_scripts(context: BrowserContext, browser: Browser, address: str) -> None:
    session = context.storage_state()
    page = browser.new_page(java_script_enabled=False, storage_state=session, base_url=address)
    page.goto("/models/")
    page.locator("[data-card]", has_text="Engine").hover()
    expect(page.locator("[data-card]", has_text="Engine").locator(".card-sprite")).to_be_visible()
    page.select_option('select[name="state"]', "private")
    page.get_by_role("button", name="Search").click()
    assert set(titles(page)) == {"Beacon, seen from the left with its door shut", "Robot"}
    page.get_by_role("checkbox", name="Select Robot").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").first).to_contain_text("1 model published")
