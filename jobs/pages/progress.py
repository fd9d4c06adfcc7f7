"""What the page of a job shows that is under way, or that came to nothing."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from jobs.core.failures import MAY_PASS
from jobs.http.serializers import JobSerializer
from jobs.models import Job, State
from ml.stages import STAGES, Stage, overall_progress

FIRST_OF_A_REMIX = "surface"
"""A remix begins with its parent's scene: what comes before is not done again."""


def progress_context(job: Job) -> dict[str, Any]:
    """The job, its stages, when each began, and the ways on after a failure."""
    stages = stages_of(job)
    return {
        "job": job,
        "job_data": JobSerializer(job).data,
        "stages": stages,
        "stage_data": {
            "now": timezone.now(),
            "starts": _starts(job),
            "skipped": overall_progress(stages[0].name, 0.0),
        },
        "can_retry": job.can_retry,
        "retry_first": job.failure_code in MAY_PASS or job.state == State.CANCELLED,
        "again_url": "" if job.parent_id else f"{reverse('jobs:upload')}?again={job.pk}",
    }


def stages_of(job: Job) -> tuple[Stage, ...]:
    """The stages that this job walks."""
    names = [stage.name for stage in STAGES]
    return STAGES[names.index(FIRST_OF_A_REMIX) :] if job.parent_id else STAGES


def _starts(job: Job) -> dict[str, Any]:
    """When each stage of the present attempt began."""
    events = job.events.filter(kind="stage", at__gte=job.started_at) if job.started_at else []
    return {event.stage: event.at for event in events}
