"""The page that shows two versions of a model beside each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from jobs.core import services
from jobs.models import Job
from ml.recipe import Recipe
from tests.conftest import encoded, picture, signed_in
from tests.jobs.models import REPORT, finish

pytestmark = pytest.mark.django_db


def with_report(job: Job, share: float, photos: int) -> Job:
    """The finished job, with this share of its surface predicted, from so many photos."""
    finish(job)
    shots = list(REPORT["shots"]) * photos
    Job.objects.filter(pk=job.pk).update(report=REPORT | {"unseen": {"share": share, "sides": {}}, "shots": shots})
    job.refresh_from_db()
    return job


@pytest.fixture
def first(submit: Callable[..., Job]) -> Job:
    """A lamp from one photo, of which 48 % is predicted."""
    return with_report(submit(title="Lamp"), 0.48, photos=1)


@pytest.fixture
def second(first: Job, photo: bytes) -> Job:
    """The lamp made again with a second photo: 21 % is predicted."""
    photos = [(photo, "front.png"), (encoded(picture(180)), "back.png")]
    return with_report(services.submit(first.owner, photos, Recipe(quality="draft"), again=first).job, 0.21, photos=2)


def compare(user: User | None, job: Job, query: str = "") -> str:
    response = signed_in(user).get(f"{job.get_absolute_url()}compare/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_says_what_the_second_photo_gained(first: Job, second: Job, owner: User) -> None:
    for job in (first, second):
        html = compare(owner, job)
        assert "With 2 photos instead of 1, 48% of the surface was predicted before, 21% is now: 27% more" in html
        assert html.index("Version 1</a>") < html.index("Version 2</a>"), "the earlier one stands at the left"


def test_versions_without_a_gain_promise_none(first: Job, owner: User) -> None:
    with_report(services.remix(first, Recipe()).job, 0.48, photos=1)
    html = compare(owner, first)
    assert "Turn one of them and the other turns too" in html
    assert "more is seen" not in html


def test_the_other_version_is_chosen_in_the_address(first: Job, second: Job, owner: User) -> None:
    third = with_report(services.remix(second, Recipe()).job, 0.2, photos=2)
    assert "Version 2</a>" in compare(owner, third), "the one before it"
    html = compare(owner, third, f"?with={first.pk}")
    assert "Version 1</a>" in html
    assert "Version 2</a>" not in html
    assert "Version 2</a>" in compare(owner, third, "?with=nonsense")


def test_a_model_alone_has_nothing_to_compare(first: Job, owner: User) -> None:
    path = f"{first.get_absolute_url()}compare/"
    assert signed_in(owner).get(path).status_code == 404
    services.remix(first, Recipe())  # still queued
    assert signed_in(owner).get(path).status_code == 404


def test_only_owner_and_moderators_compare(first: Job, second: Job, stranger: User, staff: User) -> None:
    assert "Version 2</a>" in compare(staff, first)
    assert signed_in(stranger).get(f"{first.get_absolute_url()}compare/").status_code == 404
    assert Client().get(f"{first.get_absolute_url()}compare/").status_code == 302


def test_a_version_of_another_person_is_not_compared(
    first: Job, second: Job, submit: Callable[..., Job], stranger: User, owner: User
) -> None:
    foreign = with_report(submit(stranger, title="Foreign"), 0.1, photos=1)
    assert str(foreign.pk) not in compare(owner, first, f"?with={foreign.pk}")


def test_pages_and_cards_name_the_version(first: Job, second: Job, owner: User) -> None:
    browser = signed_in(owner)
    html = browser.get(second.get_absolute_url()).content.decode()
    assert "Version 2</p>" in html
    assert f'href="{second.get_absolute_url()}compare/"' in html
    assert first.get_absolute_url() in html
    assert "version 2</p>" in browser.get("/models/").content.decode()
    assert "version 2</span>" in browser.get("/jobs/").content.decode()


def test_make_again_makes_the_next_version(first: Job, owner: User, photo: bytes) -> None:
    browser = signed_in(owner)
    assert f'value="{first.pk}"' in browser.get(f"/new/?again={first.pk}").content.decode()
    browser.post("/new/", {"photo": SimpleUploadedFile("lamp.png", photo), "again": str(first.pk)})
    newest = Job.objects.latest("created_at")
    assert (newest.family, newest.version, newest.title) == (first.family, 2, "Lamp")


def test_nobody_adds_a_version_to_the_model_of_another(first: Job, stranger: User, photo: bytes) -> None:
    signed_in(stranger).post("/new/", {"photo": SimpleUploadedFile("lamp.png", photo), "again": str(first.pk)})
    newest = Job.objects.get(owner=stranger)
    assert newest.family != first.family
