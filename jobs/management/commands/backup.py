from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.core import backup


class Command(BaseCommand):
    """Write all rows and files of the site into a new folder, or restore them from one with --restore."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--restore", action="store_true", help="into an empty database, after migrate")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many files there are; exit status 1 if some were missing."""
        try:
            summary = (backup.restore if options["restore"] else backup.write)(options["folder"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{summary.files} files and all rows: {options['folder']}")
        if summary.missing:
            raise CommandError(f"{len(summary.missing)} files are missing or damaged: {', '.join(summary.missing[:3])}")
