from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ml.core.weights import FetchError
from ml.errors import ReconstructionError


class Command(BaseCommand):
    """Fetch network weights: background removal by default, `triposr` for the published large network."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("what", nargs="?", default="background", choices=sorted(FETCH))
        parser.add_argument("--file", type=Path, help="triposr: the published model.ckpt, where you have it already")
        parser.add_argument("--optional", action="store_true", help="a failure is only a warning")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fetch what was named; weights that are there already are only checked."""
        what = options["what"]
        try:
            path = FETCH[what](options["file"])
            self.stdout.write(f"{what}: {path}")
        except (FetchError, OSError, ReconstructionError, ValueError, RuntimeError) as error:
            self._report(f"{what} was not fetched: {error}", optional=options["optional"])

    def _report(self, sentence: str, *, optional: bool) -> None:
        if not optional:
            raise CommandError(sentence)
        self.stderr.write(self.style.WARNING(sentence))


def _background(file: Path | None) -> object:
    from ml.cli.fetch_background import fetch_background

    return fetch_background(settings.BACKGROUND_MODEL)


def _triposr(file: Path | None) -> object:
    from ml.engines.triposr.fetch import fetch

    return fetch(file)


FETCH = {"background": _background, "triposr": _triposr}
