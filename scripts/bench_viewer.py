"""How soon the page of a finished model can be used: from the click to the drawn model, in a real browser."""

from __future__ import annotations

import os
import sys
import time
from statistics import median

import tests.environment  # noqa: F401  (a database, files and a Redis of its own, before Django's settings)

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


def main() -> None:
    """Make a model, open its page several times, each time with an empty cache."""
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
    print(f"  until the model is drawn and the tools answer: median {median(seconds):.2f} s")
    print(f"  of that, processor time of the page's main thread: median {median(busy):.2f} s")


def _visit(page: Page, path: str) -> tuple[float, float]:
    """Seconds from the request to the first frame with the model (buttons and keys work by then), and of its thread."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    begin = time.perf_counter()
    page.goto(path, wait_until="commit")
    page.wait_for_selector(READY)
    seconds = time.perf_counter() - begin
    measured = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
    return seconds, measured["TaskDuration"]


if __name__ == "__main__":
    main()
