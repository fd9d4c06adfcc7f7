"""The first process of a container: `python -m scripts.container web`, `… worker`, `… reconciler` or `… migrate`.

It leaves its role in VAR_DIR, where `scripts.healthcheck` finds it, and becomes the process itself: signals reach it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scripts.healthcheck import role_file

MANAGE = [sys.executable, "manage.py"]
CLOSE_SECONDS = "60"
"""How long daphne waits for a view to end when a client has gone."""
CONNECT_SECONDS = "20"
"""How long a socket may take to open: the first ones of a process on a busy machine took longer than daphne's 5 s."""


def command(role: str) -> list[str]:
    """What the container runs. Raises SystemExit for an unknown role."""
    bind, port = os.environ.get("BIND") or "127.0.0.1", os.environ.get("WEB_PORT") or "8000"
    daphne = str(Path(sys.executable).with_name("daphne"))
    commands = {
        "web": [
            daphne,
            "-b",
            bind,
            "-p",
            port,
            "--application-close-timeout",
            CLOSE_SECONDS,
            "--websocket_connect_timeout",
            CONNECT_SECONDS,
            "reconsite.asgi:application",
        ],
        "worker": [*MANAGE, "worker"],
        "reconciler": [*MANAGE, "reconcile"],
        "migrate": [*MANAGE, "migrate", "--no-input"],
    }
    if role not in commands:
        raise SystemExit(f"Unknown role “{role}”: {', '.join(commands)}")
    return commands[role]


def main(role: str) -> None:
    """Become the process."""
    line = command(role)
    role_file().parent.mkdir(parents=True, exist_ok=True)
    role_file().write_text(role)
    os.execv(line[0], line)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "web")
