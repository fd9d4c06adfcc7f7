"""The notification at the end of a job, for a page in the background."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.finished import opened
from tests.browser.steps import sign_up, upload
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
"""Fakes a background page and notifications, which headless browsers do not have."""


def test_a_notification_is_shown_at_the_end_if_enabled(
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
