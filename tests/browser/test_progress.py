"""The progress page in a real browser: early results, and retrying a failed job with other settings."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.steps import sign_up, upload
from tests.conftest import encoded, picture

EARLY_MODEL = re.compile(r"/api/v1/jobs/.*/files/preview\.glb")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_cutout_and_the_rough_preview_appear_before_the_end(page: Page, photo: bytes) -> None:
    requested: list[str] = []

    def note(request: Request) -> None:
        requested.append(request.url)

    page.on("request", note)
    sign_up(page)
    # The result page uses other URLs for its files: these two are the progress page's.
    with page.expect_request(EARLY_MODEL, timeout=270_000):
        upload(page, photo)
    early = [url for url in requested if "/api/v1/jobs/" in url and "/files/" in url]
    assert [url.rstrip("/").rsplit("/", 1)[1] for url in early] == ["cutout.png", "preview.glb"]


def test_a_failed_job_can_be_sent_again_with_other_settings(page: Page) -> None:
    sign_up(page)
    page.route("**/new/cutout/", lambda route: route.fulfill(status=503))  # too busy to check the photo beforehand
    upload(page, encoded(picture(200, "RGB").convert("L").point(lambda level: 128), "PNG"))
    expect(page.get_by_text("No object was found in the photo.")).to_be_visible(timeout=120_000)
    page.get_by_role("link", name="Change settings").click()
    expect(page.locator("[data-shots] li")).to_have_count(1, timeout=60_000)
    expect(page.locator('input[name="quality"][value="draft"]')).to_be_checked()
