"""Gallery and history: search, filters, paging, and bulk actions."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape
from pytest_django import Settings

from accounts.models import User
from jobs.core import counts, sharing, tagging
from jobs.models import Job, State
from jobs.views.lists import GALLERY_PAGE_SIZE
from reconsite.core.errors import MESSAGES
from tests.conftest import in_state, signed_in
from tests.jobs.downloads import zip_of
from tests.jobs.models import add_file, create_models

pytestmark = pytest.mark.django_db

GALLERY, HISTORY, BULK = "/models/", "/jobs/", "/models/bulk/"


@pytest.fixture
def browser(owner: User) -> Client:
    """The owner's browser, after a first visit."""
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
    """Titles of the cards or rows, in order."""
    html = client.get(address).content.decode()
    return re.findall(r'<h2><a href="/(?:jobs|explore)/[0-9a-f-]{36}/"[^>]*>(.*?)</a></h2>', html)


def test_a_search_finds_titles_and_tags(browser: Client, finished: Callable[..., Job]) -> None:
    finished("Red lamp")
    finished("Chair", "lamp-like")
    finished("Table")
    assert titles(browser, f"{GALLERY}?q=LAMP") == ["Chair", "Red lamp"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["b", "C", "a"]),
        ("oldest", ["a", "C", "b"]),
        ("title", ["a", "b", "C"]),
        ("nonsense", ["b", "C", "a"]),
    ],
)
def test_models_are_listed_in_the_requested_order(
    browser: Client, finished: Callable[..., Job], sort: str, expected: list[str]
) -> None:
    for title in ("a", "C", "b"):
        finished(title)
    assert titles(browser, f"{GALLERY}?sort={sort}") == expected


def test_a_tag_filters_the_gallery_and_is_kept_by_the_search(browser: Client, finished: Callable[..., Job]) -> None:
    finished("Lamp", "home")
    finished("Rocket", "space")
    assert titles(browser, f"{GALLERY}?tag=space") == ["Rocket"]
    assert '<input type="hidden" name="tag" value="space">' in browser.get(f"{GALLERY}?tag=space").content.decode()


def test_the_gallery_filters_by_state(
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


def test_the_history_filters_by_state(browser: Client, submit: Callable[..., Job]) -> None:
    in_state(submit(title="Broken"), State.FAILED)
    submit(title="Waiting")
    assert titles(browser, HISTORY) == ["Waiting", "Broken"]
    assert titles(browser, f"{HISTORY}?state=failed") == ["Broken"]
    assert titles(browser, f"{HISTORY}?state=no-such-state") == ["Waiting", "Broken"]


@pytest.mark.parametrize("address", [GALLERY, HISTORY])
def test_a_search_without_matches_says_so(browser: Client, finished: Callable[..., Job], address: str) -> None:
    finished("Lamp")
    html = browser.get(f"{address}?q=rocket").content.decode()
    assert "Nothing matches “rocket”" in html
    assert f'href="{address}">Clear filters' in html


def test_the_search_text_is_escaped(browser: Client) -> None:
    html = browser.get(GALLERY, {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in html


def test_an_empty_gallery_invites_to_upload(browser: Client) -> None:
    html = browser.get(GALLERY).content.decode()
    assert "No models yet" in html
    assert reverse("jobs:upload") in html


def test_the_next_page_keeps_the_filters(browser: Client, owner: User) -> None:
    create_models(owner, GALLERY_PAGE_SIZE + 1)
    html = browser.get(f"{GALLERY}?q=model&sort=oldest").content.decode()
    assert 'href="?q=model&amp;sort=oldest&amp;page=2"' in html
    assert titles(browser, f"{GALLERY}?q=model&sort=oldest&page=2") == ["Model 00000"]


@pytest.mark.parametrize("address", [GALLERY, HISTORY])
def test_ten_thousand_models_need_no_more_queries_than_sixty(owner: User, browser: Client, address: str) -> None:
    create_models(owner, 60)
    few = count_queries(browser, f"{address}?q=model&page=2")
    create_models(owner, 9_940)
    first, middle, last = (count_queries(browser, f"{address}?q=model&page={page}") for page in ("1", "200", "last"))
    assert {first, middle, last} == {few}


def count_queries(client: Client, address: str) -> int:
    """Number of database queries of a page whose rows nobody has counted yet."""
    counts.forget()
    with CaptureQueriesContext(connection) as captured:
        assert titles(client, address) != []
    return len(captured)


def test_tags_are_set_from_a_card(browser: Client, job: Job) -> None:
    address = reverse("jobs:tags", args=[job.pk])
    response = browser.post(address, {"tags": "Red, small ,red", "next": f"{GALLERY}?page=3"})
    assert response["Location"] == f"{GALLERY}?page=3"
    assert tagging.names_of(job) == ["red", "small"]


def test_a_tag_that_is_too_long_is_rejected_with_a_message(browser: Client, job: Job) -> None:
    response = browser.post(reverse("jobs:tags", args=[job.pk]), {"tags": "x" * 31}, follow=True)
    assert escape(MESSAGES["tag_too_long"]) in response.content.decode()
    assert tagging.names_of(job) == []


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_an_action_never_redirects_to_another_site(browser: Client, job: Job, elsewhere: str) -> None:
    response = browser.post(reverse("jobs:tags", args=[job.pk]), {"tags": "", "next": elsewhere})
    assert response["Location"] == GALLERY


def test_several_models_are_published_and_made_private(browser: Client, finished: Callable[..., Job], job: Job) -> None:
    selected = [str(finished(title).pk) for title in ("a", "b")]
    html = browser.post(BULK, {"bulk_action": "publish", "job": [*selected, str(job.pk)]}, follow=True).content.decode()
    assert set(Job.objects.published().values_list("title", flat=True)) == {"a", "b"}
    assert "2 models published" in html
    assert "1 model not published" in html
    browser.post(BULK, {"bulk_action": "unpublish", "job": selected})
    assert not Job.objects.published().exists()


def test_deleting_several_models_asks_for_confirmation(browser: Client, finished: Callable[..., Job]) -> None:
    selected = [str(finished(title).pk) for title in ("Lamp", "Chair")]
    response = browser.post(BULK, {"bulk_action": "delete", "job": selected})
    assert "Delete 2 models?" in response.content.decode()
    assert Job.objects.count() == 2
    browser.post(BULK, {"bulk_action": "delete", "job": selected, "confirmed": "yes"})
    assert Job.objects.in_bin().count() == 2


def test_several_models_are_downloaded_as_one_zip(browser: Client, finished: Callable[..., Job]) -> None:
    jobs = [finished(title) for title in ("Red lamp", "Red lamp")]
    for job in jobs:
        for name in ("mesh.glb", "input.png"):
            add_file(job, name)
    response = browser.post(BULK, {"bulk_action": "download", "job": [str(job.pk) for job in jobs]})
    assert response["Content-Type"] == "application/zip"
    with zip_of(response) as archive:
        assert set(archive.namelist()) == {f"red-lamp-{job.pk.hex[:8]}/red-lamp.glb" for job in jobs}


@pytest.mark.parametrize("action", ["publish", "delete", "download"])
def test_a_stranger_cannot_change_the_owners_models(finished: Callable[..., Job], stranger: User, action: str) -> None:
    job = finished("Lamp")
    response = signed_in(stranger).post(
        BULK, {"bulk_action": action, "job": [str(job.pk), "no id"], "confirmed": "yes"}, follow=True
    )
    assert "Select at least one model first." in response.content.decode()
    job.refresh_from_db()
    assert job.published_at is None


def test_an_unknown_bulk_action_is_rejected(browser: Client) -> None:
    assert browser.post(BULK, {"bulk_action": "paint"}).status_code == 400


def test_bulk_actions_require_sign_in(client: Client) -> None:
    assert client.post(BULK, {"bulk_action": "delete"})["Location"].startswith("/accounts/login/")
