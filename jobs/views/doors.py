"""What every page does with a door of jobs.access that stays shut."""

from __future__ import annotations

from django.http import Http404

from jobs.models import Job


def found(job: Job | None) -> Job:
    """The job, or the 404 that is the same for a wrong id and for somebody else's."""
    if job is None:
        raise Http404("There is no such job.")
    return job
