"""Examine this deployment and say what to mend: `python manage.py doctor`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs.core import doctor
from jobs.core.doctor import Finding


class Command(BaseCommand):
    """Examine this deployment and say what to mend. Exits with 1 if there is a problem."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []  # they are part of the report

    def add_arguments(self, parser: CommandParser) -> None:
        """Options of the command line."""
        parser.add_argument("--json", action="store_true", help="for a program")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line per finding."""
        findings = doctor.examine()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            self.stdout.writelines(self._line(finding) + "\n" for finding in findings)
        if any(finding.status == doctor.PROBLEM for finding in findings):
            sys.exit(1)

    def _line(self, finding: Finding) -> str:
        style = {doctor.OK: self.style.SUCCESS, doctor.WARNING: self.style.WARNING, doctor.PROBLEM: self.style.ERROR}
        advice = "" if finding.status == doctor.OK else f" {finding.advice}"
        return f"{style[finding.status](f'{finding.status:<8}')} {finding.name}: {finding.detail}{advice}"
