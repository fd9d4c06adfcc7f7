"""What people published, through the API: everybody looks, nobody sees more than that."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.throttling import ScopedRateThrottle

from accounts.models import User
from jobs.core import sharing, tagging
from jobs.models import AbuseReport, Job
from ml import files
from tests.conftest import api_of, with_files

pytestmark = pytest.mark.django_db

EXPLORE = "/api/v1/explore/"
KINDS = (files.GLB, files.POSTER, files.CUTOUT, files.INPUT, files.SCENE, files.REPORT)


@pytest.fixture
def published(submit: Callable[..., Job]) -> Job:
    """A published model of the owner, tagged."""
    job = with_files(submit(), *KINDS)
    tagging.set_tags(job, ["home"])
    sharing.publish(job)
    return job


def one(job: Job, act: str = "") -> str:
    return f"{EXPLORE}{job.pk}/{act}"


def test_everybody_sees_what_is_published(published: Job, stranger: User, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(display_name="Ada")
    for user in (None, stranger, owner):
        (shown,) = api_of(user).get(EXPLORE).data["results"]
        assert (shown["title"], shown["author"], shown["tags"]) == ("Lamp", "Ada", ["home"])
        assert api_of(user).get(one(published)).data == shown


def test_it_tells_nothing_of_the_owner_but_the_chosen_name(published: Job, owner: User) -> None:
    text = api_of(None).get(one(published)).content.decode()
    assert owner.email not in text
    assert owner.username not in text


def test_strangers_get_the_model_and_never_the_photo(published: Job) -> None:
    listed = api_of(None).get(one(published, "files/")).data
    assert {each["name"] for each in listed} == {files.GLB, files.POSTER}
    assert [api_of(None).get(each["url"]).status_code for each in listed] == [200, 200]
    for name in (*KINDS[2:], "photo.png"):
        assert api_of(None).get(one(published, f"files/{name}/")).status_code == 404


def unpublish(job: Job) -> None:
    sharing.unpublish(job)


def hide(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(hidden_at=timezone.now())


def ban(job: Job) -> None:
    User.objects.filter(pk=job.owner_id).update(is_active=False)


@pytest.mark.parametrize("happens", [unpublish, hide, ban])
def test_what_is_taken_back_or_hidden_is_404_for_all(
    published: Job, staff: User, happens: Callable[[Job], None]
) -> None:
    happens(published)
    for user in (None, staff):
        assert api_of(user).get(EXPLORE).data["results"] == []
        for act in ("", "files/", f"files/{files.GLB}/"):
            assert api_of(user).get(one(published, act)).status_code == 404
        assert api_of(user).post(one(published, "report/"), {"reason": "other"}).status_code == 404


def test_an_unpublished_job_is_no_wider_open_to_its_owner(job: Job, owner: User) -> None:
    assert api_of(owner).get(one(job)).status_code == 404


@pytest.mark.parametrize(("query", "count"), [("q=lamp", 1), ("q=chair", 0), ("tag=home", 1), ("tag=hom", 0)])
def test_it_is_searched(published: Job, query: str, count: int) -> None:
    assert api_of(None).get(f"{EXPLORE}?{query}").data["count"] == count


def test_it_costs_the_same_for_one_and_for_many(
    submit: Callable[..., Job], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        sharing.publish(with_files(submit(), files.GLB))
    with django_assert_num_queries(4):
        assert api_of(None).get(EXPLORE).data["count"] == 5


def test_nothing_is_changed_through_this_door(published: Job, owner: User) -> None:
    for method in ("put", "patch", "delete"):
        assert getattr(api_of(owner), method)(one(published), {"title": "x"}).status_code == 405


def test_anybody_may_report(published: Job, stranger: User) -> None:
    for user in (None, stranger):
        answer = api_of(user).post(one(published, "report/"), {"reason": "copyright", "text": "Mine."})
        assert (answer.status_code, answer.data) == (201, {"reason": "copyright", "text": "Mine."})
    assert {report.reporter for report in AbuseReport.objects.all()} == {None, stranger}


@pytest.mark.parametrize("said", [{}, {"reason": "boring"}, {"reason": "other", "text": "x" * 1001}])
def test_a_report_without_a_good_reason_is_refused(published: Job, said: dict[str, str]) -> None:
    assert api_of(None).post(one(published, "report/"), said).status_code == 400
    assert not AbuseReport.objects.exists()


def test_reports_are_not_taken_without_end(published: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"report": "2/hour"})
    asked = [
        api_of(None).post(reverse("api:explore-report", args=[published.pk]), {"reason": "other"}) for _ in range(3)
    ]
    assert [answer.status_code for answer in asked] == [201, 201, 429]
