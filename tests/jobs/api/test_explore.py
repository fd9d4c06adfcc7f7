"""Published models in the API: open to everyone, and nothing private."""

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
    """A published, tagged model of the owner."""
    job = with_files(submit(), *KINDS)
    tagging.set_tags(job, ["home"])
    sharing.publish(job)
    return job


def job_url(job: Job, path: str = "") -> str:
    return f"{EXPLORE}{job.pk}/{path}"


def test_everyone_sees_published_models(published: Job, stranger: User, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(display_name="Ada")
    for user in (None, stranger, owner):
        (listed_job,) = api_of(user).get(EXPLORE).data["results"]
        assert (listed_job["title"], listed_job["author"], listed_job["tags"]) == ("Lamp", "Ada", ["home"])
        assert api_of(user).get(job_url(published)).data == listed_job


def test_only_the_owners_display_name_is_shown(published: Job, owner: User) -> None:
    text = api_of(None).get(job_url(published)).content.decode()
    assert owner.email not in text
    assert owner.username not in text


def test_visitors_get_the_model_but_never_the_photo(published: Job) -> None:
    listed = api_of(None).get(job_url(published, "files/")).data
    assert {file["name"] for file in listed} == {files.GLB, files.POSTER}
    assert [api_of(None).get(file["url"]).status_code for file in listed] == [200, 200]
    for name in (*KINDS[2:], "photo.png"):
        assert api_of(None).get(job_url(published, f"files/{name}/")).status_code == 404


def unpublish(job: Job) -> None:
    sharing.unpublish(job)


def hide(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(hidden_at=timezone.now())


def ban(job: Job) -> None:
    User.objects.filter(pk=job.owner_id).update(is_active=False)


@pytest.mark.parametrize("happens", [unpublish, hide, ban])
def test_a_withdrawn_or_hidden_model_is_404_for_everyone(
    published: Job, staff: User, happens: Callable[[Job], None]
) -> None:
    happens(published)
    for user in (None, staff):
        assert api_of(user).get(EXPLORE).data["results"] == []
        for path in ("", "files/", f"files/{files.GLB}/"):
            assert api_of(user).get(job_url(published, path)).status_code == 404
        assert api_of(user).post(job_url(published, "report/"), {"reason": "other"}).status_code == 404


def test_an_unpublished_job_is_404_even_for_its_owner(job: Job, owner: User) -> None:
    assert api_of(owner).get(job_url(job)).status_code == 404


@pytest.mark.parametrize(("query", "count"), [("q=lamp", 1), ("q=chair", 0), ("tag=home", 1), ("tag=hom", 0)])
def test_the_list_can_be_searched(published: Job, query: str, count: int) -> None:
    assert api_of(None).get(f"{EXPLORE}?{query}").data["count"] == count


def test_the_list_needs_a_constant_number_of_queries(
    submit: Callable[..., Job], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        sharing.publish(with_files(submit(), files.GLB))
    with django_assert_num_queries(4):
        assert api_of(None).get(EXPLORE).data["count"] == 5


def test_published_models_are_read_only(published: Job, owner: User) -> None:
    for method in ("put", "patch", "delete"):
        assert getattr(api_of(owner), method)(job_url(published), {"title": "x"}).status_code == 405


def test_anyone_can_report_through_the_api(published: Job, stranger: User) -> None:
    for user in (None, stranger):
        response = api_of(user).post(job_url(published, "report/"), {"reason": "copyright", "text": "Mine."})
        assert (response.status_code, response.data) == (201, {"reason": "copyright", "text": "Mine."})
    assert {report.reporter for report in AbuseReport.objects.all()} == {None, stranger}


@pytest.mark.parametrize("form", [{}, {"reason": "boring"}, {"reason": "other", "text": "x" * 1001}])
def test_an_invalid_report_is_rejected_by_the_api(published: Job, form: dict[str, str]) -> None:
    assert api_of(None).post(job_url(published, "report/"), form).status_code == 400
    assert not AbuseReport.objects.exists()


def test_reports_are_rate_limited(published: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"report": "2/hour"})
    responses = [
        api_of(None).post(reverse("api:explore-report", args=[published.pk]), {"reason": "other"}) for _ in range(3)
    ]
    assert [response.status_code for response in responses] == [201, 201, 429]
