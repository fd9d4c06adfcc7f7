"""A link for those who have it, a publication for everybody, and complaints about either."""

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
    """A result of the owner."""
    return in_state(job, State.SUCCEEDED)


def test_a_link_shows_the_job_until_it_is_revoked(finished: Job) -> None:
    token = sharing.share(finished).token
    assert access.job_by_share(token) == finished
    assert sharing.revoke(finished)
    assert not sharing.revoke(finished)
    assert access.job_by_share(token) is None


def test_sharing_again_gives_the_open_link(finished: Job) -> None:
    assert sharing.share(finished) == sharing.share(finished) == sharing.active_link(finished)


def test_a_new_link_after_a_revoked_one_is_another(finished: Job) -> None:
    old = sharing.share(finished)
    sharing.revoke(finished)
    new = sharing.share(finished)
    assert new.token != old.token
    assert access.job_by_share(old.token) is None
    assert access.job_by_share(new.token) == finished


@pytest.mark.parametrize("token", ["", "x", "0" * 40, "../etc"])
def test_a_made_up_token_opens_nothing(finished: Job, token: str) -> None:
    sharing.share(finished)
    assert access.job_by_share(token) is None


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.FAILED, State.CANCELLED])
def test_only_a_finished_model_is_shown_to_others(job: Job, state: State) -> None:
    in_state(job, state)
    for verb in (sharing.share, sharing.publish):
        with pytest.raises(Rejected) as refusal:
            verb(job)
        assert refusal.value.code == "wrong_state"


def test_what_is_published_everybody_sees_until_it_is_taken_back(finished: Job) -> None:
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


@pytest.mark.parametrize("happens", [hide, ban, delete])
def test_hidden_deleted_and_banned_peoples_models_vanish(finished: Job, happens: Callable[[Job], None]) -> None:
    token = sharing.share(finished).token
    sharing.publish(finished)
    happens(finished)
    assert access.job_by_share(token) is None
    assert access.job_for_public(finished.pk) is None
    assert not access.public_jobs().exists()


PRIVATE = [files.INPUT, *files.CUTOUTS, files.SCENE, files.REPORT, "photo.png"]
PUBLIC = [files.GLB, files.OBJ, files.MTL, files.TEXTURE, files.STL, files.VIDEO, files.POSTER, files.PREVIEW]


@pytest.mark.parametrize(
    ("names", "shown"), [(PRIVATE, False), ([*PUBLIC, files.SPRITE, files.frame_name(0), files.frame_name(29)], True)]
)
def test_strangers_get_the_model_and_never_the_photo(finished: Job, names: list[str], shown: bool) -> None:
    rows = [Artifact(job=finished, name=name, file=f"jobs/x/{name}", size=1, sha256="0") for name in names]
    Artifact.objects.bulk_create(rows)
    assert {artifact.name for artifact in access.public_files(finished)} == (set(names) if shown else set())
    for name in names:
        assert (access.public_file(finished, name) is not None) is shown


def test_anybody_may_complain_and_who_has_complained_adds_no_second_report(finished: Job, stranger: User) -> None:
    first = sharing.report(finished, stranger, "copyright", "  Mine. ")
    assert (first.reason, first.text, first.reporter) == ("copyright", "Mine.", stranger)
    assert sharing.report(finished, stranger, "other") == first
    sharing.report(finished, None, "offensive")
    assert AbuseReport.objects.count() == 2


def test_a_made_up_reason_is_no_report(finished: Job) -> None:
    with pytest.raises(ValueError, match="boring"):
        sharing.report(finished, None, "boring")
    assert not AbuseReport.objects.exists()
