"""Screenshots of every page in both themes and three widths.

`python -m scripts.screenshots [NAME …]` starts the site with a database of its own and draft models of our samples,
and writes var/screenshots/<page>-<theme>-<width>.png, for all pages or for those given.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django

import tests.environment  # noqa: F401 (its own database, files and Redis)

os.environ["DJANGO_SETTINGS_MODULE"] = "reconsite.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from accounts.models import User  # noqa: E402
from jobs.models import Job  # noqa: E402
from ml.recipe import Recipe  # noqa: E402
from scripts.ensure_chromium import find_chromium  # noqa: E402
from tests.browser import pages  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from tests.browser.finished import finished_model, web_alone  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "var" / "screenshots"
THEMES = ("light", "dark")
WIDTHS = {360: 740, 768: 1024, 1440: 900}
"""Width and height of the window in CSS pixels; the screenshot shows the whole page."""
LOAD_PICTURES = """() => Promise.all([...document.images].filter((image) => image.checkVisibility()).map((image) => {
  image.loading = "eager";
  return image.decode().catch(() => null);
}))"""
"""Loads lazy images further down, too, which the browser would not request yet."""


def main(names: set[str]) -> None:
    """Fill the site with content and take the screenshots."""
    call_command("migrate", verbosity=0)
    TARGET.mkdir(parents=True, exist_ok=True)
    owner = pages.person("Ada")
    visits = pages.furnish(owner, models(owner))
    with web_alone(**pages.SETTINGS) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        take(browser, [visit for visit in visits if not names or visit.name in names], address, owner)
        browser.close()


def models(owner: User) -> list[Job]:
    """A draft of each sample."""
    samples = sorted(path for path in (ROOT / "static" / "samples").iterdir() if path.suffix == ".webp")
    recipe = Recipe(engine="compact", quality="draft")
    return [finished_model(owner, recipe, sample.read_bytes(), sample.stem) for sample in samples]


def take(browser: Browser, visits: list[pages.Visit], address: str, owner: User) -> None:
    """One screenshot of each page, theme and width."""
    for theme in THEMES:
        for width, height in WIDTHS.items():
            options = {
                "viewport": {"width": width, "height": height},
                "color_scheme": theme,
                "reduced_motion": "reduce",
            }
            contexts = pages.open_contexts(browser, address, owner, **options)
            for visit in visits:
                page = pages.show(contexts[visit.signed_in], visit)
                save(page, TARGET / f"{visit.name}-{theme}-{width}.png")
            for context in contexts.values():
                context.close()


def save(page: Page, path: Path) -> None:
    """Save a full-page screenshot and close the tab."""
    page.evaluate(LOAD_PICTURES)
    page.screenshot(path=path, full_page=True)
    page.close()


if __name__ == "__main__":
    main(set(sys.argv[1:]))
