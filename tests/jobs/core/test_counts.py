"""Long lists are counted once a minute, short ones always; and what lists need is in an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from jobs.core import access, counts, estimates
from jobs.models import Job, State
from tests.conftest import in_state


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Before and after each test."""
    counts.forget()
    yield
    counts.forget()


def test_a_short_list_is_counted_each_time(submit: Callable[..., Job]) -> None:
    submit()
    assert counts.count(Job.objects.all()) == 1
    submit()
    assert counts.count(Job.objects.all()) == 2


def test_a_long_list_is_counted_once(
    submit: Callable[..., Job],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(counts, "MANY", 2)
    submit(), submit()
    assert counts.count(Job.objects.order_by("title")) == 2
    with django_assert_num_queries(0):
        assert counts.count(Job.objects.order_by("-created_at")) == 2, "in whatever order"
    assert counts.count(Job.objects.filter(title="another list")) == 0


def test_it_is_counted_again_after_a_minute(submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MANY", 1)
    monkeypatch.setattr(counts, "CACHE_SECONDS", -1.0)
    submit()
    assert counts.count(Job.objects.all()) == 1
    submit()
    assert counts.count(Job.objects.all()) == 2


def test_what_is_remembered_stays_small(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MANY", 0)
    monkeypatch.setattr(counts, "MAX_REMEMBERED", 2)
    for title in "abc":
        counts.count(Job.objects.filter(title=title))
    assert len(counts._cached) <= 2


def test_a_list_without_rows_needs_no_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert counts.count(Job.objects.none()) == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads an empty table without an index")
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("count", "COVERING INDEX job_public"),
        ("order", "job_public"),
        ("estimate", "job_finished"),
        ("waiting", "job_waiting"),
    ],
)
def test_the_database_uses_the_index(db: None, name: str, index: str) -> None:
    published = access.public_jobs()
    queries = {
        "count": published.order_by().values("pk"),
        "order": published.order_by("-published_at", "pk"),
        "estimate": estimates.recent("draft", "auto"),
        "waiting": Job.objects.active().filter(state=State.QUEUED, deleted_at=None).order_by(),
    }
    assert index in queries[name].explain()


def test_an_estimate_looks_at_the_latest_jobs_only(submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "SEARCHED_JOBS", 1)
    made = in_state(submit(), State.SUCCEEDED)
    assert estimates.learned_seconds(made.quality, made.recipe["engine"]) is not None
    in_state(submit(), State.FAILED)
    assert estimates.learned_seconds(made.quality, made.recipe["engine"]) is None
