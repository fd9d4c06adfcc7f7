"""Jobs: the owner's alone, but staff may look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.models import Job, State
from tests.conftest import encoded, in_state, picture
from tests.jobs.api.access.callers import Callers
from tests.site.routes import World

pytestmark = pytest.mark.django_db

TABLE = """
#                   owner stranger anonymous staff suspended read_only
jobs_list           200   200      401       200   401       200
jobs_create         202   202      401       202   401       403
jobs_bulk           200   200      401       200   401       403
jobs_retrieve       200   404      401       200   401       200
jobs_update         200   404      401       404   401       403
jobs_delete         204   404      401       404   401       403
jobs_cancel         200   404      401       404   401       403
jobs_retry          200   404      401       404   401       403
jobs_remix          202   404      401       404   401       403
jobs_poster         200   404      401       404   401       403
jobs_publish        200   404      401       404   401       403
jobs_unpublish      204   404      401       404   401       403
jobs_share          200   404      401       404   401       403
jobs_revoke         204   404      401       404   401       403
jobs_files          200   404      401       200   401       200
jobs_file_download  200   404      401       200   401       200
jobs_archive        200   404      401       200   401       200
jobs_links          200   404      401       200   401       403
jobs_events         200   404      401       200   401       200
"""


def form() -> dict[str, Any]:
    return {"photo": SimpleUploadedFile("lamp.png", encoded(picture())), "quality": "draft"}


def test_who_gets_what_of_a_job(callers: Callers, world: World, submit: Callable[..., Job]) -> None:
    bodies: dict[str, Any] = {
        "jobs_create": form,
        "jobs_bulk": {"action": "tag", "ids": [str(world.job.pk)], "tags": ["red"]},
        "jobs_update": {"title": "Other"},
        "jobs_remix": {"faces": 1000},
        "jobs_poster": {"azimuth": 0},
    }
    frame = world.job.artifacts.get(name="render_000.png")
    Path(default_storage.path(str(frame.file))).write_bytes(encoded(picture()))
    queued, failed = submit(), in_state(submit(), State.FAILED)
    jobs = {
        "jobs_cancel": {"id": str(queued.pk)},
        "jobs_retry": {"id": str(failed.pk)},
        "jobs_unpublish": {"id": str(world.published.pk)},
    }
    callers.check(TABLE, bodies, jobs, jobs_create="multipart")


def test_a_bulk_action_of_a_stranger_changes_nothing(callers: Callers, world: World) -> None:
    for caller in ("stranger", "staff"):
        body = {"action": "delete", "ids": [str(world.job.pk)]}
        (result,) = callers.clients[caller].post("/api/v1/jobs/bulk/", body).data["results"]
        assert (result["status"], result["code"]) == (404, "not_found")
    assert Job.objects.get(pk=world.job.pk).deleted_at is None


def test_a_format_is_not_made_for_those_who_may_only_read(callers: Callers, world: World) -> None:
    path = f"/api/v1/jobs/{world.job.pk}/files/?format=ply"
    found = [callers.clients[caller].get(path).status_code for caller in ("read_only", "staff", "stranger", "owner")]
    assert found == [403, 404, 404, 202]
