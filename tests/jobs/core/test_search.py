"""Jobs are found by text, tag and state, in the requested order, with one query."""

from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from jobs.core import access, tagging
from jobs.core.search import search
from jobs.models import Job, State
from tests.conftest import in_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs(submit: Callable[..., Job], settings: Settings) -> dict[str, Job]:
    """Three models of the owner: a red chair, an oak table, a Chair of glass."""
    settings.MAX_ACTIVE_JOBS = 10
    models = {name: submit(title=title) for name, title in (("red", "red chair"), ("oak", "Table"), ("glass", "Chair"))}
    tagging.set_tags(models["oak"], ["oak", "wood"])
    tagging.set_tags(models["red"], ["wood"])
    for size, job in enumerate(models.values()):
        Job.objects.filter(pk=job.pk).update(size=size)
    return models


def search_names(owner: User, jobs: dict[str, Job], **filters: str) -> list[str]:
    names = {job.pk: name for name, job in jobs.items()}
    return [names[job.pk] for job in search(access.jobs_of(owner), **filters)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("chair", ["glass", "red"]),
        ("CHAIR red", ["red"]),
        ("wood", ["oak", "red"]),
        ("oak table", ["oak"]),
        ("%", []),
        ("", ["glass", "oak", "red"]),
    ],
)
def test_every_word_must_occur_in_title_or_tags(owner: User, jobs: dict[str, Job], text: str, names: list[str]) -> None:
    assert search_names(owner, jobs, text=text) == names


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("newest", ["glass", "oak", "red"]),
        ("oldest", ["red", "oak", "glass"]),
        ("title", ["glass", "red", "oak"]),
        ("largest", ["glass", "oak", "red"]),
        ("nonsense", ["glass", "oak", "red"]),
    ],
)
def test_results_are_in_the_requested_order(owner: User, jobs: dict[str, Job], sort: str, names: list[str]) -> None:
    assert search_names(owner, jobs, sort=sort) == names


def test_tag_and_state_match_exactly(owner: User, jobs: dict[str, Job]) -> None:
    assert search_names(owner, jobs, tag=" Wood ") == ["oak", "red"]
    assert search_names(owner, jobs, tag="woo") == []
    in_state(jobs["oak"], State.FAILED)
    assert search_names(owner, jobs, state="failed") == ["oak"]
    assert search_names(owner, jobs, state="failed", text="chair") == []


def test_a_search_asks_once_per_indexed_word_at_most_and_finds_only_ones_own_jobs(
    stranger: User, jobs: dict[str, Job], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3 if connection.vendor == "sqlite" else 1):
        assert search_names(stranger, jobs, text="chair wood", tag="wood", state="queued", sort="title") == []
