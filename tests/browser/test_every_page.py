"""What holds on every page, on a phone, a tablet and a desktop.

Each page is opened once per device and examined in every way, since opening takes longest. What changes a page comes
last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pages
from tests.browser.axe import serious_violations
from tests.browser.conftest import chromium

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]

HERE = Path(__file__).parent
OVERLAPS, COVERED, RING, SMALL_TARGETS = (
    (HERE / f"{name}.js").read_text() for name in ("overlaps", "covered", "ring", "small_targets")
)
SCROLLED_TO = "a[href], button, input:not([type=hidden]), select, textarea, summary, canvas[tabindex], [id]:is(h2, h3)"
"""Controls, and the headings that a link of a table of contents can name."""
WITH_CONTROLS_BELOW_THE_WINDOW = ("home", "explore", "upload", "result", "gallery", "history", "profile")
"""Pages through which the Tab key goes backwards, too."""
MAX_STOPS = 200
"""More stops of the Tab key than any page has."""
LOW_WINDOW = {"width": 1280, "height": 640}
"""In which the bars of a desktop cover most."""
DEVICES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"},
    "tablet": {"viewport": {"width": 768, "height": 800}, "has_touch": True},
    "desktop": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
}

CUT_OFF = """() => {
  const edge = document.querySelector('.viewer')?.getBoundingClientRect().right
  return [...document.querySelectorAll('.viewer-bar > .viewer-group button')]
    .filter(button => button.checkVisibility() && button.getBoundingClientRect().right > edge)
    .map(button => button.ariaLabel || button.innerText)
}"""
"""Controls of the viewer beyond its right edge, where nobody can reach them."""

Found = dict[str, list[str]]
"""Problems of one device by kind, each with the name of its page."""


@pytest.fixture(scope="module")
def found(showcase: pages.Furnished) -> dict[str, Found]:
    """The problems of all pages on each device."""
    with chromium() as browser:
        return {name: walk(browser, showcase, name) for name in DEVICES}


def walk(browser: Browser, showcase: pages.Furnished, device: str) -> Found:
    """Open every page on the device."""
    # The site's content security policy would block axe.
    options = {"bypass_csp": True, "reduced_motion": "reduce", **DEVICES[device]}
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, **options)
    result: Found = defaultdict(list)
    for visit in showcase.visits:
        page = pages.show(contexts[visit.signed_in], visit)
        for kind, problem in problems(page, device, visit.name):
            result[kind].append(f"{visit.name}: {problem}")
        page.close()
    for context in contexts.values():
        context.close()
    return result


def problems(page: Page, device: str, name: str) -> Iterator[tuple[str, str]]:
    """Kind and description of what is wrong with a page."""
    checks: list[tuple[str, Callable[[Page], list[str]]]] = [("layout", layout)]
    if device != "tablet":
        checks += [("accessibility", serious_violations), ("tabbing", without_ring_or_covered)]
        if name in WITH_CONTROLS_BELOW_THE_WINDOW:
            checks.append(("tabbing", covered_on_the_way_back))
        checks.append(("scrolling", covered_after_scrolling))
    if device == "phone":
        checks.append(("targets", small_targets))
    if device != "desktop":
        checks.append(("layout", overlaps_with_the_menu))
    for kind, check in checks:
        yield from ((kind, problem) for problem in check(page))


def layout(page: Page) -> list[str]:
    """Overlapping controls, controls beyond the viewer's edge, a page that scrolls sideways."""
    result = [f"overlap of {pair}" for pair in page.evaluate(OVERLAPS)]
    result += [f"cut off: {control}" for control in page.evaluate(CUT_OFF)]
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [*result, f"{wider} pixels too wide"] if wider > 0 else result


def without_ring_or_covered(page: Page) -> list[str]:
    """Forwards through the page with the Tab key: controls without a ring, or below a bar."""
    if not is_phone(page):
        page.set_viewport_size(LOW_WINDOW)  # type: ignore[arg-type]
    if page.locator("[data-pick]").count():
        page.locator("[data-pick]").first.check()  # the bar for several models appears
        page.evaluate("document.activeElement.blur()")
        page.evaluate("window.getSelection().collapse(document.body, 0)")
    return tab_through(page, "Tab")


def covered_on_the_way_back(page: Page) -> list[str]:
    """Backwards through the page, which brings what is above into the window."""
    page.evaluate("document.activeElement.blur()")
    return tab_through(page, "Shift+Tab", least=4)


def tab_through(page: Page, key: str, least: int = 0) -> list[str]:
    """Problems of each control that gets the focus; fewer than `least` of them are one, too."""
    result: list[str] = []
    for stops in range(MAX_STOPS):
        page.keyboard.press(key)
        ring = page.evaluate(RING)
        if ring is None:
            return result if stops >= least else [*result, f"{key}: only {stops} stops"]
        covered = page.evaluate(f"({COVERED.rstrip().rstrip(';')})(document.activeElement)")
        result += [f"{key}: no ring: {ring}"] if ring and not is_phone(page) else []
        result += [f"{key}: {problem}" for problem in covered]
    pytest.fail("the Tab key does not leave the page")


def is_phone(page: Page) -> bool:
    size = page.viewport_size
    return size is not None and size["width"] < 500


def covered_after_scrolling(page: Page) -> list[str]:
    """Each visible control scrolled to the upper edge, then to the lower one."""
    script = f"""async () => {{
      const covered = {COVERED.rstrip().rstrip(";")};
      const problems = [];
      for (const element of document.querySelectorAll({SCROLLED_TO!r})) {{
        if (!element.checkVisibility()) continue;
        for (const block of ["start", "end"]) {{
          element.scrollIntoView({{ block, behavior: "instant" }});
          problems.push(...covered(element));
        }}
      }}
      return problems;
    }}"""
    return list(page.evaluate(script))


def small_targets(page: Page) -> list[str]:
    """Targets that are too small for a finger, with all details open."""
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    return list(page.evaluate(SMALL_TARGETS))


def overlaps_with_the_menu(page: Page) -> list[str]:
    """Overlapping controls while the menu is open."""
    menu = page.get_by_role("button", name="Menu", exact=True)
    if not menu.count() or not menu.is_visible():
        return []
    for chosen in page.locator("[data-pick]:checked").all():  # the bar for several models goes
        chosen.uncheck()
    page.evaluate("window.scrollTo(0, 0)")  # further down, the menu lies over the page
    menu.click()
    page.wait_for_selector("#site-menu.show")
    return [f"menu: overlap of {pair}" for pair in page.evaluate(OVERLAPS)]


@pytest.mark.parametrize("device", DEVICES)
def test_no_controls_overlap_and_no_page_scrolls_sideways(found: dict[str, Found], device: str) -> None:
    assert found[device]["layout"] == []


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_axe_finds_no_serious_problem(found: dict[str, Found], device: str) -> None:
    assert found[device]["accessibility"] == []


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_what_the_tab_key_reaches_is_seen(found: dict[str, Found], device: str) -> None:
    """It shows a ring on a desktop, and no bar covers it (WCAG 2.2, 2.4.11)."""
    assert found[device]["tabbing"] == []


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_no_bar_covers_what_is_scrolled_to(found: dict[str, Found], device: str) -> None:
    assert found[device]["scrolling"] == []


def test_every_target_is_large_enough_for_a_finger(found: dict[str, Found]) -> None:
    assert found["phone"]["targets"] == []
