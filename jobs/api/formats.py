"""The files of one format of a result, which is made on demand."""

from __future__ import annotations

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.core.permissions import HasScope, may_write
from jobs.core import access, conversions
from jobs.models import Artifact, Job, State
from ml.formats import FORMATS
from reconsite.core.errors import Rejected

RETRY_SECONDS = 2
"""Value of the Retry-After header while a format is being made: that takes about as long as the end of a job."""


def files_of(request: Request, job: Job, name: str) -> list[Artifact]:
    """The files of the format `name`; empty while they are being made, which begins now if nobody has asked before.

    Raises Rejected (`format_missing`, and those of `conversions.request`), PermissionDenied for a token that may only
    read: the files need storage.
    """
    names = {file.name for file in FORMATS[name].files}
    found = [artifact for artifact in job.artifacts.all() if artifact.name in names]
    if not found and not (not job.is_terminal or _begin(request, job, name)):
        raise Rejected("format_missing")
    return found


def _begin(request: Request, job: Job, name: str) -> bool:
    """False if there is no result, or it is somebody else's."""
    if job.state != State.SUCCEEDED or access.job_for_write(request.user, job.pk) is None:
        return False
    if not may_write(request):
        raise PermissionDenied(HasScope.message, HasScope.code)
    conversions.request(job, name)
    return True
