"""A drill: everything is lost, and comes back from a backup."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Model

from accounts.core import tokens
from accounts.models import User
from jobs.core import backup, services, sharing, storage, tagging
from jobs.core.backup import BackupError
from jobs.models import Artifact, Job, JobEvent, Photo, ShareLink, Tag
from tests.conftest import PASSWORD, signed_in, stored_files, with_files

pytestmark = pytest.mark.django_db(transaction=True)

TABLES: tuple[type[Model], ...] = (User, Job, Photo, Artifact, JobEvent, Tag, ShareLink)


@pytest.fixture
def job(submit: Callable[..., Job]) -> Job:
    """A finished, shared job with files and a tag; another one waits."""
    done = with_files(submit(), "mesh.glb", "report.json")
    tagging.set_tags(done, ["lamps"])
    sharing.share(done)
    submit(title="Another")
    return done


def to_milliseconds(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its times as exact as in a backup."""
    return {
        name: value.replace(microsecond=value.microsecond // 1000 * 1000) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def everything() -> dict[str, list[Any]]:
    """All rows, and the content of all files."""
    rows: dict[str, list[Any]] = {
        model.__name__: [to_milliseconds(row) for row in model._default_manager.order_by("pk").values()]
        for model in TABLES
    }
    rows["files"] = [(key, storage.read_whole(key, "")) for key in stored_files()]
    return rows


def lose_everything() -> None:
    call_command("flush", interactive=False, verbosity=0)
    for key in stored_files():
        storage.backend().delete(key)


def test_what_was_lost_comes_back(job: Job, owner: User, tmp_path: Path) -> None:
    token = tokens.create(owner, "phone")[1]
    before = everything()
    assert backup.write(tmp_path / "copy").missing == ()
    lose_everything()
    assert (User.objects.count(), stored_files()) == (0, [])
    backup.restore(tmp_path / "copy")
    assert everything() == before
    person = User.objects.get(pk=owner.pk)
    assert person.check_password(PASSWORD)
    assert signed_in(person).get(f"/jobs/{job.pk}/files/mesh.glb").status_code == 200
    assert signed_in(None).get("/api/v1/jobs/", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_the_restored_site_goes_on(job: Job, owner: User, submit: Callable[..., Job], tmp_path: Path) -> None:
    """New rows do not collide with restored ones, on PostgreSQL neither."""
    backup.write(tmp_path / "copy")
    lose_everything()
    backup.restore(tmp_path / "copy")
    assert submit(user=User.objects.get(pk=owner.pk)).photos.count() == 1
    services.delete(job.pk)


def test_the_command_writes_and_restores(job: Job, tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "copy"))
    lose_everything()
    call_command("backup", str(tmp_path / "copy"), restore=True)
    assert Job.objects.count() == 2


def test_a_missing_file_is_reported_and_the_rest_is_kept(job: Job, tmp_path: Path) -> None:
    storage.backend().delete(str(job.artifacts.get(name="mesh.glb").file))
    with pytest.raises(CommandError, match=r"1 files are missing or damaged: .*mesh\.glb"):
        call_command("backup", str(tmp_path / "copy"))
    assert (tmp_path / "copy" / backup.MANIFEST).exists()


def test_a_damaged_backup_restores_nothing(job: Job, tmp_path: Path) -> None:
    backup.write(tmp_path / "copy")
    lose_everything()
    next(path for path in (tmp_path / "copy").rglob("mesh.glb")).write_bytes(b"damaged")
    with pytest.raises(BackupError, match="1 files of the backup are damaged"):
        backup.restore(tmp_path / "copy")
    assert (User.objects.count(), stored_files()) == (0, [])


def test_nothing_is_overwritten(job: Job, tmp_path: Path) -> None:
    backup.write(tmp_path / "copy")
    with pytest.raises(BackupError, match="exists already"):
        backup.write(tmp_path / "copy")
    with pytest.raises(BackupError, match="not empty"):
        backup.restore(tmp_path / "copy")
    shutil.move(tmp_path / "copy" / backup.MANIFEST, tmp_path / "elsewhere")
    with pytest.raises(BackupError, match="not a complete backup"), transaction.atomic():
        backup.restore(tmp_path / "copy")
