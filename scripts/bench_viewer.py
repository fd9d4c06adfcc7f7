"""How soon a result page is usable: from the click to the rendered model, in a real browser."""

from __future__ import annotations

import os
import sys
import time
from statistics import median

import tests.environment  # noqa: F401  (its own database, files and Redis; before Django's settings)

import django  # isort: skip

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

from accounts.models import User  # noqa: E402
from ml import files  # noqa: E402
from ml.recipe import Recipe  # noqa: E402
from scripts.ensure_chromium import find_chromium  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from tests.browser.finished import READY, finished_model, opened, web_alone  # noqa: E402

LARGE = Recipe(engine="compact", quality="standard", faces=90_000, texture_size=2048, frame_size=64, frame_count=6)
"""Makes a GLB of about 3 MB."""
VISITS = 5
"""Page loads that are measured."""


def main() -> None:
    """Make a model and open its page several times, each time with an empty cache."""
    path = find_chromium()
    if path is None:
        sys.exit("No chromium is installed.")
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("bench", "bench@example.org")
    model = finished_model(owner, LARGE)
    size = model.artifacts.get(name=files.GLB).size
    with web_alone() as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        visits = []
        for _ in range(VISITS + 1):
            with opened(chromium, address, owner, reduced_motion="reduce") as page:
                visits.append(_visit(page, model.get_absolute_url()))
    print(f"\nResult page with a GLB of {size / 1e6:.1f} MB, {VISITS} visits, load average {os.getloadavg()[0]:.1f}")
    seconds, busy = zip(*visits[1:], strict=True)
    print(f"  until the model is rendered and the tools respond: median {median(seconds):.2f} s")
    print(f"  of that, processor time of the page's main thread: median {median(busy):.2f} s")


def _visit(page: Page, path: str) -> tuple[float, float]:
    """Seconds until the first frame with the model, when buttons and keys work; CPU seconds of the main thread."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    start = time.perf_counter()
    page.goto(path, wait_until="commit")
    page.wait_for_selector(READY)
    seconds = time.perf_counter() - start
    measured = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
    return seconds, measured["TaskDuration"]


if __name__ == "__main__":
    main()
