"""What a person does on the pages, for the tests that only pass through them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, TimeoutError

from tests.conftest import PASSWORD


def sign_up(page: Page, email: str = "person@example.org") -> None:
    """Create an account; the page is the upload page then."""
    page.goto("/accounts/signup/")
    page.fill('[name="email"]', email)
    page.fill('[name="password1"]', PASSWORD)
    page.click('main button[type="submit"]')
    try:
        page.wait_for_url("**/new/")
    except TimeoutError as error:
        raise AssertionError(
            f"Sign-up did not lead to the upload page but to {page.url}:\n{page.inner_text('body')}"
        ) from error


def submit_draft(page: Page) -> None:
    """Choose the fastest quality and send the form of the upload page; the page is the job's then."""
    page.click('label[for="quality-draft"]')  # the radio button itself is transparent
    page.click('main form button[type="submit"]')
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))


def upload(page: Page, photo: bytes) -> None:
    """Send one photo from the upload page."""
    page.set_input_files('input[type="file"]', {"name": "lamp.png", "mimeType": "image/png", "buffer": photo})
    submit_draft(page)
