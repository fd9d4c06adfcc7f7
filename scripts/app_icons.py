"""The icons of the installed app, from static/img/icon.svg.

`python -m scripts.app_icons` writes static/img/app-*.png: transparent ones, and those that a system cuts to its own
shape, on the background of our pages with the logo inside the part that every shape shows.
"""

from __future__ import annotations

import os
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
django.setup()

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from jobs.pages.install import BACKGROUND  # noqa: E402
from scripts.ensure_chromium import find_chromium  # noqa: E402

IMAGES = Path(__file__).resolve().parent.parent / "static" / "img"
MASKABLE_PART, ROUNDED_PART = 0.62, 0.8
"""Part of the side that the logo takes: inside the circle of 0.8 that no system cuts off, and on a rounded square."""


def main() -> None:
    """Write the four files."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(color_scheme="light")
        for side in (192, 512):
            save(page, f"app-{side}.png", side, 1.0, "transparent")
        save(page, "app-maskable-512.png", 512, MASKABLE_PART, BACKGROUND)
        save(page, "app-180.png", 180, ROUNDED_PART, BACKGROUND)
        browser.close()


def save(page: Page, name: str, side: int, part: float, background: str) -> None:
    """One icon with the logo in its middle."""
    logo = (IMAGES / "icon.svg").read_text().replace("<svg ", f'<svg width="{side * part}" height="{side * part}" ')
    style = f"margin:0;width:{side}px;height:{side}px;display:grid;place-items:center;background:{background}"
    page.set_viewport_size({"width": side, "height": side})
    page.set_content(f'<body style="{style}">{logo}</body>')
    page.screenshot(path=IMAGES / name, omit_background=True)


if __name__ == "__main__":
    main()
