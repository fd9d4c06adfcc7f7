"""Share links, published models, and abuse reports."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from jobs.core import access, services, sharing
from jobs.models import AbuseReport, Artifact, Job, State
from ml import files
from reconsite.core.errors import Rejected
from tests.conftest import in_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(job: Job) -> Job:
    """A finished job of the owner."""
    return in_state(job, State.SUCCEEDED)


def test_a_link_shows_the_job_until_it_is_revoked(finished: Job) -> None:
    token = sharing.share(finished).token
    assert access.job_by_share(token) == finished
    assert sharing.revoke(finished)
    assert not sharing.revoke(finished)
    assert access.job_by_share(token) is None


def test_sharing_again_returns_the_active_link(finished: Job) -> None:
    assert sharing.share(finished) == sharing.share(finished) == sharing.active_link(finished)


def test_a_new_link_differs_from_the_revoked_one(finished: Job) -> None:
    old = sharing.share(finished)
    sharing.revoke(finished)
    new = sharing.share(finished)
    assert new.token != old.token
    assert access.job_by_share(old.token) is None
    assert access.job_by_share(new.token) == finished


@pytest.mark.parametrize("token", ["", "x", "0" * 40, "../etc"])
def test_an_unknown_token_finds_nothing(finished: Job, token: str) -> None:
    sharing.share(finished)
    assert access.job_by_share(token) is None


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.FAILED, State.CANCELLED])
def test_only_a_finished_model_can_be_shared_or_published(job: Job, state: State) -> None:
    in_state(job, state)
    for command in (sharing.share, sharing.publish):
        with pytest.raises(Rejected) as rejected:
            command(job)
        assert rejected.value.code == "wrong_state"


def test_anyone_can_see_a_published_model_until_it_is_unpublished(finished: Job) -> None:
    assert access.job_for_public(finished.pk) is None
    assert sharing.publish(finished)
    assert not sharing.publish(finished)
    assert access.job_for_public(finished.pk) == finished
    assert sharing.unpublish(finished)
    assert not sharing.unpublish(finished)
    assert access.job_for_public(finished.pk) is None


def hide(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(hidden_at=timezone.now())


def ban(job: Job) -> None:
    User.objects.filter(pk=job.owner_id).update(is_active=False)


def delete(job: Job) -> None:
    services.delete(job.pk)


@pytest.mark.parametrize("change", [hide, ban, delete])
def test_models_that_are_hidden_deleted_or_of_banned_owners_are_not_shown(
    finished: Job, change: Callable[[Job], None]
) -> None:
    token = sharing.share(finished).token
    sharing.publish(finished)
    change(finished)
    assert access.job_by_share(token) is None
    assert access.job_for_public(finished.pk) is None
    assert not access.public_jobs().exists()


PRIVATE = [files.INPUT, *files.CUTOUTS, files.SCENE, files.REPORT, "photo.png"]
PUBLIC = [files.GLB, files.OBJ, files.MTL, files.TEXTURE, files.STL, files.VIDEO, files.POSTER, files.PREVIEW]


@pytest.mark.parametrize(
    ("names", "shown"), [(PRIVATE, False), ([*PUBLIC, files.SPRITE, files.frame_name(0), files.frame_name(29)], True)]
)
def test_strangers_can_download_the_model_but_never_the_photo(finished: Job, names: list[str], shown: bool) -> None:
    rows = [Artifact(job=finished, name=name, file=f"jobs/x/{name}", size=1, sha256="0") for name in names]
    Artifact.objects.bulk_create(rows)
    assert {artifact.name for artifact in access.public_files(finished)} == (set(names) if shown else set())
    for name in names:
        assert (access.public_file(finished, name) is not None) is shown


def test_anyone_can_report_a_model_and_a_second_report_joins_the_first(finished: Job, stranger: User) -> None:
    first = sharing.report(finished, stranger, "copyright", "  Mine. ")
    assert (first.reason, first.text, first.reporter) == ("copyright", "Mine.", stranger)
    assert sharing.report(finished, stranger, "other") == first
    sharing.report(finished, None, "offensive")
    assert AbuseReport.objects.count() == 2


def test_an_unknown_reason_is_an_error(finished: Job) -> None:
    with pytest.raises(ValueError, match="boring"):
        sharing.report(finished, None, "boring")
    assert not AbuseReport.objects.exists()
