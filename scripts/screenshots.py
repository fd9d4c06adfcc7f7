"""Pictures of every page: both themes, three widths.

`python -m scripts.screenshots [NAME …]` starts the site with a database of its own, makes a draft model of our sample
and writes var/screenshots/<page>-<theme>-<width>.png, all pages or those named.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import tests.environment  # noqa: F401 (first: a place of its own for database, files and Redis)

import django  # isort: skip

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "var" / "screenshots"
THEMES = ("light", "dark")
WIDTHS = {360: 740, 768: 1024, 1440: 900}
"""Width of the window and its height, in CSS pixels; the picture shows the whole page."""


def main(names: set[str]) -> None:
    """Furnish the site and take the pictures."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "reconsite.settings"
    django.setup()
    from django.core.management import call_command

    from ml.recipe import Recipe
    from tests.browser import pages
    from tests.live import site

    call_command("migrate", verbosity=0)
    photo = next((ROOT / "static" / "samples").glob("*.png")).read_bytes()
    with site(**pages.CALM) as address:
        owner = pages.person("Ada")
        visits = pages.furnish(owner, photo, Recipe(quality="draft"))
        take([visit for visit in visits if not names or visit.name in names], address, owner)


def take(visits: list, address: str, owner: object) -> None:
    """One picture of each page, theme and width."""
    from playwright.sync_api import sync_playwright

    from scripts.ensure_chromium import find_chromium
    from tests.browser import pages
    from tests.browser.conftest import FLAGS

    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for theme in THEMES:
            for width, height in WIDTHS.items():
                size = {"width": width, "height": height}
                contexts = pages.open_contexts(browser, address, owner, viewport=size, color_scheme=theme)
                for visit in visits:
                    page = pages.show(contexts[visit.signed_in], visit)
                    page.screenshot(path=TARGET / f"{visit.name}-{theme}-{width}.png", full_page=True)
                    page.close()
        browser.close()


if __name__ == "__main__":
    main(set(sys.argv[1:]))
