"""A deletion is complete, and is completed when the process that began it dies."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from accounts.core import tokens
from accounts.data.deletion import delete_account
from accounts.models import User
from jobs.core import erasure, services, sharing, tagging
from jobs.management.commands.reconcile import Tasks
from jobs.models import Job, State
from ml.recipe import Recipe
from tests.conftest import in_state, make_user, signed_in, with_files

MARKER = "zanzibar"
"""In everything that the person typed or sent."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return make_user(MARKER, display_name=f"{MARKER} person")


@pytest.fixture
def traces(person: User, photo: bytes) -> Job:
    """A running job of the person, and everything else that carries the marker."""
    signed_in(person).get("/jobs/")
    tokens.create(person, f"{MARKER} phone")
    jobs = [
        services.submit(person, [(photo, f"{MARKER}.png")], Recipe(quality="draft"), title=f"{MARKER} {n}").job
        for n in range(2)
    ]
    finished = with_files(jobs[0], "mesh.glb")
    tagging.set_tags(finished, [MARKER])
    sharing.share(finished)
    work = settings.VAR_DIR / "work" / f"{jobs[1].pk}-abc"
    work.mkdir(parents=True)
    (work / "report.json").write_text(MARKER)
    return in_state(jobs[1], State.RUNNING)


def rows_with_marker() -> list[str]:
    """Tables in which a row still has the marker."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [table for row in cursor.fetchall() if MARKER in repr(row)]
    return found


def files_with_marker() -> list[str]:
    """Stored and working files whose name or content has it."""
    folders = (Path(settings.MEDIA_ROOT), settings.VAR_DIR / "work")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if MARKER in str(path) or MARKER.encode() in path.read_bytes()]


def redis_with_marker() -> list[str]:
    """Keys of Redis whose name or value has it."""
    redis: Any = django_rq.get_connection(settings.JOB_QUEUE)
    return [
        str(key) for key in redis.scan_iter("*") if MARKER in repr(key) or MARKER.encode() in (redis.dump(key) or b"")
    ]


def test_nothing_of_a_deleted_person_is_left(person: User, traces: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert rows_with_marker()
    delete_account(person)
    assert rows_with_marker() == []
    assert files_with_marker() == []
    assert redis_with_marker() == []
    assert MARKER not in caplog.text


def test_files_that_a_lost_run_writes_afterwards_are_deleted_by_the_next_pass(person: User, traces: Job) -> None:
    delete_account(person)
    default_storage.save(f"jobs/{traces.pk}/late/report.json", ContentFile(MARKER.encode()))
    assert files_with_marker()
    Tasks().run_due()
    assert files_with_marker() == []


def test_a_deletion_that_was_interrupted_is_completed(
    person: User, traces: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(erasure, "_delete_rows", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            delete_account(person)
    person.refresh_from_db()
    assert not person.is_active
    Tasks().run_due()
    assert rows_with_marker() == []
    assert files_with_marker() == []
