"""axe-core finds no serious or critical problem on any page, light and dark, on a desktop and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pages

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SEVERE = ("serious", "critical")
LIGHT_DESKTOP = {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}}
DARK_PHONE = {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}}


@pytest.mark.parametrize("look", [LIGHT_DESKTOP, DARK_PHONE], ids=["light desktop", "dark phone"])
def test_no_page_has_a_serious_problem(showcase: pages.Furnished, browser: Browser, look: dict[str, Any]) -> None:
    found: list[str] = []
    # The site's content security policy would block axe.
    options = {"bypass_csp": True, "reduced_motion": "reduce", **look}
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, **options)
    for visit in showcase.visits:
        page = pages.show(contexts[visit.signed_in], visit)
        found += [f"{visit.name}: {problem}" for problem in problems(page)]
        page.close()
    assert found == []


def problems(page: Page) -> list[str]:
    """Serious violations: the rule, and the first elements that break it."""
    page.add_script_tag(path=AXE)
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {[node['html'][:120] for node in violation['nodes'][:3]]}"
        for violation in violations
        if violation["impact"] in SEVERE
    ]
