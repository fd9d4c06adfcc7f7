"""The interactive page of the API: in the site's frame, within its content security policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.finished import opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_page_lists_the_operations_without_breaking_the_policy(
    browser: Browser, transactional_db: None, web: str
) -> None:
    with opened(browser, web, None) as page:
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto("/api/v1/docs/")
        expect(page.get_by_role("heading", name="API", exact=True)).to_be_visible()
        page.get_by_role("button", name="jobs", exact=False).first.wait_for()
        expect(page.locator(".opblock").first).to_be_visible()
        assert page.locator(".opblock").count() > 30
        assert errors == []
