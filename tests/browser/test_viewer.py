"""The viewer, checked by its pixels: surface modes, measurements, lights, a lost context."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from jobs.core import sharing
from jobs.models import Job
from tests.browser.canvas import Pixels, pixels, still_pixels
from tests.browser.finished import READY, finished_model, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MIN_DIFFERENCE = 40.0
"""A pixel that differs from the background by more levels than this (summed over RGB) belongs to the model."""


@pytest.fixture
def address(transactional_db: None, web: str) -> str:
    """The web process alone: no worker is needed."""
    return web


@pytest.fixture
def model(owner: User, address: str) -> Job:
    """A finished red lamp."""
    return finished_model(owner)


@pytest.fixture
def viewer(browser: Browser, address: str, owner: User, model: Job) -> Iterator[Page]:
    """The result page with its model rendered and animations off."""
    with opened(browser, address, owner, reduced_motion="reduce") as page:
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        choose(page, "backdrop:white")
        yield page


def choose(page: Page, action: str) -> None:
    """Click a button of the viewer, even inside a closed menu, and wait for the next frame."""
    page.locator(f'[data-act="{action}"]').first.dispatch_event("click")
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")


def picture(page: Page, tmp_path: Path) -> Pixels:
    """The image saved by the viewer, (H, W, 3) in levels, composited on white."""
    with page.expect_download() as download:
        choose(page, "screenshot")
    path = tmp_path / "shot.png"
    download.value.save_as(path)
    with Image.open(path) as shot:
        white = Image.new("RGBA", shot.size, "white")
        white.alpha_composite(shot.convert("RGBA"))
    return np.asarray(white.convert("RGB"), dtype=np.float32)


def model_pixels(pixels: Pixels) -> Pixels:
    """The pixels that differ from the white background, (N, 3)."""
    found: Pixels = pixels[np.abs(pixels - 255.0).sum(axis=2) > MIN_DIFFERENCE]
    assert len(found) > 0.01 * pixels.shape[0] * pixels.shape[1], "the model is not visible"
    return found


def saturation(pixels: Pixels) -> float:
    """Mean distance between the strongest and the weakest channel."""
    return float((pixels.max(axis=1) - pixels.min(axis=1)).mean())


def test_every_surface_mode_looks_right(viewer: Page, tmp_path: Path) -> None:
    shots, pictures = {}, {}
    for mode in ("texture", "lit", "clay", "matcap", "normals", "uv", "seen"):
        choose(viewer, mode)
        expect(viewer.locator("[data-viewer]")).to_have_attribute("data-mode", mode)
        pictures[mode] = picture(viewer, tmp_path)
        shots[mode] = model_pixels(pictures[mode])
    red = (shots["texture"][:, 0] > 150) & (shots["texture"][:, 1] < 110)
    assert red.mean() > 0.2, "the texture has lost the lamp's red shade"
    assert ((shots["lit"][:, 0] - shots["lit"][:, 1]) > 50).mean() > 0.2, "light has taken the colours away"
    assert np.abs(pictures["lit"] - pictures["texture"]).mean() > 1.0, "lit is drawn as if unlit"
    assert saturation(shots["clay"]) < 30, "clay has colours"
    assert shots["clay"].std() > 10, "clay has no shading"
    assert saturation(shots["matcap"]) < 60, "the matcap has colours"
    assert shots["matcap"].std() > 15, "the matcap has no shading"
    assert shots["normals"][:, 2].mean() > 150, "normals do not face the camera"
    assert saturation(shots["uv"]) > 40, "the checker has no colours"
    assert len(np.unique(shots["uv"].astype(int) // 64, axis=0)) > 12, "the checker has few colours"
    seen, predicted = greenish(shots["seen"]), amberish(shots["seen"])
    assert seen > 0.2, "the front is not marked as seen"
    assert predicted > 0.005, "nothing is marked as predicted"


def greenish(pixels: Pixels) -> float:
    return float((pixels[:, 1] > pixels[:, 0] + 20).mean())


def amberish(pixels: Pixels) -> float:
    return float((pixels[:, 0] > pixels[:, 2] + 40).mean())


def test_the_unseen_back_is_marked_as_predicted(viewer: Page, tmp_path: Path) -> None:
    choose(viewer, "seen")
    choose(viewer, "front")
    front = amberish(model_pixels(picture(viewer, tmp_path)))
    choose(viewer, "back")
    assert amberish(model_pixels(picture(viewer, tmp_path))) > front + 0.5


def test_wireframe_grid_and_size_are_drawn_over_the_surface(viewer: Page, tmp_path: Path) -> None:
    choose(viewer, "clay")
    plain = picture(viewer, tmp_path)
    for action in ("wireframe", "grid", "size"):
        choose(viewer, action)
        changed = np.abs(picture(viewer, tmp_path) - plain).sum(axis=2) > 20
        assert changed.mean() > 0.002, action
        choose(viewer, action)
        assert np.abs(picture(viewer, tmp_path) - plain).mean() < 0.2, f"{action} cannot be switched off"


def test_lights_differ_and_do_not_affect_the_plain_texture(viewer: Page, tmp_path: Path) -> None:
    plain = picture(viewer, tmp_path)
    choose(viewer, "light:lamp")
    assert np.abs(picture(viewer, tmp_path) - plain).mean() < 0.2
    choose(viewer, "clay")
    lamp = picture(viewer, tmp_path)
    choose(viewer, "light:daylight")
    assert np.abs(picture(viewer, tmp_path) - lamp).mean() > 0.5


def test_two_clicks_measure_a_length(viewer: Page) -> None:
    choose(viewer, "front")
    choose(viewer, "measure")
    expect(viewer.locator("[data-viewer-measured]")).to_have_text("Choose two points on the model")
    in_front = measured(viewer)
    cut_away(viewer, 30)
    assert measured(viewer) > in_front, "what is cut away was measured"
    choose(viewer, "measure")
    expect(viewer.locator("[data-viewer-measured]")).to_be_empty()


def measured(page: Page) -> int:
    """Millimetres between two points in the middle of the model, above each other."""
    canvas = page.locator("[data-viewer] canvas")
    box = canvas.bounding_box()
    assert box
    for height in (0.35, 0.6):
        canvas.click(position={"x": box["width"] / 2, "y": box["height"] * height})
    expect(page.locator("[data-viewer-measured]")).to_have_text(re.compile(r"^[1-9]\d mm$"))
    return int(page.locator("[data-viewer-measured]").inner_text().removesuffix(" mm"))


def cut_away(page: Page, percent: int) -> None:
    """Move the slider that cuts the model open."""
    page.locator("[data-viewer-cut]").evaluate(
        "(range, value) => { range.value = value; range.dispatchEvent(new Event('input')); }", percent
    )


def test_the_model_can_be_cut_open(viewer: Page, tmp_path: Path) -> None:
    choose(viewer, "left")
    whole = model_pixels(picture(viewer, tmp_path))
    cut_away(viewer, 60)
    cut = model_pixels(picture(viewer, tmp_path))
    assert 0.1 * len(whole) < len(cut) < 0.8 * len(whole)


def test_an_open_sheet_leaves_the_model_free(viewer: Page, tmp_path: Path) -> None:
    choose(viewer, "front")
    before = columns_of_the_model(picture(viewer, tmp_path))
    viewer.get_by_role("button", name="Light, background and measurements").click()
    after = columns_of_the_model(picture(viewer, tmp_path))
    sheet, frame = viewer.locator("#viewer-scene").bounding_box(), viewer.locator("[data-viewer]").bounding_box()
    assert sheet and frame
    assert after.mean() < before.mean() - 100
    assert after.max() < sheet["x"] - frame["x"]
    viewer.locator("[data-viewer] canvas").click(position={"x": 100, "y": 100})
    expect(viewer.locator("#viewer-scene")).to_be_visible()
    viewer.locator("h1").click()
    expect(viewer.locator("#viewer-scene")).to_be_hidden()


def columns_of_the_model(pixels: Pixels) -> NDArray[np.intp]:
    """The columns of the saved image in which the model is drawn."""
    return np.flatnonzero((np.abs(pixels - 255.0).sum(axis=2) > MIN_DIFFERENCE).any(axis=0))


@pytest.mark.parametrize(("name", "level"), [("white", 255), ("grey", 128), ("black", 12)])
def test_a_background_fills_the_picture(viewer: Page, tmp_path: Path, name: str, level: int) -> None:
    choose(viewer, f"backdrop:{name}")
    assert picture(viewer, tmp_path)[5, 5].mean() == pytest.approx(level, abs=3)


def test_views_look_from_different_sides(viewer: Page, tmp_path: Path) -> None:
    shots = []
    for view in ("front", "right", "back", "top"):
        choose(viewer, view)
        shots.append(picture(viewer, tmp_path))
    for before, after in itertools.pairwise(shots):
        assert np.abs(after - before).mean() > 0.3


def test_shortcuts_work_as_listed(viewer: Page) -> None:
    viewer.locator("[data-viewer] canvas").focus()
    viewer.keyboard.press("c")
    expect(viewer.locator("[data-viewer]")).to_have_attribute("data-mode", "clay")
    viewer.keyboard.press("w")
    expect(viewer.locator('[data-act="wireframe"]')).to_have_attribute("aria-pressed", "true")
    viewer.keyboard.press("?")
    expect(viewer.locator("[data-viewer-help]")).to_be_visible()
    viewer.keyboard.press("Escape")
    expect(viewer.locator("[data-viewer-help]")).to_be_hidden()


def test_a_lost_context_is_reported_and_restored(viewer: Page, tmp_path: Path) -> None:
    choose(viewer, "clay")
    before = picture(viewer, tmp_path)
    context = 'document.querySelector("[data-viewer] canvas").getContext("webgl2")'
    viewer.evaluate(f'() => {{ window.kept = {context}.getExtension("WEBGL_lose_context"); kept.loseContext(); }}')
    expect(viewer.locator("[data-viewer-message]")).to_contain_text("graphics card was reset")
    viewer.evaluate("() => kept.restoreContext()")
    expect(viewer.locator("[data-viewer-message]")).to_be_hidden()
    after = picture(viewer, tmp_path)
    assert np.abs(after - before).mean() < 1.0


def test_the_obj_looks_like_the_glb(viewer: Page, model: Job, tmp_path: Path) -> None:
    choose(viewer, "front")
    glb = picture(viewer, tmp_path)
    viewer.goto(f"{model.get_absolute_url()}?format=obj")
    viewer.wait_for_selector(READY)
    choose(viewer, "backdrop:white")
    choose(viewer, "front")
    assert np.abs(picture(viewer, tmp_path) - glb).mean() < 2.0
    expect(viewer.locator('[data-act="seen"]')).to_be_hidden()


def test_a_missing_model_is_reported(browser: Browser, address: str, owner: User, model: Job) -> None:
    with opened(browser, address, owner) as page:
        page.route("**/mesh.glb", lambda route: route.fulfill(status=404))
        page.goto(model.get_absolute_url())
        expect(page.locator("[data-viewer-message]")).to_contain_text("could not be loaded")


def test_it_rotates_once_by_itself_unless_motion_is_reduced(
    browser: Browser, address: str, owner: User, viewer: Page, model: Job
) -> None:
    expect(viewer.locator('[data-act="rotate"]')).to_have_attribute("aria-pressed", "false")
    with opened(browser, address, owner, reduced_motion="no-preference") as page:
        page.clock.install()
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        expect(page.locator('[data-act="rotate"]')).to_have_attribute("aria-pressed", "true")
        page.clock.fast_forward("01:00")
        expect(page.locator('[data-act="rotate"]')).to_have_attribute("aria-pressed", "false")
        still = still_pixels(page.locator("[data-viewer] canvas"))
        page.clock.fast_forward("00:05")
        assert np.array_equal(pixels(page.locator("[data-viewer] canvas")), still)


def test_on_a_phone_every_tool_can_be_reached(browser: Browser, address: str, owner: User, model: Job) -> None:
    with opened(browser, address, owner, viewport={"width": 360, "height": 740}, has_touch=True) as page:
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        page.locator('[data-menu="viewer-surface"]').tap()
        page.locator('[data-act="clay"]').tap()
        expect(page.locator("[data-viewer-mode]")).to_have_text("Clay")
        frame = page.locator("[data-viewer]").bounding_box()
        assert frame
        for button in page.locator("[data-viewer-bar] > * > button:visible").all():
            box = button.bounding_box()
            assert box and frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]


def test_an_iphone_gets_a_quick_look_link(browser: Browser, address: str, owner: User, model: Job) -> None:
    apple = "const own = DOMTokenList.prototype.supports; DOMTokenList.prototype.supports = function (token) {"
    with opened(browser, address, owner) as page:
        page.add_init_script(f"{apple} return token === 'ar' || own.call(this, token); }};")
        page.goto(model.get_absolute_url())
        link = page.locator("[data-viewer-ar]")
        expect(link).to_be_visible()
        expect(link).to_have_attribute("href", f"{model.get_absolute_url()}files/mesh.usdz")
        expect(link.locator("> :first-child")).to_have_js_property("tagName", "IMG")


ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0"


def test_an_android_phone_gets_a_scene_viewer_link_to_the_public_file(
    browser: Browser, address: str, model: Job
) -> None:
    sharing.publish(model)
    secure = address.replace("http:", "https:")
    with opened(browser, address, None, user_agent=ANDROID) as page:
        page.route(f"{secure}/**", lambda route: route.fulfill(response=page.request.get(plain(route.request.url))))
        page.goto(f"{secure}/explore/{model.pk}/")
        expect(page.locator("[data-viewer-ar]")).to_be_visible()
        intent, _, choices = (page.locator("[data-viewer-ar]").get_attribute("href") or "").partition("#Intent;")
        query = parse_qs(urlsplit(intent).query)
        assert intent.startswith("intent://arvr.google.com/scene-viewer/1.0?")
        assert query["mode"] == ["ar_preferred"]
        assert query["file"][0].startswith(f"{secure}/")
        assert page.request.get(plain(query["file"][0])).headers["content-type"] == "model/gltf-binary"
        assert {"scheme=https", "action=android.intent.action.VIEW"} <= set(choices.split(";"))
        assert f"S.browser_fallback_url={quote(page.url, safe='')}" in choices


def plain(url: str) -> str:
    """The same address without TLS, as the site under test has none."""
    return url.replace("https:", "http:")


def test_a_site_without_https_offers_no_scene_viewer(browser: Browser, address: str, model: Job) -> None:
    sharing.publish(model)
    with opened(browser, address, None, user_agent=ANDROID) as page:
        page.goto(f"/explore/{model.pk}/")
        page.wait_for_selector(READY)
        expect(page.locator("[data-viewer-ar]")).to_be_hidden()


def test_a_private_model_gets_no_scene_viewer_link(browser: Browser, address: str, owner: User, model: Job) -> None:
    with opened(browser, address, owner, user_agent=ANDROID) as page:
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        expect(page.locator("[data-viewer-ar]")).to_be_hidden()


COUNT_DRAWS = """
const own = WebGL2RenderingContext.prototype.drawElements;
window.draws = 0;
WebGL2RenderingContext.prototype.drawElements = function (...all) {
  window.draws += 1;
  return own.apply(this, all);
};"""
DRAWS_AFTER_TWELVE_FRAMES = """async () => {
  for (let i = 0; i < 12; i += 1) await new Promise(requestAnimationFrame);
  return window.draws;
}"""


def test_a_hidden_model_is_not_rendered(browser: Browser, address: str, owner: User, model: Job) -> None:
    with opened(browser, address, owner, reduced_motion="no-preference") as page:
        page.add_init_script(COUNT_DRAWS)
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        hide(page, hidden=True)
        before = page.evaluate("window.draws")
        assert page.evaluate(DRAWS_AFTER_TWELVE_FRAMES) == before
        hide(page, hidden=False)
        assert page.evaluate(DRAWS_AFTER_TWELVE_FRAMES) > before


def hide(page: Page, *, hidden: bool) -> None:
    """Simulate switching to another tab and back."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


OUT_OF_SIGHT_AT_FIRST = """window.IntersectionObserver = class extends IntersectionObserver {
  constructor(callback) { super((entries) => callback([{ isIntersecting: false }, ...entries])); }
}"""
"""A busy browser may report two visibility changes of an iframe in one callback, the latest last."""


def test_the_latest_visibility_counts(browser: Browser, address: str, owner: User, model: Job) -> None:
    with opened(browser, address, owner, reduced_motion="no-preference") as page:
        for script in (COUNT_DRAWS, OUT_OF_SIGHT_AT_FIRST):
            page.add_init_script(script)
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        before = page.evaluate("window.draws")
        assert page.evaluate(DRAWS_AFTER_TWELVE_FRAMES) > before


def test_the_first_image_does_not_wait_for_an_animation_frame(
    browser: Browser, address: str, owner: User, model: Job
) -> None:
    with opened(browser, address, owner, reduced_motion="reduce") as page:
        page.add_init_script("window.requestAnimationFrame = () => 0;")
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
        expect(page.locator("[data-viewer-poster]")).to_have_class(re.compile("is-gone"))


def test_the_model_is_requested_once_and_before_the_scripts(
    browser: Browser, address: str, owner: User, model: Job
) -> None:
    requested: list[str] = []
    with opened(browser, address, owner) as page:
        page.on("request", lambda request: requested.append(request.url.rsplit("/", 1)[1]))
        page.goto(model.get_absolute_url())
        page.wait_for_selector(READY)
    assert requested.count("mesh.glb") == 1
    assert requested.index("mesh.glb") < requested.index("viewer.js")


def test_a_desktop_gets_no_ar_link(viewer: Page) -> None:
    expect(viewer.locator("[data-viewer-ar]")).to_be_hidden()


def test_the_model_stays_visible_when_zoomed_out(viewer: Page, tmp_path: Path) -> None:
    canvas = viewer.locator("[data-viewer] canvas")
    canvas.focus()
    for _ in range(30):
        viewer.keyboard.press("-")
    model_pixels(picture(viewer, tmp_path))
    viewer.keyboard.press("r")


def test_the_photo_and_the_rendered_model_agree(viewer: Page) -> None:
    viewer.wait_for_selector('[data-compare][data-ready="true"]')
    slider = viewer.get_by_role("slider", name="How much of the photo is shown")
    frame = viewer.locator("[data-compare-frame]")
    shots = []
    for key in ("Home", "End"):
        slider.press(key)
        shots.append(pixels(frame))
    assert np.abs(shots[0] - shots[1]).mean() > 0.05, "the slider changes nothing"
    assert np.abs(shots[0] - shots[1]).mean() < 12.0, "photo and model are not aligned"
