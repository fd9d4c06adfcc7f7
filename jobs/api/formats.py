"""The files of one format of a result."""

from __future__ import annotations

from jobs.models import Artifact, Job
from ml.formats import FORMATS
from reconsite.core.errors import Rejected


def files_of(job: Job, name: str) -> list[Artifact]:
    """The files of the format `name`. Raises Rejected(`format_missing`) if the result does not have it."""
    names = {file.name for file in FORMATS[name].files}
    artifacts = [artifact for artifact in job.artifacts.all() if artifact.name in names]
    if not artifacts:
        raise Rejected("format_missing")
    return artifacts
