"""The bin in the API."""

from __future__ import annotations

import pytest

from accounts.models import User
from jobs.core import services
from jobs.models import Job
from tests.conftest import api_of
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db
BIN = "/api/v1/bin/"


@pytest.fixture
def discarded(job: Job) -> Job:
    """A finished job that its owner has deleted."""
    finish(job)
    services.discard(job.pk)
    return job


def test_a_deleted_job_is_listed_with_the_time_at_which_it_goes(job: Job, owner: User) -> None:
    assert api_of(owner).delete(f"/api/v1/jobs/{job.pk}/").status_code == 204
    (entry,) = api_of(owner).get(BIN).data["results"]
    assert (entry["id"], entry["title"], entry["state"]) == (str(job.pk), "Lamp", "cancelled")
    assert entry["purge_at"] > entry["deleted_at"]


def test_a_bulk_deletion_moves_jobs_to_the_bin(job: Job, owner: User) -> None:
    api_of(owner).post("/api/v1/jobs/bulk/", {"action": "delete", "ids": [str(job.pk)]})
    assert api_of(owner).get(BIN).data["count"] == 1


def test_it_is_restored(discarded: Job, owner: User) -> None:
    response = api_of(owner).post(f"{BIN}{discarded.pk}/restore/")
    assert (response.status_code, response.data["id"]) == (200, str(discarded.pk))
    assert api_of(owner).get(f"/api/v1/jobs/{discarded.pk}/").status_code == 200
    assert api_of(owner).post(f"{BIN}{discarded.pk}/restore/").status_code == 404


def test_one_or_all_are_deleted_for_good(discarded: Job, owner: User) -> None:
    assert api_of(owner).delete(f"{BIN}{discarded.pk}/").status_code == 204
    assert api_of(owner).delete(f"{BIN}{discarded.pk}/").status_code == 404
    assert not Job.objects.exists()


def test_emptying_deletes_only_your_own(discarded: Job, owner: User, stranger: User) -> None:
    assert api_of(stranger).post(f"{BIN}empty/").status_code == 204
    assert Job.objects.exists()
    assert api_of(owner).post(f"{BIN}empty/").status_code == 204
    assert not Job.objects.exists()


@pytest.mark.parametrize(("method", "path"), [("post", "restore/"), ("delete", "")])
def test_a_stranger_finds_nothing(discarded: Job, stranger: User, method: str, path: str) -> None:
    assert getattr(api_of(stranger), method)(f"{BIN}{discarded.pk}/{path}").status_code == 404
    assert api_of(stranger).get(BIN).data["count"] == 0


def test_the_account_says_how_much_of_the_storage_is_in_the_bin(discarded: Job, owner: User) -> None:
    storage = api_of(owner).get("/api/v1/account/").data["storage"]
    assert storage["bin"] == storage["used"] > 0
