"""The upload page in a real browser: cutout preview and editor, several photos, a photo kept during sign-up."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, FilePayload, Page, expect

from accounts.models import User
from jobs.models import Job
from reconsite.core.errors import MESSAGES
from tests.browser.finished import opened
from tests.browser.steps import sign_up, submit_draft
from tests.conftest import encoded, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAMPLE = Path(__file__).parent.parent.parent / "static" / "samples" / "robot.webp"


def choose(page: Page, *photos: bytes) -> None:
    files = [
        {"name": f"lamp-{index}.png", "mimeType": "image/png", "buffer": data} for index, data in enumerate(photos)
    ]
    page.set_input_files("#photo", files)  # type: ignore[arg-type]
    page.wait_for_selector("[data-cut-picture]:visible")


def erase_the_shade(page: Page) -> None:
    """Erase the upper half of the picture."""
    page.click("[data-cut-edit]")
    page.wait_for_selector("[data-editor][open]")
    page.click('[data-tool="erase"]')
    page.locator("[data-brush-size]").fill("160")
    box = page.locator("[data-editor] canvas").bounding_box()
    assert box
    middle, half = box["x"] + box["width"] / 2, box["height"] / 2
    for height in (0.15, 0.3, 0.45):
        page.mouse.move(middle - half * 0.6, box["y"] + height * box["height"])
        page.mouse.down()
        page.mouse.move(middle + half * 0.6, box["y"] + height * box["height"], steps=6)
        page.mouse.up()


def send(page: Page) -> Job:
    """Submit the form. Returns the new job."""
    submit_draft(page)
    return Job.objects.get()


def stored(job: Job) -> list[np.ndarray]:
    """The stored photos of the job, (H, W, 4)."""
    return [np.asarray(Image.open(photo.file.path).convert("RGBA")) for photo in job.photos.all()]


def redness(photo: np.ndarray) -> float:
    """Fraction of the visible pixels that have the lampshade's red."""
    visible = photo[photo[..., 3] > 127].astype(int)
    return float(((visible[:, 0] > 150) & (visible[:, 1] < 100)).mean())


def test_erased_parts_are_not_sent(page: Page) -> None:
    lamp = picture(400)
    sign_up(page)
    choose(page, encoded(lamp))
    expect(page.locator("[data-cut-status]")).to_contain_text("Using the transparency")
    erase_the_shade(page)
    page.click("[data-undo]")
    page.click("[data-redo]")
    page.click("[data-turn]")
    page.click("[data-done]")
    expect(page.locator("[data-cut-status]")).to_contain_text("your edited cutout")
    (sent,) = stored(send(page))
    assert redness(np.asarray(lamp)) > 0.3
    assert redness(sent) < 0.1
    assert sent[..., 3].min() == 0
    # The remaining foot and part of the stem are wider than tall; they were rotated by 90 degrees.
    assert sent.shape[0] > sent.shape[1]


def test_the_brush_works_from_the_keyboard(page: Page) -> None:
    sign_up(page)
    choose(page, encoded(picture(400)))
    page.click("[data-cut-edit]")
    page.wait_for_selector("[data-editor][open]")
    expect(page.locator("[data-undo]")).to_be_disabled()
    page.locator("[data-editor] canvas").press("e")
    page.keyboard.down(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.up(" ")
    expect(page.locator("[data-undo]")).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(page.locator("[data-undo]")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator("[data-editor]")).to_be_hidden()
    expect(page.locator("[data-cut-undo]")).to_be_hidden()


def test_several_photos_are_ordered_and_labelled(page: Page) -> None:
    sign_up(page)
    choose(page, encoded(picture(200)), encoded(picture(220)), encoded(picture(240)))
    page.get_by_label("Move photo 3 forward").click()
    page.get_by_label("Side of photo 2").select_option("back")
    page.get_by_label("Remove photo 3").click()
    expect(page.locator("[data-shots] li")).to_have_count(2)
    job = send(page)
    assert [photo.shape[0] for photo in stored(job)] == [200, 240]
    assert job.recipe["sides"] == ["front", "back"]


GIVE = """([kind, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const [Kind, field] = kind === "paste" ? [ClipboardEvent, "clipboardData"] : [DragEvent, "dataTransfer"];
  document.body.dispatchEvent(new Kind(kind, { bubbles: true, cancelable: true, [field]: transfer }));
}"""


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_can_be_dropped_and_pasted(page: Page, photo: bytes, kind: str) -> None:
    sign_up(page)
    page.evaluate(GIVE, [kind, f"{kind}.png", base64.b64encode(photo).decode()])
    expect(page.get_by_label(f"Show photo 1: {kind}.png")).to_be_visible()


def test_parts_outside_the_crop_are_not_sent(page: Page) -> None:
    sign_up(page)
    choose(page, encoded(picture(400)))
    page.click("[data-cut-edit]")
    page.click('[data-tool="crop"]')
    canvas = page.locator("[data-editor] canvas")
    canvas.focus()
    for _ in range(30):
        page.keyboard.press("Shift+ArrowUp")  # moves the lower edge up, over foot and stem
    page.click("[data-done]")
    expect(page.locator("[data-cut-status]")).to_contain_text("your edited cutout")
    (sent,) = stored(send(page))
    assert redness(sent) > redness(np.asarray(picture(400))) + 0.1


def test_a_transparent_png_can_replace_the_cutout(page: Page) -> None:
    own = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    own.paste((0, 160, 60, 255), (90, 40, 210, 260))
    sign_up(page)
    choose(page, encoded(picture(400)))
    page.set_input_files("[data-cut-own]", {"name": "own.png", "mimeType": "image/png", "buffer": encoded(own)})
    expect(page.get_by_label("Show photo 1: own.png")).to_be_visible()
    expect(page.locator("[data-cut-status]")).to_contain_text("Using the transparency")
    (sent,) = stored(send(page))
    assert Job.objects.get().recipe["mask"] == "alpha"
    visible = sent[sent[..., 3] > 127]
    assert np.abs(visible[:, :3].mean(axis=0) - (0, 160, 60)).max() < 8


def two_balls() -> Image.Image:
    """A large red and a smaller blue ball, cut out."""
    two = Image.new("RGBA", (600, 400), (0, 0, 0, 0))
    ImageDraw.Draw(two).ellipse((30, 60, 310, 340), fill=(200, 40, 30, 255))
    ImageDraw.Draw(two).ellipse((390, 110, 570, 290), fill=(30, 60, 180, 255))
    return two


def shown_left_edge(page: Page) -> float:
    """Where the cutout begins, as a fraction of the picture's width."""
    return float(
        page.evaluate("""() => {
          const canvas = document.querySelector("[data-cut-picture]");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          for (let x = 0; x < width; x += 1)
            for (let y = 0; y < height; y += 8) if (data[4 * (y * width + x) + 3] > 200) return x / width;
          return 1;
        }""")
    )


def test_one_of_several_objects_is_chosen_with_a_click(page: Page) -> None:
    sign_up(page)
    choose(page, encoded(two_balls()))
    advice = page.get_by_label("Advice on this photo")
    expect(advice).to_contain_text("2 separate objects were found")
    expect(page.locator("[data-cut-pick-hint]")).to_be_visible()
    box = page.locator("[data-cut-picture]").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    expect(advice).to_contain_text("The one you chose is used.")
    assert shown_left_edge(page) == pytest.approx(0.65, abs=0.02)
    job_point = send(page).recipe["subject"]
    assert job_point == pytest.approx([0.8, 0.5], abs=0.01)


def test_the_object_is_chosen_with_the_keyboard_and_the_choice_can_be_undone(page: Page) -> None:
    sign_up(page)
    choose(page, encoded(two_balls()))
    expect(page.locator("[data-cut-pick]")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-cut-picture]").focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Advice on this photo")).to_contain_text("The one you chose is used.")
    expect(page.locator("[data-cut-pick]")).to_be_focused()
    assert shown_left_edge(page) == pytest.approx(0.65, abs=0.02)
    page.click("[data-cut-undo]")
    expect(page.get_by_label("Advice on this photo")).to_contain_text("All will be part of the model")
    assert send(page).recipe["subject"] == []


def test_the_preview_follows_the_choice_of_the_mask(page: Page) -> None:
    own = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    own.paste(picture(200).convert("RGB"), (50, 50))  # a photo in a transparent frame
    sign_up(page)
    choose(page, encoded(own))
    expect(page.locator("[data-cut-status]")).to_contain_text("This is what we'll use", timeout=30_000)
    page.click(".options-fold > summary")
    page.get_by_label("Cut out by").select_option("alpha")
    expect(page.locator("[data-cut-status]")).to_contain_text("Using the transparency")
    page.get_by_label("Cut out by").select_option("auto")
    page.get_by_label("Keep the background").check()
    expect(page.get_by_label("Advice on this photo")).to_contain_text("The background was kept", timeout=30_000)
    expect(page.locator("[data-cut-pick]")).to_be_hidden()
    recipe = send(page).recipe
    assert (recipe["mask"], recipe["remove_background"]) == ("auto", False)


def test_a_small_photo_gets_a_warning_but_is_accepted(page: Page) -> None:
    sign_up(page)
    choose(page, encoded(picture(90)))
    expect(page.get_by_label("Advice on this photo")).to_contain_text("so fine details will be missing")
    expect(page.locator('main form button[type="submit"]')).to_be_enabled()


def test_a_phone_offers_its_camera(browser: Browser, address: str, owner: User) -> None:
    with opened(
        browser, address, owner, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    ) as page:
        page.add_init_script("HTMLInputElement.prototype.capture = '';")  # as on phone browsers
        page.goto("/new/")
        expect(page.get_by_text("Take a photo")).to_be_visible()
        expect(page.locator("[data-camera]")).to_have_attribute("capture", "environment")
        expect(page.get_by_text("Choose a photo", exact=True)).to_be_visible()
        expect(page.get_by_text("Drop a photo here")).to_be_hidden()


def test_a_file_that_is_not_a_photo_is_rejected_immediately(page: Page) -> None:
    sign_up(page)
    page.set_input_files("#photo", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.locator("[data-error]")).to_contain_text("isn't a photo")
    expect(page.locator('main form button[type="submit"]')).to_be_disabled()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("text.jpg", b"not a photo at all", MESSAGES["unsupported_type"]),
        ("grey.png", encoded(Image.new("RGB", (300, 300), (128, 128, 128))), MESSAGES["no_subject"]),
    ],
)
def test_a_photo_that_failed_its_check_cannot_be_sent(page: Page, name: str, data: bytes, reason: str) -> None:
    sign_up(page)
    page.set_input_files("#photo", {"name": name, "mimeType": "image/jpeg", "buffer": data})
    expect(page.locator("[data-blocked]")).to_have_text(reason)
    expect(page.locator('main form button[type="submit"]')).to_be_disabled()
    page.get_by_label("Remove photo 1").click()
    expect(page.locator("[data-blocked]")).to_be_hidden()


def test_a_photo_that_the_browser_cannot_show_gets_an_icon(page: Page) -> None:
    sign_up(page)
    broken: FilePayload = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0 and no more"}
    page.set_input_files("#photo", broken)
    expect(page.locator("[data-cut-status]")).not_to_be_empty()
    expect(page.locator(".shot-picture svg")).to_be_visible()
    expect(page.locator("[data-cut-photo]")).to_be_hidden()


def test_a_sample_chosen_on_the_home_page_is_kept_during_sign_up(page: Page) -> None:
    page.goto("/")
    page.click(f'[data-sample*="{SAMPLE.stem}"]')
    page.wait_for_url("**/accounts/signup/**")
    sign_up(page)
    expect(page.locator("[data-shots] li")).to_have_count(1, timeout=60_000)
    expect(page.get_by_label(f"Show photo 1: {SAMPLE.name}")).to_be_visible()
