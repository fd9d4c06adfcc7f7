"""Finished models for the tests of pages: one with its files, or many without."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from jobs.core import search_text
from jobs.models import Artifact, Job, SearchText, State
from ml import files
from tests.conftest import in_state

FILE_NAMES = (files.GLB, files.OBJ, files.MTL, files.POSTER, files.CUTOUT, files.SCENE, files.REPORT, "render_000.png")
CAMERA = {"elevation": 0.0, "azimuth": 0.0, "distance": 1.9, "fov": 40.0}
REPORT = {
    "engine": "compact",
    "mesh": {"faces": 10_000, "size_mm": [40.0, 60.0, 100.0], "watertight": True, "parts": 1},
    "recipe": {"quality": "draft", "height_mm": 100.0},
    "stages": [{"name": "scene", "seconds": 1.5, "peak_mb": 10.0}],
    "shots": [{"file": files.CUTOUT, "side": "front", "camera": CAMERA}],
}


def add_file(job: Job, name: str, content: bytes | None = None) -> Artifact:
    """A result file in storage, with its name as content unless another is given."""
    data = name.encode() if content is None else content
    key = default_storage.save(f"jobs/{job.pk}/run/{name}", ContentFile(data))
    return Artifact.objects.create(job=job, name=name, file=key, size=len(data), sha256=sha256(data).hexdigest())


def finish(job: Job) -> Job:
    """The job, succeeded, with a report and small result files."""
    in_state(job, State.SUCCEEDED)
    Job.objects.filter(pk=job.pk).update(report=REPORT)
    for name in FILE_NAMES:
        add_file(job, name)
    job.refresh_from_db()
    return job


def create_models(owner: User, count: int, **fields: object) -> None:
    """Finished models without files, newest first."""
    now = timezone.now()
    rows = (
        Job(
            owner=owner,
            title=f"Model {index:05}",
            state=State.SUCCEEDED,
            finished_at=now,
            created_at=now - timedelta(minutes=index),
            **fields,
        )
        for index in range(count)
    )
    jobs = Job.objects.bulk_create(rows, batch_size=2000)
    texts = [SearchText(job=job, text=search_text.text_of(job.title, [])) for job in jobs]
    SearchText.objects.bulk_create(texts, batch_size=2000)
