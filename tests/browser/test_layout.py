"""On phone, tablet and desktop, no page scrolls sideways and no two controls overlap."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pages

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

OVERLAPS = (Path(__file__).parent / "overlaps.js").read_text()

CUT_OFF = """() => {
  const edge = document.querySelector('.viewer')?.getBoundingClientRect().right
  return [...document.querySelectorAll('.viewer-bar > .viewer-group button')]
    .filter(button => button.checkVisibility() && button.getBoundingClientRect().right > edge)
    .map(button => button.ariaLabel || button.innerText)
}"""
"""Controls of the viewer beyond its right edge, where nobody can reach them."""


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_controls_overlap_and_no_page_scrolls_sideways(
    showcase: pages.Furnished, browser: Browser, width: int
) -> None:
    found: list[str] = []
    look = {"viewport": {"width": width, "height": 800}, "has_touch": width < 1000, "reduced_motion": "reduce"}
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, **look)
    for visit in showcase.visits:
        page = pages.show(contexts[visit.signed_in], visit)
        found += [f"{visit.name}: {problem}" for problem in problems(page)]
        page.close()
    assert found == []


def problems(page: Page) -> list[str]:
    """Layout problems of the page, on a phone also with its menu open."""
    found = [f"overlap of {pair}" for pair in page.evaluate(OVERLAPS)]
    found += [f"cut off: {control}" for control in page.evaluate(CUT_OFF)]
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wider > 0:
        found.append(f"{wider} pixels too wide")
    menu = page.get_by_role("button", name="Menu", exact=True)
    if menu.count() and menu.is_visible():
        menu.click()
        page.wait_for_selector("#site-menu.show")
        found += [f"menu: overlap of {pair}" for pair in page.evaluate(OVERLAPS)]
    return found
