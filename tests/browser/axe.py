"""axe-core, which finds accessibility problems. The context must bypass the site's content security policy."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SEVERE = ("serious", "critical")


def serious_violations(page: Page) -> list[str]:
    """The rules that a page breaks seriously, and the first elements that break each."""
    page.add_script_tag(path=AXE)
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {[node['html'][:120] for node in violation['nodes'][:3]]}"
        for violation in violations
        if violation["impact"] in SEVERE
    ]
