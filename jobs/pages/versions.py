"""Two versions of a model beside each other, and what the later one gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jobs.core import access
from jobs.core.shots import shots_of
from jobs.models import Job, State
from jobs.pages.result import owner_file_links
from ml import files


@dataclass(frozen=True)
class Side:
    """One of the two versions."""

    job: Job
    model_url: str | None
    poster_url: str | None
    photo_count: int
    predicted: int | None
    """Percent of the surface that no photo shows; None for a result from before this was measured."""


def compare_context(job: Job, other_id: UUID | None) -> dict[str, Any] | None:
    """The earlier version at the left; None unless this and another version have their files."""
    finished = list(access.versions_of(job).filter(state=State.SUCCEEDED, archived_at=None))
    others = [version for version in finished if version.pk != job.pk]
    if job not in finished or not others:
        return None
    other = next((version for version in others if version.pk == other_id), _neighbour(job, others))
    before, after = (_side(version) for version in sorted((job, other), key=lambda version: version.version))
    return {
        "job": job,
        "others": others,
        "other": other,
        "before": before,
        "after": after,
        "sides": (before, after),
        "gain": _gain(before, after),
    }


def _neighbour(job: Job, others: list[Job]) -> Job:
    """The version before this one, else the one after it."""
    return next((version for version in reversed(others) if version.version < job.version), others[0])


def _side(job: Job) -> Side:
    links = owner_file_links(job)
    share = job.report.get("unseen", {}).get("share")
    return Side(
        job,
        links.url(files.GLB),
        links.url(files.POSTER),
        len(shots_of(job)),
        None if share is None else round(100 * share),
    )


def _gain(before: Side, after: Side) -> int | None:
    """Percent of the surface that the later version shows and the earlier one predicted; None without any."""
    if before.predicted is None or after.predicted is None or after.predicted >= before.predicted:
        return None
    return before.predicted - after.predicted
