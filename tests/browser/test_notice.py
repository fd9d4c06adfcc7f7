"""The notice that a job has ended, for a page in the background. No worker runs here until the visitor has asked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.finished import opened
from tests.browser.test_from_sign_up_to_model import sign_up, upload
from tests.live import start_worker

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTICES = """
  class Notice {
    static permission = sessionStorage.getItem("permission") ?? "default";
    static async requestPermission() {
      sessionStorage.setItem("permission", (Notice.permission = "granted"));
      return "granted";
    }
    constructor(title, options) {
      sessionStorage.setItem("notice", `${title}: ${options.body}`);
    }
  }
  window.Notification = Notice;
  Object.defineProperty(document, "hidden", { get: () => true });
"""
"""A browser in the background whose notices can be read; a headless one has none of its own."""


def test_a_notice_tells_of_the_end_to_whoever_asked_for_it(
    browser: Browser, transactional_db: None, web: str, photo: bytes
) -> None:
    with opened(browser, web, None) as page:
        page.add_init_script(NOTICES)
        sign_up(page)
        upload(page, photo)
        page.get_by_role("button", name="Notify me when it's ready").click()
        worker = start_worker()
        try:
            page.wait_for_selector("[data-viewer]", timeout=270_000)
        finally:
            worker.end()
        assert page.evaluate("sessionStorage.getItem('notice')") == "Reconsite: lamp: Your model is ready."
