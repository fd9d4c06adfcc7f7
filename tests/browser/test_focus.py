"""Nothing that has the focus or was scrolled to lies under a bar that sticks to the window (WCAG 2.2, 2.4.11)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pages

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

COVERED = (Path(__file__).parent / "covered.js").read_text()
RING = (Path(__file__).parent / "ring.js").read_text()
CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, canvas[tabindex], [id]:is(h2, h3)"
"""What is scrolled to: controls, and the headings that a link of a table of contents can name."""
WITH_CONTROLS_BELOW_THE_WINDOW = ("home", "explore", "upload", "result", "gallery", "history", "profile")
PHONE, DESKTOP = {"width": 360, "height": 640}, {"width": 1280, "height": 640}
MAX_STOPS = 200
"""More stops of the Tab key than any page has."""


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_bar_covers_what_is_scrolled_to(
    showcase: pages.Furnished, browser: Browser, viewport: dict[str, int]
) -> None:
    contexts = pages.open_contexts(
        browser, showcase.address, showcase.owner, viewport=viewport, reduced_motion="reduce"
    )
    found: list[str] = []
    for visit in showcase.visits:
        page = pages.show(contexts[visit.signed_in], visit)
        found += [f"{visit.name}: {problem}" for problem in covered_after_scrolling(page)]
        page.close()
    assert found == []


def covered_after_scrolling(page: Page) -> list[str]:
    """Each visible control scrolled to the upper edge, then to the lower one."""
    script = f"""async () => {{
      const covered = {COVERED.rstrip().rstrip(";")};
      const problems = [];
      for (const element of document.querySelectorAll({CONTROLS!r})) {{
        if (!element.checkVisibility()) continue;
        for (const block of ["start", "end"]) {{
          element.scrollIntoView({{ block, behavior: "instant" }});
          problems.push(...covered(element));
        }}
      }}
      return problems;
    }}"""
    return list(page.evaluate(script))


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_bar_covers_what_the_tab_key_reaches(
    showcase: pages.Furnished, browser: Browser, viewport: dict[str, int]
) -> None:
    contexts = pages.open_contexts(
        browser, showcase.address, showcase.owner, viewport=viewport, reduced_motion="reduce"
    )
    found: list[str] = []
    for visit in showcase.visits:
        if visit.name in WITH_CONTROLS_BELOW_THE_WINDOW:
            page = pages.show(contexts[visit.signed_in], visit)
            found += [f"{visit.name}: {problem}" for problem in covered_after_tabbing(page)]
            page.close()
    assert found == []


def test_every_control_that_the_tab_key_reaches_shows_a_ring(showcase: pages.Furnished, browser: Browser) -> None:
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, viewport=DESKTOP, reduced_motion="reduce")
    found: list[str] = []
    for visit in showcase.visits:
        page = pages.show(contexts[visit.signed_in], visit)
        found += [f"{visit.name}: {problem}" for problem in without_ring(page)]
        page.close()
    assert found == []


def without_ring(page: Page) -> list[str]:
    """The controls whose focus nobody can see, in the order of the Tab key."""
    found: list[str] = []
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        problem = page.evaluate(RING)
        if problem is None:
            return found
        found += [problem] if problem else []
    pytest.fail("the Tab key does not leave the page")


def covered_after_tabbing(page: Page) -> list[str]:
    """Forwards through the page, then backwards, which brings what is above into the window."""
    if page.locator("[data-pick]").count():
        page.locator("[data-pick]").first.check()  # the bar for several models appears
    found: list[str] = []
    for key in ("Tab", "Shift+Tab"):
        page.evaluate("document.activeElement.blur()")
        seen = 0
        while seen < MAX_STOPS and (problems := next_stop(page, key)) is not None:
            seen += 1
            found += [f"{key}: {problem}" for problem in problems]
        assert 3 < seen < MAX_STOPS, "the Tab key does not go through the page"
    return found


def next_stop(page: Page, key: str) -> list[str] | None:
    """What covers the control that gets the focus; None once the focus left the page."""
    page.keyboard.press(key)
    focused = page.evaluate_handle("document.activeElement").as_element()
    assert focused is not None
    return None if focused.evaluate("(element) => element === document.body") else list(focused.evaluate(COVERED))
