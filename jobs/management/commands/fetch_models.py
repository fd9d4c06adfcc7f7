from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ml.engine_registry import ENGINES
from ml.errors import ReconstructionError


class Command(BaseCommand):
    """Fetch network weights: those for background removal by default, or those of an engine."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("what", nargs="?", default="background", choices=sorted(FETCH))
        parser.add_argument("--file", type=Path, help="an engine's published weights, if you already have them")
        parser.add_argument("--optional", action="store_true", help="a failure is only a warning")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fetch the named weights; existing ones are only verified."""
        what = options["what"]
        try:
            path = FETCH[what](options["file"])
            self.stdout.write(f"{what}: {path}")
        except (OSError, ReconstructionError, ValueError, RuntimeError) as error:  # a FetchError is a RuntimeError
            self._report(f"{what} was not fetched: {error}", optional=options["optional"])

    def _report(self, message: str, *, optional: bool) -> None:
        if not optional:
            raise CommandError(message)
        self.stderr.write(self.style.WARNING(message))


def _background(file: Path | None) -> object:
    from ml.cli.fetch_background import fetch_background

    return fetch_background(settings.BACKGROUND_MODEL)


def _engine(reference: str) -> Callable[[Path | None], object]:
    """The `fetch` of an entry of `ml.engine_registry`, imported when it is called."""
    return lambda file: resolve_name(reference)(file)


FETCH = {
    "background": _background,
    **{name: _engine(spec.fetch) for name, spec in ENGINES.items() if spec.fetch is not None},
}
