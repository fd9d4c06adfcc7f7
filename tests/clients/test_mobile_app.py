"""The phone app, built for the browser by `make mobile`, against the whole site: from sign-up to a shared model."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import browser as browser
from tests.conftest import PASSWORD, picture
from tests.live import site

DIST = Path(__file__).resolve().parents[2] / "clients" / "mobile" / "dist"
PICTURES = Path(__file__).resolve().parents[2] / "var" / "mobile"
SECONDS = 270
"""For a model of standard quality on a busy machine."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.worker,
    pytest.mark.timeout(900),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (DIST / "index.html").exists(), reason="the app is not built: make mobile"),
]


class Quiet(SimpleHTTPRequestHandler):
    """The built app."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def app() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(DIST)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.fixture
def server(transactional_db: None, app: str) -> Iterator[str]:
    with site(CORS_ALLOWED_ORIGINS=app) as address:
        yield address


def large_photo() -> bytes:
    """The red lamp with noise on it: about a megabyte that cannot be compressed."""
    pixels = np.asarray(picture(1300)).copy()
    noise = np.random.default_rng(1).integers(-20, 20, (*pixels.shape[:2], 3))
    pixels[..., :3] = np.where(pixels[..., 3:] > 0, np.clip(pixels[..., :3] + noise, 0, 255), 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class BadLine:
    """Loses three parts of the upload, two of them in a row."""

    def __init__(self) -> None:
        self.parts = self.lost = 0

    def __call__(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        self.parts += 1
        if self.parts in (2, 3, 5):
            self.lost += 1
            route.abort("connectionfailed")
        else:
            route.continue_()


def sees(part: Locator) -> None:
    expect(part).to_be_visible(timeout=SECONDS * 1000)


def picture_of(page: Page, name: str) -> None:
    """For a look at it, in var/mobile."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    width = page.evaluate("innerWidth")
    page.screenshot(path=PICTURES / f"{name}-{width}.png")


@pytest.fixture(params=[390, 1440])
def page(request: pytest.FixtureRequest, server: str, app: str, browser: Browser) -> Iterator[Page]:
    """The app, before the first sign-in."""
    context = browser.new_context(viewport={"width": request.param, "height": 844})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(app)
    yield opened
    context.close()
    assert errors == []


def sign_up(page: Page, server: str) -> None:
    page.get_by_label("Server").fill(server)
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    picture_of(page, "1-entrance")
    page.get_by_role("button", name="Sign up").click()
    sees(page.get_by_text("You haven't made a model yet."))


def send_photo(page: Page) -> None:
    """Over a line that loses three parts."""
    page.get_by_role("button", name="New model").click()
    line = BadLine()
    page.route("**/api/v1/uploads/*/", line)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a photo").click()
    chooser.value.set_files({"name": "lamp.png", "mimeType": "image/png", "buffer": large_photo()})
    page.get_by_role("button", name="Create model").click()
    sees(page.get_by_text("Waiting for the network."))
    picture_of(page, "2-waiting")
    sees(page.get_by_label("Overall progress"))
    assert line.lost == 3
    picture_of(page, "3-progress")


def test_from_sign_up_to_a_shared_model(page: Page, server: str) -> None:
    sign_up(page, server)
    send_photo(page)
    sees(page.get_by_role("img", name="lamp, view 1 of 30"))
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Turn right").click()
    sees(page.get_by_role("img", name="lamp, view 2 of 30"))
    page.get_by_role("button", name="Share").click()
    sees(page.get_by_text("Anyone with this link can view the model:"))
    picture_of(page, "4-model")
    page.get_by_role("button", name="My models").click()
    expect(page.get_by_role("button", name="lamp")).to_contain_text("Ready", timeout=60_000)
    picture_of(page, "5-gallery")
    page.reload()
    sees(page.get_by_role("button", name="lamp"))  # still signed in
    page.get_by_role("button", name="Sign out").click()
    sees(page.get_by_role("heading", name="Create an account"))
