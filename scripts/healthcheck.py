"""Whether the process of this container works: exit status 0 or 1. It starts no Django, because it runs all the time.

A web process must answer `/healthz`. Worker and reconciler touch a file whenever they go on (reconsite.core.alive).
"""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from pathlib import Path

from reconsite.core.alive import MAX_AGE_SECONDS, alive_file

TIMEOUT_SECONDS = 4


def var_dir() -> Path:
    """Where a process of the site keeps its own files."""
    return Path(os.environ.get("VAR_DIR") or "var")


def role_file() -> Path:
    """Says what this container runs."""
    return var_dir() / "role"


def web_answers() -> bool:
    """Whether `/healthz` answers."""
    url = f"http://127.0.0.1:{os.environ.get('WEB_PORT') or 8000}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # nosec B310 (our own address)
            return bool(response.status == 200)
    except OSError:
        return False


def goes_on(role: str) -> bool:
    """Whether the process has touched its file lately."""
    try:
        age = time.time() - alive_file(var_dir(), role).stat().st_mtime
    except FileNotFoundError:
        return False
    return age < MAX_AGE_SECONDS


def main() -> int:
    """0 when it works."""
    role = role_file().read_text() if role_file().exists() else "web"
    return 0 if (web_answers() if role == "web" else goes_on(role)) else 1


if __name__ == "__main__":
    sys.exit(main())
