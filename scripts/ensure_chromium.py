"""Find a chromium for the browser test; install Debian's where that is possible, else say so loudly."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Path of a browser on this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install_chromium() -> None:
    """Debian's package, as root."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)


def main() -> None:
    """End with 1 when none is there and REQUIRE_BROWSER is set; without it the browser test skips and says so."""
    if not find_chromium() and shutil.which("apt-get") and os.geteuid() == 0:
        install_chromium()
    if find_chromium():
        return
    print("NO CHROMIUM: the browser tests will be skipped. Install one and run `make test` again.", file=sys.stderr)
    sys.exit(1 if os.environ.get("REQUIRE_BROWSER") else 0)


if __name__ == "__main__":
    main()
