"""What the page of a job shows while the job is active, failed or cancelled."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from jobs.http.serializers import JobSerializer
from jobs.models import Job, State
from ml.stages import REMIX_STAGES, STAGES, Stage, overall_progress
from reconsite.core.errors import TRANSIENT_FAILURES


def progress_context(job: Job) -> dict[str, Any]:
    """The job, its stages and their start times, and what to offer after a failure."""
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
        "retry_first": job.failure_code in TRANSIENT_FAILURES or job.state == State.CANCELLED,
        "again_url": "" if job.parent_id else f"{reverse('jobs:upload')}?again={job.pk}",
    }


def stages_of(job: Job) -> tuple[Stage, ...]:
    """The stages that this job runs through."""
    return REMIX_STAGES if job.parent_id else STAGES


def _starts(job: Job) -> dict[str, Any]:
    """Start time of each stage in the current attempt."""
    events = job.events.filter(kind="stage", at__gte=job.started_at) if job.started_at else []
    return {event.stage: event.at for event in events}
