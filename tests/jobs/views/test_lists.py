"""Gallery and history: finding one's models again among thousands, and acts on several."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from jobs.core import sharing, tagging
from jobs.models import Artifact, Job, State
from jobs.views.lists import GALLERY_PAGE_SIZE
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db

GALLERY, HISTORY, BULK = "/models/", "/jobs/", "/models/bulk/"


@pytest.fixture
def browser(owner: User) -> Client:
    """The owner's, after a first visit."""
    client = signed_in(owner)
    client.get(GALLERY)
    return client


@pytest.fixture
def finished(submit: Callable[..., Job], settings: Settings) -> Callable[..., Job]:
    """A finished model: `finished("Lamp", "red, small")`."""
    settings.MAX_ACTIVE_JOBS = 100

    def call(title: str, tags: str = "", **more: object) -> Job:
        job = in_state(submit(title=title, **more), State.SUCCEEDED)
        tagging.set_tags(job, [tags])
        return job

    return call


def titles(client: Client, address: str) -> list[str]:
    """Of the cards or rows, in their order."""
    html = client.get(address).content.decode()
    return re.findall(r'<h2><a href="/(?:jobs|explore)/[0-9a-f-]{36}/"[^>]*>(.*?)</a></h2>', html)


def many(owner: User, count: int, **more: object) -> None:
    """Finished models without files, the first the newest."""
    now = timezone.now()
    rows = (
        Job(
            owner=owner,
            title=f"Model {n:05}",
            state=State.SUCCEEDED,
            finished_at=now,
            **more,
            created_at=now - timedelta(minutes=n),
        )
        for n in range(count)
    )
    Job.objects.bulk_create(rows, batch_size=2000)


def test_a_word_finds_titles_and_tags(browser: Client, finished: Callable[..., Job]) -> None:
    finished("Red lamp")
    finished("Chair", "lamp-like")
    finished("Table")
    assert titles(browser, f"{GALLERY}?q=LAMP") == ["Chair", "Red lamp"]


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("newest", ["b", "C", "a"]),
        ("oldest", ["a", "C", "b"]),
        ("title", ["a", "b", "C"]),
        ("nonsense", ["b", "C", "a"]),
    ],
)
def test_models_come_in_the_order_asked_for(
    browser: Client, finished: Callable[..., Job], sort: str, wanted: list[str]
) -> None:
    for title in ("a", "C", "b"):
        finished(title)
    assert titles(browser, f"{GALLERY}?sort={sort}") == wanted


def test_a_tag_narrows_the_gallery_and_is_kept_by_the_search(browser: Client, finished: Callable[..., Job]) -> None:
    finished("Lamp", "home")
    finished("Rocket", "space")
    assert titles(browser, f"{GALLERY}?tag=space") == ["Rocket"]
    assert '<input type="hidden" name="tag" value="space">' in browser.get(f"{GALLERY}?tag=space").content.decode()


def test_the_gallery_can_show_each_state(
    browser: Client, finished: Callable[..., Job], submit: Callable[..., Job]
) -> None:
    sharing.publish(finished("Shown"))
    finished("Kept")
    submit(title="Waiting")
    in_state(submit(title="Broken"), State.FAILED)
    assert titles(browser, GALLERY) == ["Kept", "Shown"]
    assert titles(browser, f"{GALLERY}?state=public") == ["Shown"]
    assert titles(browser, f"{GALLERY}?state=private") == ["Kept"]
    assert titles(browser, f"{GALLERY}?state=active") == ["Waiting"]
    assert titles(browser, f"{GALLERY}?state=ended") == ["Broken"]
    assert "1 model in progress" in browser.get(GALLERY).content.decode()


def test_the_history_can_show_one_state(browser: Client, submit: Callable[..., Job]) -> None:
    in_state(submit(title="Broken"), State.FAILED)
    submit(title="Waiting")
    assert titles(browser, HISTORY) == ["Waiting", "Broken"]
    assert titles(browser, f"{HISTORY}?state=failed") == ["Broken"]
    assert titles(browser, f"{HISTORY}?state=no-such-state") == ["Waiting", "Broken"]


@pytest.mark.parametrize("address", [GALLERY, HISTORY])
def test_no_match_says_so_and_leads_back_to_all(browser: Client, finished: Callable[..., Job], address: str) -> None:
    finished("Lamp")
    shown = browser.get(f"{address}?q=rocket").content.decode()
    assert "Nothing matches “rocket”" in shown
    assert f'href="{address}">Clear filters' in shown


def test_what_was_searched_is_only_text(browser: Client) -> None:
    shown = browser.get(GALLERY, {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in shown


def test_an_empty_gallery_invites(browser: Client) -> None:
    shown = browser.get(GALLERY).content.decode()
    assert "No models yet" in shown
    assert reverse("jobs:upload") in shown


def test_the_next_page_keeps_what_was_asked_for(browser: Client, owner: User) -> None:
    many(owner, GALLERY_PAGE_SIZE + 1)
    shown = browser.get(f"{GALLERY}?q=model&sort=oldest").content.decode()
    assert 'href="?q=model&amp;sort=oldest&amp;page=2"' in shown
    assert titles(browser, f"{GALLERY}?q=model&sort=oldest&page=2") == ["Model 00000"]


@pytest.mark.parametrize("address", [GALLERY, HISTORY])
def test_ten_thousand_models_cost_no_more_queries_than_thirty(owner: User, browser: Client, address: str) -> None:
    many(owner, 60)
    few = queries(browser, f"{address}?page=2")
    many(owner, 9_940)
    first, middle, last = (queries(browser, f"{address}?q=model&page={page}") for page in ("1", "200", "last"))
    assert {first, middle, last} == {few}


def queries(client: Client, address: str) -> int:
    """How many the page asks."""
    with CaptureQueriesContext(connection) as asked:
        assert titles(client, address) != []
    return len(asked)


def test_tags_are_set_from_the_card(browser: Client, job: Job) -> None:
    address = reverse("jobs:tags", args=[job.pk])
    answer = browser.post(address, {"tags": "Red, small ,red", "next": f"{GALLERY}?page=3"})
    assert answer["Location"] == f"{GALLERY}?page=3"
    assert tagging.names_of(job) == ["red", "small"]


def test_too_long_a_tag_is_refused_with_its_sentence(browser: Client, job: Job) -> None:
    answer = browser.post(reverse("jobs:tags", args=[job.pk]), {"tags": "x" * 31}, follow=True)
    assert "at most 30 characters" in answer.content.decode()
    assert tagging.names_of(job) == []


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_an_act_never_leads_to_another_site(browser: Client, job: Job, elsewhere: str) -> None:
    answer = browser.post(reverse("jobs:tags", args=[job.pk]), {"tags": "", "next": elsewhere})
    assert answer["Location"] == GALLERY


def test_several_are_published_and_made_private(browser: Client, finished: Callable[..., Job], job: Job) -> None:
    chosen = [str(finished(title).pk) for title in ("a", "b")]
    said = browser.post(BULK, {"bulk_action": "publish", "job": [*chosen, str(job.pk)]}, follow=True).content.decode()
    assert set(Job.objects.published().values_list("title", flat=True)) == {"a", "b"}
    assert "2 models published" in said
    assert "1 model not published" in said
    browser.post(BULK, {"bulk_action": "unpublish", "job": chosen})
    assert not Job.objects.published().exists()


def test_deleting_several_asks_first(browser: Client, finished: Callable[..., Job]) -> None:
    chosen = [str(finished(title).pk) for title in ("Lamp", "Chair")]
    asked = browser.post(BULK, {"bulk_action": "delete", "job": chosen})
    assert "Delete 2 models?" in asked.content.decode()
    assert Job.objects.count() == 2
    browser.post(BULK, {"bulk_action": "delete", "job": chosen, "confirmed": "yes"})
    assert not Job.objects.exists()


def test_several_are_downloaded_as_one_zip(browser: Client, finished: Callable[..., Job]) -> None:
    jobs = [finished(title) for title in ("Red lamp", "Red lamp")]
    for job in jobs:
        for name in ("mesh.glb", "input.png"):
            file = default_storage.save(f"jobs/{job.pk}/run/{name}", ContentFile(b"bytes"))
            Artifact.objects.create(job=job, name=name, file=file, size=5, sha256="0" * 64)
    answer = browser.post(BULK, {"bulk_action": "download", "job": [str(job.pk) for job in jobs]})
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(asyncio.run(whole(answer)))) as archive:
        assert set(archive.namelist()) == {f"red-lamp-{job.pk.hex[:8]}/mesh.glb" for job in jobs}


async def whole(answer: Any) -> bytes:
    """What is sent in pieces."""
    return b"".join([piece async for piece in answer])


@pytest.mark.parametrize("act", ["publish", "delete", "download"])
def test_a_strangers_models_are_not_touched(finished: Callable[..., Job], stranger: User, act: str) -> None:
    job = finished("Lamp")
    answer = signed_in(stranger).post(
        BULK, {"bulk_action": act, "job": [str(job.pk), "no id"], "confirmed": "yes"}, follow=True
    )
    assert "Select at least one model first." in answer.content.decode()
    job.refresh_from_db()
    assert job.published_at is None


def test_an_unknown_act_is_refused(browser: Client) -> None:
    assert browser.post(BULK, {"bulk_action": "paint"}).status_code == 400


def test_acts_on_several_are_for_people_who_are_signed_in(client: Client) -> None:
    assert client.post(BULK, {"bulk_action": "delete"})["Location"].startswith("/accounts/login/")
