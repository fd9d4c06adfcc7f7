"""Sharing: a link for strangers, embedding in another site, publishing, revoking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trimesh
from playwright.sync_api import Browser, expect

from accounts.models import User
from jobs.core import sharing
from jobs.models import Job
from tests.browser.finished import READY, finished_model, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def address(transactional_db: None, web: str) -> str:
    """The web process alone."""
    return web


@pytest.fixture
def model(owner: User, address: str) -> Job:
    """A finished red lamp."""
    return finished_model(owner)


def test_a_stranger_sees_a_shared_model_until_it_is_revoked(
    browser: Browser, address: str, owner: User, model: Job, tmp_path: Path
) -> None:
    with opened(browser, address, owner) as mine, opened(browser, address, None, accept_downloads=True) as theirs:
        mine.goto(model.get_absolute_url())
        mine.get_by_role("button", name="Create link").click()
        link = mine.get_by_label("Anyone with this link can view the model").input_value()
        theirs.goto(link)
        theirs.wait_for_selector(READY)
        with theirs.expect_download() as download:
            theirs.locator('.downloads a[href*="mesh.glb"]').click()
        download.value.save_as(tmp_path / "model.glb")
        assert len(trimesh.load_mesh(tmp_path / "model.glb").faces) > 500
        mine.get_by_role("button", name="Revoke link").click()
        expect(mine.get_by_text("Share link revoked")).to_be_visible()
        response = theirs.goto(link)
        assert response and response.status == 404


CLIPBOARD = "{ value: { writeText: async (text) => { window.copied = text; } } }"
"""A fake clipboard, for machines without a desktop."""


def test_the_copy_button_copies_the_link(browser: Browser, address: str, owner: User, model: Job) -> None:
    sharing.share(model)
    with opened(browser, address, owner) as page:
        page.add_init_script(f'Object.defineProperty(navigator, "clipboard", {CLIPBOARD});')
        page.goto(model.get_absolute_url())
        page.get_by_role("button", name="Copy the link").click()
        expect(page.get_by_role("button", name="Copied the link")).to_be_visible()
        copied = page.evaluate("() => window.copied")
        assert copied == page.get_by_label("Anyone with this link can view the model").input_value()


def test_the_embedded_model_is_previewed_beside_its_html(
    browser: Browser, address: str, owner: User, model: Job
) -> None:
    sharing.share(model)
    with opened(browser, address, owner) as page:
        page.goto(model.get_absolute_url())
        page.get_by_text("Embed", exact=True).click()
        preview = page.frame_locator('iframe[title="Preview of the embedded model"]')
        preview.locator(READY).wait_for()


@pytest.mark.parametrize(("path", "shown"), [("embed/", True), ("", False)])
def test_another_site_can_embed_only_the_embed_page(
    browser: Browser, address: str, model: Job, path: str, shown: bool
) -> None:
    framed = f"{address}{sharing.share(model).get_absolute_url()}{path}"
    with other_site(framed) as elsewhere, opened(browser, address, None) as page:
        page.goto(elsewhere)
        frame = page.frame_locator("iframe")
        if shown:
            frame.locator(READY).wait_for()
        else:
            page.wait_for_load_state("networkidle")
            expect(frame.locator("[data-viewer]")).to_have_count(0)


def test_anyone_can_find_and_view_a_published_model(browser: Browser, address: str, model: Job) -> None:
    sharing.publish(model)
    with opened(browser, address, None) as page:
        page.goto("/explore/")
        page.get_by_role("link", name="Lamp").first.click()
        page.wait_for_selector(READY)
        expect(page.get_by_role("link", name="Report it")).to_be_visible()


class _Page(BaseHTTPRequestHandler):
    """A page with one iframe."""

    def __init__(self, framed: str, *rest: object) -> None:
        self.framed = framed
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{self.framed}" width="640" height="480"></iframe>'.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def other_site(framed: str) -> Iterator[str]:
    """A site of another origin whose only page embeds `framed`; yields its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, framed))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
