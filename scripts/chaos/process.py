"""A worker or reconciler with the hooks of a chaos run: `python -m scripts.chaos.process worker`."""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command


def main(command: str) -> None:
    """Run the management command."""
    django.setup()
    from jobs.work import engine_process
    from scripts.chaos import hooks

    hooks.install()
    if not os.environ.get("CHAOS_REAL_ENGINE"):
        engine_process.ENGINE_MODULE = "scripts.chaos.sleeping_engine"
    call_command(command)


if __name__ == "__main__":
    main(sys.argv[1])
