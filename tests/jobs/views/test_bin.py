"""The page of the bin, and the notice with which a deletion is undone."""

from __future__ import annotations

import pytest

from accounts.models import User
from jobs.core import services, sharing
from jobs.models import Job
from ml.files import GLB
from tests.conftest import signed_in
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db
PAGE = "/models/bin/"


@pytest.fixture
def discarded(job: Job) -> Job:
    """A finished job that its owner has deleted."""
    finish(job)
    services.discard(job.pk)
    return job


def test_a_deletion_can_be_undone_from_its_notice(job: Job, owner: User) -> None:
    finish(job)
    client = signed_in(owner)
    page = client.post(f"/jobs/{job.pk}/delete/", follow=True).content.decode()
    assert "moved to the bin" in page
    assert f'name="job" value="{job.pk}"' in page
    page = client.post(f"{PAGE}restore/", {"job": str(job.pk)}, follow=True).content.decode()
    assert "“Lamp” restored." in page
    assert client.get(f"/jobs/{job.pk}/").status_code == 200


def test_it_shows_until_when_and_how_much_storage(discarded: Job, owner: User) -> None:
    page = signed_in(owner).get(PAGE).content.decode()
    assert "Gone in 6" in page
    assert "The bin uses" in page
    assert "in the bin" in signed_in(owner).get("/accounts/profile/").content.decode()
    assert "1 model in the bin" in signed_in(owner).get("/models/").content.decode()


def test_deleting_for_good_asks_first(discarded: Job, owner: User) -> None:
    client = signed_in(owner)
    assert "Delete permanently?" in client.post(f"{PAGE}delete/", {"job": str(discarded.pk)}).content.decode()
    assert Job.objects.exists()
    client.post(f"{PAGE}delete/", {"job": str(discarded.pk), "confirmed": "yes"})
    assert not Job.objects.exists()


def test_it_is_emptied_after_a_question(discarded: Job, owner: User) -> None:
    client = signed_in(owner)
    assert "Empty the bin?" in client.post(f"{PAGE}delete/", {"everything": "yes"}).content.decode()
    client.post(f"{PAGE}delete/", {"everything": "yes", "confirmed": "yes"})
    assert not Job.objects.exists()


def test_a_stranger_can_neither_restore_nor_delete(discarded: Job, stranger: User) -> None:
    client = signed_in(stranger)
    client.post(f"{PAGE}restore/", {"job": str(discarded.pk)})
    client.post(f"{PAGE}delete/", {"job": str(discarded.pk), "confirmed": "yes"})
    client.post(f"{PAGE}delete/", {"everything": "yes", "confirmed": "yes"})
    assert Job.objects.get().deleted_at is not None


def test_only_the_poster_is_served_and_only_to_the_owner(discarded: Job, owner: User, stranger: User) -> None:
    assert signed_in(owner).get(f"{PAGE}{discarded.pk}/poster.webp").status_code == 200
    assert signed_in(stranger).get(f"{PAGE}{discarded.pk}/poster.webp").status_code == 404
    assert signed_in(owner).get(f"/jobs/{discarded.pk}/files/{GLB}").status_code == 404


def test_links_do_not_lead_into_the_bin(job: Job, owner: User) -> None:
    finish(job)
    link = sharing.share(job).get_absolute_url()
    sharing.publish(job)
    services.discard(job.pk)
    paths = [link, f"{link}embed/", f"{link}files.zip", f"{link}files/{GLB}", f"/explore/{job.pk}/"]
    paths += [f"/explore/{job.pk}/files/{GLB}", f"/explore/{job.pk}/embed/", f"/explore/{job.pk}/picture.jpg"]
    assert {signed_in(None).get(path).status_code for path in paths} == {404}
