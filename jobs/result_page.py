"""What the result page shows, gathered from the job's files and its report."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from jobs.models import Artifact, Job
from ml import files


def result_context(job: Job) -> dict[str, Any]:
    """Viewer, downloads, frames, video and facts for templates/jobs/result.html."""
    artifacts = {artifact.name: artifact for artifact in job.artifacts.all()}
    return {
        "viewer": {"model_url": file_url(job, files.GLB), "poster_url": file_url(job, files.POSTER)},
        "downloads": [_download(job, kind, artifacts[kind.name]) for kind in files.FILES if _offered(kind, artifacts)],
        "frames": [file_url(job, name) for name in sorted(artifacts) if name.startswith("render_0")],
        "video_url": file_url(job, files.VIDEO),
        "poster_url": file_url(job, files.POSTER),
        "cutout_url": file_url(job, files.CUTOUT),
        "report": job.report,
    }


def _offered(kind: files.ResultFile, artifacts: dict[str, Artifact]) -> bool:
    return kind.download and kind.name in artifacts


def _download(job: Job, kind: files.ResultFile, artifact: Artifact) -> dict[str, Any]:
    url = f"{file_url(job, kind.name)}?download=1"
    return {"name": kind.name, "title": kind.title, "size": artifact.size, "url": url}


def file_url(job: Job, name: str) -> str:
    """The page address of one of the job's files."""
    return reverse("jobs:file", args=[job.pk, name])
