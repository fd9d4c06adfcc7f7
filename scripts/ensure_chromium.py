"""Find a Chromium for the browser tests; install Debian's where possible, else print a warning."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Path of an installed browser, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install_chromium() -> None:
    """Install Debian's package; needs root."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)


def main() -> None:
    """Exit with 1 if there is none and REQUIRE_BROWSER is set; without it the browser tests are skipped."""
    if not find_chromium() and shutil.which("apt-get") and os.geteuid() == 0:
        install_chromium()
    if find_chromium():
        return
    print(
        "NO CHROMIUM: browser tests will be skipped. Install Chromium and run `make test` again.",
        file=sys.stderr,
    )
    sys.exit(1 if os.environ.get("REQUIRE_BROWSER") else 0)


if __name__ == "__main__":
    main()
