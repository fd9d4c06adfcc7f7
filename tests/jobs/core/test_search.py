"""Jobs are found by text, tag and state, in the order asked for, in one query."""

from collections.abc import Callable

import pytest
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
    made = {name: submit(title=title) for name, title in (("red", "red chair"), ("oak", "Table"), ("glass", "Chair"))}
    tagging.set_tags(made["oak"], ["oak", "wood"])
    tagging.set_tags(made["red"], ["wood"])
    for size, job in enumerate(made.values()):
        Job.objects.filter(pk=job.pk).update(size=size)
    return made


def found(owner: User, jobs: dict[str, Job], **wanted: str) -> list[str]:
    names = {job.pk: name for name, job in jobs.items()}
    return [names[job.pk] for job in search(access.jobs_of(owner), **wanted)]


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
def test_every_word_stands_in_title_or_tags(owner: User, jobs: dict[str, Job], text: str, names: list[str]) -> None:
    assert found(owner, jobs, text=text) == names


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
def test_the_order_is_the_one_asked_for(owner: User, jobs: dict[str, Job], sort: str, names: list[str]) -> None:
    assert found(owner, jobs, sort=sort) == names


def test_a_tag_is_matched_whole_and_a_state_exactly(owner: User, jobs: dict[str, Job]) -> None:
    assert found(owner, jobs, tag=" Wood ") == ["oak", "red"]
    assert found(owner, jobs, tag="woo") == []
    in_state(jobs["oak"], State.FAILED)
    assert found(owner, jobs, state="failed") == ["oak"]
    assert found(owner, jobs, state="failed", text="chair") == []


def test_it_costs_one_query_and_finds_nothing_of_others(
    stranger: User, jobs: dict[str, Job], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert found(stranger, jobs, text="chair wood", tag="wood", state="queued", sort="title") == []
