"""Nobody waits behind another person's hundred jobs; short jobs overtake long ones, which still get their turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from jobs.core import fairness, services
from jobs.core.fairness import Candidate, Served, choose
from jobs.models import Job, State
from tests.conftest import in_state

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def waiting(owner: int, queued: float = 0.0, expected: float = 30.0, run: int = 1) -> Candidate:
    return Candidate(uuid4(), owner, at(queued), expected, 1, run, "cpu")


def simulate(jobs: list[Candidate], workers: int = 1) -> list[tuple[Candidate, float]]:
    """The jobs in the order in which they start, with their times; each takes as long as expected."""
    free, started = [0.0] * workers, list[tuple[Candidate, float]]()
    left = list(jobs)
    while left:
        now = max(min(free), min((job.queued_at - START).total_seconds() for job in left))
        arrived = [job for job in left if job.queued_at <= at(now)]
        recent: dict[int, list[float]] = {}
        for job, since in started:
            if now - since < fairness.LATELY.total_seconds():
                recent.setdefault(job.owner, []).append(since)
        served = {owner: Served(len(times), at(max(times))) for owner, times in recent.items()}
        chosen = choose(arrived, served, at(now))
        assert chosen is not None
        left.remove(chosen)
        started.append((chosen, now))
        free[free.index(min(free))] = now + chosen.expected_seconds
    return started


def waited(job: Candidate, order: list[tuple[Candidate, float]]) -> float:
    return next(since for found, since in order if found is job) - (job.queued_at - START).total_seconds()


@pytest.mark.parametrize("workers", [1, 3])
def test_nobody_waits_behind_one_persons_hundred_jobs(workers: int) -> None:
    many = [waiting(owner=1) for _ in range(100)]
    others = [waiting(owner=2 + number, queued=100 + 50 * number) for number in range(5)]
    order = simulate(many + others, workers)
    assert max(waited(job, order) for job in others) <= 30.0, "at most the job that is running"
    assert len(order) == 105


def test_one_persons_quick_jobs_do_not_hold_up_anothers_long_one() -> None:
    long = waiting(owner=2, queued=1, expected=300)
    order = simulate([*(waiting(owner=1, expected=5) for _ in range(100)), long])
    assert waited(long, order) <= 10.0


def test_a_short_job_overtakes_a_long_one_that_came_before() -> None:
    long, short = waiting(owner=1, expected=300), waiting(owner=2, queued=10, expected=5)
    assert choose([long, short], {}, at(20)) is short


def test_long_jobs_are_not_starved_by_short_ones() -> None:
    """Short jobs of ever new people keep the worker busy for an hour; it cannot keep up with them."""
    long = waiting(owner=0, expected=120)
    stream = [waiting(owner=number, queued=9.5 * number, expected=10) for number in range(1, 380)]
    assert waited(long, simulate([long, *stream])) < 1800


def test_of_equals_the_oldest_comes_first() -> None:
    jobs = [waiting(owner=number, queued=-number) for number in range(3)]
    assert [job for job, _ in simulate(jobs)] == list(reversed(jobs))


def test_a_job_that_begins_again_comes_first() -> None:
    again = waiting(owner=1, run=2)
    assert choose([waiting(owner=2, queued=-100), again], {1: Served(9, at(0))}, at(1)) is again


def test_nothing_is_chosen_of_nothing() -> None:
    assert choose([], {}, at(0)) is None


@pytest.mark.django_db
def test_a_new_person_comes_before_one_who_was_just_served(
    submit: Callable[..., Job], owner: User, stranger: User
) -> None:
    in_state(submit(), State.RUNNING)
    first, second = submit(), submit(user=stranger)
    better = fairness.better_than(first.pk, ["cpu"])
    assert better is not None
    assert better.job_id == second.pk
    assert fairness.better_than(second.pk, ["cpu"]) is None
    assert fairness.better_than(first.pk, ["remix"]) is None, "the worker listens on another queue"


@pytest.mark.django_db
def test_an_entry_of_a_job_that_does_not_wait_any_more_is_left_as_it_is(submit: Callable[..., Job]) -> None:
    gone, _ = submit(), submit()
    services.cancel(gone.pk)
    assert fairness.better_than(gone.pk, ["cpu"]) is None


@pytest.mark.django_db
def test_only_recent_starts_count(submit: Callable[..., Job]) -> None:
    job = in_state(submit(), State.RUNNING)
    now = timezone.now()
    assert fairness.served_lately(now)[job.owner_id].number == 1
    assert fairness.served_lately(now + fairness.LATELY + timedelta(seconds=1)) == {}
