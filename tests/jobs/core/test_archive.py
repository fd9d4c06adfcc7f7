"""An archived model keeps what its files can be made from again, and only its owner has them made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from jobs.core import archive, conversions, quota, services, sharing, storage
from jobs.models import Artifact, Collection, CollectionItem, Conversion, Job, State
from jobs.work import conversion_runner, engine_process
from ml import files
from reconsite.core.errors import Rejected
from tests.conftest import api_of, in_state, signed_in, stored_files, with_files

KEPT = (files.SCENE, files.INPUT, files.REPORT, files.CUTOUT, files.POSTER)
MADE = (files.GLB, files.STL, "render_000.png", files.SPRITE)
pytestmark = pytest.mark.django_db


@pytest.fixture
def old(submit: Callable[..., Job]) -> Job:
    """A result of last month, with its size."""
    job = with_files(submit(), *KEPT, *MADE)
    size = job.size + sum(map(len, (*KEPT, *MADE)))
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=31), size=size)
    job.refresh_from_db()
    return job


@pytest.fixture
def archived(old: Job, django_capture_on_commit_callbacks: Any) -> Job:
    with django_capture_on_commit_callbacks(execute=True):
        assert archive.archive(old.pk) == sum(map(len, MADE))
    old.refresh_from_db()
    return old


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """An engine that writes all files at once; the photos and recipes that it got."""
    calls: list[Any] = []

    def reconstruct(photos: Any, recipe: Any, folder: Path, listeners: Any, plan: Any) -> Any:
        assert (plan.source / files.SCENE).read_bytes() == files.SCENE.encode()
        calls.append((photos, recipe))
        for name in (*KEPT, *MADE):
            (folder / name).write_bytes(b"new " + name.encode())
        return (), {}

    monkeypatch.setattr(engine_process, "reconstruct", reconstruct)
    return calls


def names(job: Job) -> set[str]:
    return set(job.artifacts.values_list("name", flat=True))


def test_what_files_are_made_from_is_kept_whole_and_the_rest_is_gone(archived: Job) -> None:
    assert names(archived) == set(KEPT)
    for artifact in archived.artifacts.all():
        assert storage.read_whole(str(artifact.file), artifact.sha256) == artifact.name.encode()
    keys = {str(key) for key in Artifact.objects.values_list("file", flat=True)}
    assert set(stored_files()) == keys | {str(photo.file) for photo in archived.photos.all()}


def test_the_quota_counts_what_is_kept(archived: Job, owner: User) -> None:
    assert quota.usage(owner).bytes == archived.size
    assert archived.size == sum(photo.size for photo in archived.photos.all()) + sum(map(len, KEPT))


def test_only_models_older_than_the_setting_are_due(old: Job, submit: Callable[..., Job], settings: Settings) -> None:
    young = with_files(submit(), *KEPT, *MADE)
    assert archive.run() == 0, "off by default"
    settings.ARCHIVE_DAYS = 30
    assert archive.run() == 1
    assert (Job.objects.get(pk=old.pk).archived_at is None, Job.objects.get(pk=young.pk).archived_at) == (False, None)
    assert archive.run() == 0, "once"


@pytest.mark.parametrize("how", ["published", "shared", "collection", "conversion", "remix", "deleted", "no scene"])
def test_what_others_see_or_what_is_in_use_is_left_alone(
    old: Job, owner: User, how: str, submit: Callable[..., Job]
) -> None:
    if how == "published":
        sharing.publish(old)
    elif how == "shared":
        sharing.share(old)
    elif how == "collection":
        collection = Collection.objects.create(owner=owner, title="Mine")
        CollectionItem.objects.create(collection=collection, job=old, follows_collection=True)
    elif how == "conversion":
        Conversion.objects.create(job=old, format="usdz")
    elif how == "remix":
        Job.objects.filter(pk=submit().pk).update(parent=old)
    elif how == "deleted":
        services.discard(old.pk)
    else:
        old.artifacts.filter(name=files.SCENE).delete()
    assert not archive.due(30).exists()
    assert archive.archive(old.pk) == 0
    assert set(MADE) <= names(old)


def damage_scene(job: Job) -> None:
    path = Path(job.artifacts.get(name=files.SCENE).file.path)
    path.chmod(0o600)
    path.write_bytes(b"damaged")


def test_a_damaged_scene_keeps_the_model_from_being_archived(old: Job) -> None:
    damage_scene(old)
    with pytest.raises(FileNotFoundError):
        archive.archive(old.pk)
    assert set(MADE) <= names(old)


def test_a_damaged_model_does_not_keep_the_others_from_being_archived(
    old: Job, submit: Callable[..., Job], settings: Settings
) -> None:
    damage_scene(old)
    younger = with_files(submit(), *KEPT, *MADE)
    size = younger.size + sum(map(len, (*KEPT, *MADE)))
    Job.objects.filter(pk=younger.pk).update(finished_at=timezone.now() - timedelta(days=30, hours=1), size=size)
    settings.ARCHIVE_DAYS = 30
    assert archive.run() == 1
    assert (names(younger), set(MADE) <= names(old)) == (set(KEPT), True)


def test_the_files_are_made_again_from_the_scene(archived: Job, owner: User, engine: list[Any]) -> None:
    conversion = conversions.request(archived, "stl")
    assert conversion.format == conversions.ALL
    conversion_runner.run(str(conversion.pk))
    [(photos, recipe)] = engine
    assert (photos, recipe) == ([], archived.recipe_object()), "no photo goes through the network"
    archived.refresh_from_db()
    assert archived.archived_at is None
    assert archived.remade_at is not None
    assert names(archived) == {*KEPT, *MADE}
    scene = archived.artifacts.get(name=files.SCENE)
    assert storage.read_whole(str(scene.file), scene.sha256) == files.SCENE.encode(), "what was kept stays as it is"
    assert not Conversion.objects.exists()
    assert not archive.due(30).exists(), "it is not archived again at once"
    stored = sum(photo.size for photo in archived.photos.all()) + sum(row.size for row in archived.artifacts.all())
    assert archived.size == stored == quota.usage(owner).bytes


def test_the_page_offers_to_make_the_files_again(archived: Job, owner: User) -> None:
    client = signed_in(owner)
    page = client.get(archived.get_absolute_url()).content.decode()
    assert "Make the files again" in page
    assert "data-viewer" not in page
    assert "#share" not in page
    assert client.post(f"/jobs/{archived.pk}/remake/").status_code == 302
    assert Conversion.objects.get().format == conversions.ALL
    page = client.get(archived.get_absolute_url()).content.decode()
    assert "data-converting" in page
    assert "Make the files again" not in page


def test_pages_say_that_a_download_is_archived(archived: Job, owner: User) -> None:
    client = signed_in(owner)
    bundle, file = reverse("jobs:bundle", args=[archived.pk]), reverse("jobs:file", args=[archived.pk, files.STL])
    for path in (bundle, f"{file}?download=1"):
        response = client.get(path, follow=True)
        assert response.redirect_chain == [(archived.get_absolute_url(), 302)], path
        assert "This model is archived" in response.content.decode()
    assert client.get(file).status_code == 404
    assert client.get(reverse("jobs:file", args=[archived.pk, files.POSTER])).status_code == 200


def test_an_archived_version_is_not_compared(archived: Job, owner: User, submit: Callable[..., Job]) -> None:
    others = [with_files(submit(), *KEPT, *MADE) for _ in range(2)]
    Job.objects.filter(pk__in=[other.pk for other in others]).update(family=archived.family)
    client = signed_in(owner)
    compare = reverse("jobs:compare", args=[others[0].pk])
    assert compare in client.get(others[0].get_absolute_url()).content.decode()
    assert str(archived.pk) not in client.get(compare).content.decode()
    Job.objects.filter(pk=others[1].pk).delete()
    assert compare not in client.get(others[0].get_absolute_url()).content.decode()
    assert client.get(reverse("jobs:compare", args=[archived.pk])).status_code == 404


def test_a_stranger_sees_nothing_and_starts_nothing(archived: Job, stranger: User) -> None:
    client = signed_in(stranger)
    assert client.get(archived.get_absolute_url()).status_code == 404
    assert client.post(f"/jobs/{archived.pk}/remake/").status_code == 404
    assert api_of(stranger).get(f"/api/v1/jobs/{archived.pk}/files/?format=stl").status_code == 404
    assert not Conversion.objects.exists()


def test_staff_see_it_but_do_not_start_it(archived: Job, staff: User) -> None:
    client = signed_in(staff)
    page = client.get(archived.get_absolute_url()).content.decode()
    assert "Archived" in page
    assert "Make the files again" not in page
    assert client.post(f"/jobs/{archived.pk}/remake/").status_code == 404
    assert archived.title in client.get("/admin/jobs/job/?archived=yes").content.decode()
    assert archived.title not in client.get("/admin/jobs/job/?archived=no").content.decode()
    assert not Conversion.objects.exists()


def test_the_api_says_so_and_makes_the_files_on_request(archived: Job, owner: User) -> None:
    api = api_of(owner)
    assert api.get(f"/api/v1/jobs/{archived.pk}/").data["archived_at"]
    for path in ("archive/", f"files/{files.STL}/"):
        response = api.get(f"/api/v1/jobs/{archived.pk}/{path}")
        assert (response.status_code, response.json()["code"]) == (409, "archived"), path
    assert api.get(f"/api/v1/jobs/{archived.pk}/files/?format=stl").status_code == 202
    assert Conversion.objects.get().format == conversions.ALL


def test_an_archived_model_is_not_shared_before_its_files_are_there(archived: Job) -> None:
    for action in (sharing.share, sharing.publish):
        with pytest.raises(Rejected, match="archived"):
            action(archived)


def test_a_model_with_its_files_is_not_made_again(old: Job, owner: User) -> None:
    signed_in(owner).post(f"/jobs/{old.pk}/remake/")
    assert not Conversion.objects.exists()


def test_above_the_limit_the_oldest_models_are_archived_until_the_rest_fits(
    old: Job, submit: Callable[..., Job], owner: User, settings: Settings
) -> None:
    young = with_files(submit(), *KEPT, *MADE)
    settings.ARCHIVE_DAYS = 365
    Job.objects.filter(pk__in=[old.pk, young.pk]).update(size=quota.MEGABYTE)
    User.objects.filter(pk=owner.pk).update(quota_mb=2)
    assert archive.run() == 0, "within the limit"
    Job.objects.filter(pk=young.pk).update(size=quota.MEGABYTE + 1)
    assert archive.run() == 1
    assert Job.objects.filter(archived_at=None).get() == young


def test_the_command_counts_and_archives(old: Job) -> None:
    out = StringIO()
    call_command("archive", stdout=out)
    assert "nothing is due" in out.getvalue()
    call_command("archive", "--days=30", "--now", stdout=out)
    assert "1 due after 30 days\n1 archived now" in out.getvalue()
    assert Job.objects.get().archived_at is not None


def test_retention_moves_private_jobs_to_the_bin(old: Job, submit: Callable[..., Job], settings: Settings) -> None:
    failed, published = in_state(submit(), State.FAILED), with_files(submit(), *KEPT)
    sharing.publish(published)
    Job.objects.update(finished_at=timezone.now() - timedelta(days=31))
    young = in_state(submit(), State.FAILED)
    assert archive.retire() == 0, "off by default"
    settings.RETENTION_DAYS = 30
    assert archive.retire() == 2
    assert set(Job.objects.in_bin()) == {old, failed}
    assert set(Job.objects.visible()) == {published, young}
