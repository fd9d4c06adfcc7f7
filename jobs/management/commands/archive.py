from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Sum

from jobs.core import archive
from jobs.models import Job


class Command(BaseCommand):
    """Say how many models are archived or due; with --now, archive those that are due."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("--days", type=int, default=settings.ARCHIVE_DAYS, help="instead of ARCHIVE_DAYS")
        parser.add_argument("--now", action="store_true", help="archive what is due")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print models and bytes."""
        archived = Job.objects.filter(archived_at__isnull=False)
        self.stdout.write(
            f"{archived.count()} archived, {archived.aggregate(total=Sum('size', default=0))['total']} bytes kept"
        )
        if not options["days"]:
            self.stdout.write("ARCHIVE_DAYS is 0: nothing is due")
            return
        self.stdout.write(f"{archive.due(options['days']).count()} due after {options['days']} days")
        if options["now"]:
            freed = archive.archive_due(options["days"])
            self.stdout.write(f"{sum(bytes_ > 0 for bytes_ in freed)} archived now, {sum(freed)} bytes freed")
