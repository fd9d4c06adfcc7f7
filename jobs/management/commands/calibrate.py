from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.work import calibration


class Command(BaseCommand):
    """Measure how fast this machine makes models; a worker runs this at its first start."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Needs the engine of a running worker."""
        try:
            factor = calibration.calibrate()
        except calibration.NotMeasured as error:
            raise CommandError(f"The speed of this machine was not measured: {error}") from error
        self.stdout.write(f"A model takes {factor:.2g} times as long here as on the reference machine.")
