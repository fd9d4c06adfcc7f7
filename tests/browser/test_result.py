"""The result page in a real browser: downloads, renaming, tags, remixes, deletion."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trimesh
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from jobs.core import archive
from jobs.models import Artifact, Conversion, Job
from jobs.work import conversion_runner
from ml import files
from tests.browser.canvas import Pixels, still_pixels
from tests.browser.finished import READY, finished_model, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def address(transactional_db: None, web: str) -> str:
    """The web process alone: these tests only queue remixes."""
    return web


@pytest.fixture
def model(owner: User, address: str) -> Job:
    """A finished red lamp."""
    return finished_model(owner)


@pytest.fixture
def result(browser: Browser, address: str, owner: User, model: Job) -> Iterator[Page]:
    """The result page, with the model rendered."""
    with opened(browser, address, owner, reduced_motion="reduce", accept_downloads=True) as page:
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        yield page


def downloaded(page: Page, selector: str, target: Path) -> Path:
    with page.expect_download() as download:
        page.locator(selector).click()
    download.value.save_as(target)
    return target


@pytest.mark.parametrize("name", ["mesh.glb", "mesh.stl", "mesh.ply"])
def test_a_download_opens_in_trimesh(result: Page, tmp_path: Path, name: str) -> None:
    path = downloaded(result, f'.downloads a[href*="{name}"]', tmp_path / name)
    assert len(trimesh.load_mesh(path).faces) > 500


def test_the_obj_in_the_zip_finds_its_texture(result: Page, tmp_path: Path) -> None:
    path = downloaded(result, "[data-bundle]", tmp_path / "lamp.zip")
    zipfile.ZipFile(path).extractall(tmp_path)
    mesh = trimesh.load_mesh(tmp_path / "lamp" / "lamp.obj")
    assert isinstance(mesh.visual, trimesh.visual.TextureVisuals)
    assert mesh.visual.material.image is not None


def test_name_and_tags_can_be_edited(result: Page) -> None:
    result.get_by_role("button", name="Rename").click()
    result.get_by_role("textbox", name="Name").fill("Red lamp")
    result.get_by_role("button", name="Save name").click()
    expect(result.get_by_role("heading", level=1)).to_have_text("Red lamp")
    result.get_by_role("button", name="Tags").click()
    result.get_by_label("Tags, separated by commas").fill("desk, light")
    result.get_by_role("button", name="Save tags").click()
    expect(result.locator(".tags a")).to_have_text(["desk", "light"])


def test_sharing_publishing_and_renaming_leave_the_page_as_it_is(result: Page) -> None:
    result.evaluate("window.kept = true")
    result.get_by_role("button", name="Rename").click()
    result.get_by_role("textbox", name="Name").fill("Red lamp")
    result.get_by_role("button", name="Save name").click()
    expect(result.get_by_role("heading", level=1)).to_have_text("Red lamp")
    expect(result.get_by_role("button", name="Rename")).to_be_focused()
    expect(result.get_by_role("textbox", name="Name")).to_be_hidden()
    result.get_by_role("button", name="Create link").click()
    expect(result.get_by_label("Anyone with this link can view the model")).to_be_focused()
    result.get_by_role("button", name="Publish").click()
    expect(result.get_by_text("Public.", exact=True)).to_be_visible()
    result.get_by_role("button", name="Make private").click()
    result.get_by_role("button", name="Revoke link").click()
    expect(result.get_by_role("status").get_by_text("Share link revoked")).to_be_visible()
    assert result.title().startswith("Red lamp")
    assert result.evaluate("window.kept")


def test_a_remix_opens_the_page_of_the_new_version(result: Page, model: Job) -> None:
    result.get_by_text("Remix", exact=True).click()
    expect(result.get_by_label("Maximum faces")).to_have_attribute("placeholder", "10000")
    result.get_by_text("High", exact=True).click()
    expect(result.get_by_label("Maximum faces")).to_have_attribute("placeholder", "150000")
    result.get_by_label("Size (mm)").fill("42")
    result.get_by_role("button", name="Create version").click()
    result.wait_for_url(lambda url: "/jobs/" in url and str(model.pk) not in url)
    child = model.remixes.get()
    assert child.get_absolute_url() in result.url
    assert (child.recipe["quality"], child.recipe["height_mm"]) == ("high", 42.0)


def test_the_compare_slider_works_from_the_keyboard(result: Page) -> None:
    slider = result.get_by_role("slider", name="How much of the photo is shown")
    slider.focus()
    result.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100% photo")
    expect(result.locator("[data-compare-frame]")).to_have_css("--at", "100%")
    result.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "99% photo")


def test_the_viewer_previews_another_depth(browser: Browser, address: str, owner: User, model: Job) -> None:
    with opened(browser, address, owner, reduced_motion="reduce") as page:
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        page.evaluate("() => document.querySelector('[data-act=\"right\"]').click()")
        page.get_by_text("Remix", exact=True).click()
        depths = ("1", "1.5", "1")
        made, deeper, again = (picture_at_depth(page, depth) for depth in depths)
        assert np.array_equal(made, again)
        assert not np.array_equal(made, deeper)


def picture_at_depth(page: Page, depth: str) -> Pixels:
    page.get_by_label("Depth").fill(depth)
    expect(page.locator("[data-depth-value]")).to_have_text(depth)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return still_pixels(page.locator("[data-viewer] canvas").first)


def test_download_is_at_most_ten_tab_stops_from_the_start(result: Page) -> None:
    for _stop in range(10):
        result.keyboard.press("Tab")
        if "Download" in result.evaluate("document.activeElement.innerText"):
            return
    pytest.fail("not reached")


@pytest.mark.parametrize("group", ["Turntable images", "Viewer tools"])
def test_a_group_is_one_tab_stop_with_arrow_keys_inside(result: Page, group: str) -> None:
    items = result.locator(f"[data-arrow-keys][aria-label^='{group}']").locator("a:visible, button:visible")
    items.first.focus()
    result.keyboard.press("ArrowRight")
    expect(items.nth(1)).to_be_focused()
    result.keyboard.press("End")
    expect(items.last).to_be_focused()
    result.keyboard.press("ArrowRight")
    expect(items.first).to_be_focused()
    result.keyboard.press("Tab")
    assert not result.evaluate("document.activeElement.closest('[data-arrow-keys]')")


FOCUSED = "document.activeElement.innerText"


def test_the_tab_key_goes_from_the_model_to_its_tools(result: Page) -> None:
    result.locator("[data-viewer] canvas").focus()
    result.keyboard.press("Tab")
    assert result.evaluate(FOCUSED) == "Texture"
    result.set_viewport_size({"width": 390, "height": 780})  # the surfaces become a menu
    result.locator("[data-viewer] canvas").focus()
    result.keyboard.press("Tab")
    assert result.evaluate(FOCUSED).split() == ["Surface:", "Texture"]


def test_the_keyboard_opens_a_menu_of_the_viewer_and_returns(result: Page) -> None:
    opener = result.get_by_role("button", name="Light, background and measurements")
    opener.focus()
    result.keyboard.press("Enter")
    expect(result.get_by_role("button", name="Front", exact=True)).to_be_focused()
    result.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_a_deletion_is_confirmed_and_can_be_undone(result: Page, model: Job) -> None:
    result.get_by_role("link", name="Delete").click()
    expect(result.get_by_role("dialog")).to_contain_text("moves to the bin")
    result.get_by_role("dialog").get_by_role("button", name="Delete").click()
    result.wait_for_url("**/models/")
    assert Job.objects.in_bin().get() == model
    result.get_by_role("button", name="Undo").click()
    expect(result.locator(".model-card .body h2")).to_have_text([model.title])


def test_sharing_and_remixing_work_without_javascript(browser: Browser, address: str, owner: User, model: Job) -> None:
    with opened(browser, address, owner, java_script_enabled=False) as page:
        page.goto(model.get_absolute_url())
        page.get_by_role("button", name="Create link").click()
        expect(page.get_by_label("Anyone with this link can view the model")).to_be_visible()
        page.get_by_text("Remix", exact=True).click()
        page.get_by_role("button", name="Create version").click()
        page.wait_for_url(lambda url: str(model.pk) not in url)
        assert model.remixes.exists()


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_page_does_not_scroll_sideways(browser: Browser, address: str, owner: User, model: Job, width: int) -> None:
    with opened(browser, address, owner, viewport={"width": width, "height": 800}) as page:
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        page.evaluate("() => document.querySelectorAll('details').forEach((details) => (details.open = true))")
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_format_is_created_later_and_appears_without_a_reload(
    browser: Browser, address: str, owner: User, model: Job
) -> None:
    stl = model.artifacts.get(name=files.STL)
    Artifact.objects.filter(pk=stl.pk).delete()  # as if the recipe had not asked for it
    with opened(browser, address, owner, reduced_motion="reduce") as page:
        page.goto(model.get_absolute_url())
        page.evaluate("window.sameDocument = true")
        page.get_by_role("button", name="Create STL").click()
        expect(page.get_by_text("Creating STL…")).to_be_visible()
        stl.save(force_insert=True)  # what a worker does
        Conversion.objects.all().delete()
        expect(page.locator("#files").get_by_role("link", name="STL")).to_be_visible()
        expect(page.get_by_text("Creating STL…")).to_have_count(0)
        assert page.evaluate("window.sameDocument")


def test_the_files_of_an_archived_model_come_back_as_they_were(
    browser: Browser, address: str, owner: User, model: Job
) -> None:
    before = dict(model.artifacts.values_list("name", "sha256"))
    assert archive.archive(model.pk)
    with opened(browser, address, owner) as page:
        page.goto(model.get_absolute_url())
        expect(page.get_by_role("heading", name="Archived")).to_be_visible()
        page.get_by_role("button", name="Make the files again").click()
        expect(page.get_by_text("Making the files again…")).to_be_visible()
        conversion_runner.run(str(Conversion.objects.get().pk))  # what a worker does, with the real pipeline
        page.locator(READY).wait_for()
        expect(page.locator("#files").get_by_role("link", name="STL")).to_be_visible()
    after = dict(model.artifacts.values_list("name", "sha256"))
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == set()
