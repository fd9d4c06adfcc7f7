"""A process of a chaos run with its hooks: `python -m scripts.chaos.process worker|reconcile|web PORT [ADDRESS]`."""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command


def main(command: str, *arguments: str) -> None:
    """Run daphne or the management command."""
    django.setup()
    from scripts.chaos import hooks

    if command == "web":
        from daphne.cli import CommandLineInterface

        hooks.install_in_web()
        port, address = arguments[0], (*arguments, "127.0.0.1")[1]
        CommandLineInterface().run(["-b", address, "-p", port, "reconsite.asgi:application"])
        return
    from jobs.work import engine_process

    hooks.install()
    if os.environ["CHAOS_ENGINE"] == "sleeping":
        engine_process.ENGINE_MODULE = "scripts.chaos.sleeping_engine"
    call_command(command, *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
