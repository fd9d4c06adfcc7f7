"""The list of jobs in the API: filters, paging, sparse fields, 304, and how many queries it needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from jobs.core import services, sharing, tagging, worker_heartbeat
from jobs.models import Job, State
from tests.conftest import api_of, in_state, make_user
from tests.jobs.models import create_models

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"


def titles(owner: User, query: str) -> list[str]:
    return [job["title"] for job in api_of(owner).get(f"{JOBS}?{query}").data["results"]]


def time(minutes: float) -> str:
    """So many minutes from now, as a parameter."""
    return quote((timezone.now() + timedelta(minutes=minutes)).isoformat())


def test_the_list_is_filtered_by_times(owner: User) -> None:
    create_models(owner, 3)  # created now, a minute ago, and another minute ago
    assert titles(owner, f"created_after={time(-1.5)}") == ["Model 00000", "Model 00001"]
    assert titles(owner, f"created_before={time(-0.5)}&created_after={time(-1.5)}") == ["Model 00001"]


CHANGES: list[Callable[[Job], object]] = [
    lambda job: services.rename(job, "Other"),
    lambda job: services.cancel(job.pk),
    lambda job: tagging.set_tags(job, ["red"]),
    lambda job: in_state(job, State.RUNNING),
    lambda job: sharing.publish(in_state(job, State.SUCCEEDED)),
    lambda job: sharing.share(in_state(job, State.SUCCEEDED)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_counts_for_updated_since(job: Job, owner: User, change: Callable[[Job], object]) -> None:
    Job.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    assert titles(owner, f"updated_since={time(-30)}") == []
    change(job)
    assert len(titles(owner, f"updated_since={time(-30)}")) == 1


def test_the_list_is_filtered_by_parent(job: Job, owner: User) -> None:
    create_models(owner, 1, parent=job)
    assert titles(owner, f"parent={job.pk}") == ["Model 00000"]


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "created_after=yesterday",
        "parent=1",
        "page=0",
        "page_size=101",
        "fields=id,owner",
        "cursor=%C3%A9",
        "cursor=cD1mb28%3D",  # a position that is no time
        "page=1&cursor=",
    ],
)
@pytest.mark.usefixtures("job")
def test_an_unknown_or_odd_parameter_is_rejected_by_name(owner: User, query: str) -> None:
    response = api_of(owner).get(f"{JOBS}?{query}")
    assert (response.status_code, response.data["errors"][0]["attr"]) == (400, query.split("&")[-1].split("=")[0])


@pytest.mark.parametrize("sort", ["newest", "oldest", "title", "largest"])
def test_cursors_lead_through_the_whole_list_and_back(owner: User, sort: str) -> None:
    create_models(owner, 7)
    for size, job in enumerate(Job.objects.all()):
        Job.objects.filter(pk=job.pk).update(size=size)
    pages, url = [], f"{JOBS}?page_size=3&sort={sort}"
    while url:
        page = api_of(owner).get(url).data
        pages.append([job["title"] for job in page["results"]])
        url, back = page["next"], page["previous"]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [title for page in pages for title in page] == titles(owner, f"page_size=7&page=1&sort={sort}")
    assert [job["title"] for job in api_of(owner).get(back).data["results"]] == pages[1]


def test_a_cursor_skips_nothing_when_a_job_is_deleted_meanwhile(owner: User) -> None:
    create_models(owner, 4)
    first = api_of(owner).get(f"{JOBS}?page_size=2").data
    services.delete(first["results"][0]["id"])
    assert [job["title"] for job in api_of(owner).get(first["next"]).data["results"]] == ["Model 00002", "Model 00003"]


def test_page_numbers_keep_working(owner: User) -> None:
    create_models(owner, 5)
    page = api_of(owner).get(f"{JOBS}?page=2&page_size=2").data
    assert (page["count"], len(page["results"])) == (5, 2)
    assert "page=3" in page["next"]
    assert api_of(owner).get(f"{JOBS}?page=9").status_code == 404


def test_only_the_named_fields_are_sent(job: Job, owner: User) -> None:
    assert api_of(owner).get(f"{JOBS}?fields=id,state").data["results"] == [{"id": str(job.pk), "state": "queued"}]
    assert api_of(owner).get(f"{JOBS}{job.pk}/?fields=progress").data == {"progress": 0.0}


def test_an_unchanged_list_or_job_is_not_sent_again(job: Job, owner: User) -> None:
    for url in (JOBS, f"{JOBS}{job.pk}/"):
        first = api_of(owner).get(url)
        again = api_of(owner).get(url, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    services.rename(job, "Other")
    assert api_of(owner).get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_an_unfinished_job_says_when_to_ask_again(job: Job, owner: User) -> None:
    assert api_of(owner).get(f"{JOBS}{job.pk}/")["Retry-After"] == "5"
    in_state(job, State.RUNNING)
    assert api_of(owner).get(f"{JOBS}{job.pk}/")["Retry-After"] == "2"
    services.cancel(job.pk)
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLED, finished_at=timezone.now(), lease_token=None)
    assert not api_of(owner).get(f"{JOBS}{job.pk}/").has_header("Retry-After")


def test_the_time_that_is_left_counts_wait_and_progress(submit: Callable[..., Job], owner: User) -> None:
    done = in_state(submit(), State.SUCCEEDED)
    started = timezone.now()
    Job.objects.filter(pk=done.pk).update(started_at=started, finished_at=started + timedelta(seconds=40))
    first, second = submit(), submit()

    def etas() -> list[Any]:
        jobs = {job["id"]: job["eta_seconds"] for job in api_of(owner).get(JOBS).data["results"]}
        detail = api_of(owner).get(f"{JOBS}{second.pk}/").data["eta_seconds"]
        assert jobs[str(second.pk)] == detail
        return [jobs[str(job.pk)] for job in (done, first, second)]

    assert etas() == [None, None, None]  # no worker is online
    worker_heartbeat.record("a")
    assert etas() == [None, 40.0, 80.0]
    in_state(first, State.RUNNING)
    Job.objects.filter(pk=first.pk).update(progress=0.75)
    assert etas() == [None, 10.0, 40.0]


def test_links_say_what_can_be_done_now(job: Job, owner: User) -> None:
    def possible() -> set[str]:
        links = api_of(owner).get(f"{JOBS}{job.pk}/").data["links"]
        return {name for name in ("cancel", "retry", "remix") if links[name]}

    assert possible() == {"cancel"}
    in_state(job, State.FAILED)
    assert possible() == {"retry"}


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.SUCCEEDED])
def test_fifty_jobs_need_as_many_queries_as_one(
    owner: User, submit: Callable[..., Job], settings: Any, state: State
) -> None:
    settings.MAX_ACTIVE_JOBS = 100
    counts = []
    for count in (1, 49):
        for _ in range(count):
            in_state(submit(), state)
        api_of(owner).get(JOBS)  # measures the estimate
        with CaptureQueriesContext(connection) as queries:
            assert len(api_of(owner).get(f"{JOBS}?page_size=100").data["results"]) in (1, 50)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


def bulk(user: User | None, *jobs: Job, action: str, **more: Any) -> Any:
    return api_of(user).post(f"{JOBS}bulk/", {"action": action, "ids": [str(job.pk) for job in jobs], **more})


def test_a_bulk_action_has_a_result_for_each_job(owner: User, stranger: User, submit: Callable[..., Job]) -> None:
    queued, done, other = submit(), in_state(submit(), State.SUCCEEDED), submit(stranger)
    response = bulk(owner, queued, done, other, action="publish")
    results = response.data["results"]
    assert [result["status"] for result in results] == [409, 200, 404]
    assert [result["code"] for result in results] == ["wrong_state", None, "not_found"]
    done.refresh_from_db()
    assert done.published_at
    assert [result["status"] for result in bulk(owner, done, action="unpublish").data["results"]] == [200]


def test_bulk_deletes_only_ones_own_jobs(owner: User, stranger: User, submit: Callable[..., Job]) -> None:
    mine, other = submit(), submit(stranger)
    assert [result["status"] for result in bulk(owner, mine, other, action="delete").data["results"]] == [200, 404]
    assert list(Job.objects.visible()) == [other]


def test_bulk_adds_and_removes_tags(owner: User, submit: Callable[..., Job]) -> None:
    job = submit()
    tagging.set_tags(job, ["home"])
    bulk(owner, job, action="tag", tags=["Red", "home"])
    assert tagging.names_of(job) == ["home", "red"]
    bulk(owner, job, action="untag", tags=["home"])
    assert tagging.names_of(job) == ["red"]
    assert bulk(owner, job, action="tag", tags=["x" * 31]).data["results"][0]["code"] == "tag_too_long"


@pytest.mark.parametrize("body", [{"action": "burn"}, {"action": "tag"}, {"action": "delete", "ids": []}, {}])
def test_an_odd_bulk_request_is_rejected(job: Job, owner: User, body: dict[str, Any]) -> None:
    assert api_of(owner).post(f"{JOBS}bulk/", {"ids": [str(job.pk)], **body}).status_code == 400


def test_bulk_needs_an_account(job: Job) -> None:
    assert bulk(None, job, action="delete").status_code == 401
    assert bulk(make_user("other", is_staff=True), job, action="delete").data["results"][0]["status"] == 404


def test_retry_can_change_settings(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    response = api_of(owner).post(f"{JOBS}{job.pk}/retry/", {"quality": "standard", "mask": "remove"})
    assert (response.status_code, response.data["quality"], response.data["recipe"]["mask"]) == (
        200,
        "standard",
        "remove",
    )


@pytest.mark.parametrize("wrong", [{"quality": "best"}, {"sides": ["front", "back"]}, {"photo": "x"}])
def test_retry_rejects_odd_settings(job: Job, owner: User, wrong: dict[str, Any]) -> None:
    in_state(job, State.FAILED)
    assert api_of(owner).post(f"{JOBS}{job.pk}/retry/", wrong).status_code == 400
    job.refresh_from_db()
    assert job.state == State.FAILED


def test_a_remix_that_is_retried_keeps_its_scene(submit: Callable[..., Job], owner: User) -> None:
    from ml import files
    from tests.conftest import with_files

    parent = with_files(submit(engine="compact"), files.SCENE)
    child = in_state(services.remix(parent, parent.recipe_object()).job, State.FAILED)
    recipe = api_of(owner).post(f"{JOBS}{child.pk}/retry/", {"engine": "triposr", "faces": 900}).data["recipe"]
    assert (recipe["engine"], recipe["faces"]) == ("compact", 900)


def test_settings_can_be_sent_as_one_json_object(owner: User, photo: bytes) -> None:
    from tests.jobs.api.test_jobs import upload

    response = upload(owner, photo, recipe='{"faces": 700, "quality": "high", "formats": ["stl"]}')
    recipe = response.data["recipe"]
    assert (recipe["faces"], recipe["quality"], recipe["formats"]) == (700, "draft", ["stl"])
    for wrong in ("{", "[]", '{"colour": 1}', '{"faces": 1}'):
        assert upload(owner, photo, recipe=wrong).data["errors"][0]["attr"] == "recipe"
