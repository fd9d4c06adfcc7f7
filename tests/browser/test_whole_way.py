"""The whole journey from sign-up to a revoked link, on a phone (light) and on a desktop (dark)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trimesh
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser.finished import READY
from tests.browser.looks import DARK_DESK, LIGHT_PHONE
from tests.browser.steps import sign_up, submit_draft
from tests.browser.test_upload import choose, erase_the_shade
from tests.conftest import encoded, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

STILL = {"reduced_motion": "reduce"}
"""Turning models take all of two cores where there is no GPU."""


@pytest.fixture(params=[LIGHT_PHONE | STILL, DARK_DESK | STILL], ids=["phone-light", "desk-dark"])
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Window size and colour scheme."""
    return dict(request.param)


@pytest.fixture
def person(browser: Browser, address: str, look: dict[str, Any]) -> Iterator[Page]:
    """A first-time visitor."""
    context = browser.new_context(base_url=address, accept_downloads=True, **look)
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def stranger(browser: Browser, address: str, look: dict[str, Any]) -> Iterator[Page]:
    """Another visitor, without an account."""
    context = browser.new_context(base_url=address, **look)
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()


def test_from_a_photo_to_a_revoked_link(person: Page, stranger: Page, look: dict[str, Any], tmp_path: Path) -> None:
    received = close_every_socket_after_its_first_message(person)
    sign_up(person)
    assert person.evaluate("document.documentElement.dataset.bsTheme") == look["color_scheme"]
    send_with_edited_cutout(person)
    person.wait_for_selector(READY)
    assert received, "no socket delivered a message before it was closed"
    go_through_the_surfaces(person)
    assert len(trimesh.load_mesh(downloaded(person, tmp_path)).faces) > 500
    link = share(person)
    stranger.goto(link)
    stranger.wait_for_selector(READY)
    person.get_by_role("button", name="Revoke link").click()
    expect(person.get_by_text("Share link revoked")).to_be_visible()
    response = stranger.goto(link)
    assert response is not None
    assert response.status == 404


def close_every_socket_after_its_first_message(page: Page) -> list[str | bytes]:
    """Returns a list that collects the delivered messages."""
    received: list[str | bytes] = []

    def forward_once(socket: WebSocketRoute) -> None:
        def forward(message: str | bytes) -> None:
            received.append(message)
            socket.send(message)
            socket.close()

        socket.connect_to_server().on_message(forward)

    page.route_web_socket(re.compile("/ws/"), forward_once)
    return received


def send_with_edited_cutout(page: Page) -> None:
    choose(page, encoded(picture(400)))
    erase_the_shade(page)
    page.click("[data-undo]")  # keeps a part of the object to model
    page.click("[data-done]")
    expect(page.locator("[data-cut-status]")).to_contain_text("your edited cutout")
    submit_draft(page)
    expect(page.get_by_role("list", name="Stages").or_(page.locator("[data-viewer]")).first).to_be_visible()


def go_through_the_surfaces(page: Page) -> None:
    for action in ("lit", "clay", "matcap", "normals", "uv", "seen", "texture"):
        if not page.locator(f'[data-act="{action}"]').is_visible():
            page.locator('[data-menu="viewer-surface"]').click()
        page.locator(f'[data-act="{action}"]').click()
        expect(page.locator("[data-viewer]")).to_have_attribute("data-mode", action)


def downloaded(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator('.downloads a[href*="mesh.glb"]').click()
    download.value.save_as(folder / "model.glb")
    return folder / "model.glb"


def share(page: Page) -> str:
    page.get_by_role("button", name="Create link").click()
    return page.get_by_label("Anyone with this link can view the model").input_value()
