"""Moving jobs to the bin, with a message that can undo it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest

from jobs.core import services
from jobs.models import Job


def discard(request: HttpRequest, jobs: Sequence[Job]) -> None:
    """Move the jobs to the bin. The message's tags are their ids, for the notice's button "Undo"."""
    for job in jobs:
        services.discard(job.pk)
    messages.success(request, f"{named(jobs)} moved to the bin.", extra_tags=" ".join(str(job.pk) for job in jobs))


def named(jobs: Sequence[Job]) -> str:
    """The title of one job, the number of several."""
    return f"“{jobs[0].title}”" if len(jobs) == 1 else count_text(len(jobs))


def count_text(count: int) -> str:
    """How many models."""
    return "1 model" if count == 1 else f"{count} models"
