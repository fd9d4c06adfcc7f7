"""A computation beside another one reports, ends and fails as if it were not in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, current_thread, main_thread

import pytest

from ml.errors import Stopped
from ml.pipeline.beside import OnStep, beside

LIMIT = 20.0
"""Seconds after which a thread counts as hung."""


def test_both_run_at_the_same_time() -> None:
    started, goes_on = Event(), Event()

    def work(on_step: OnStep) -> bool:
        started.set()
        return goes_on.wait(LIMIT)

    with beside(work) as result:
        assert started.wait(LIMIT)
        goes_on.set()
        assert result(lambda fraction: None)


def test_progress_is_reported_in_the_thread_that_waits() -> None:
    seen, half_seen = [], Event()

    def work(on_step: OnStep) -> str:
        on_step(0.5)
        assert half_seen.wait(LIMIT)
        return "done"

    def report(fraction: float) -> None:
        assert current_thread() is main_thread()
        seen.append(fraction)
        if fraction == 0.5:
            half_seen.set()

    with beside(work) as result:
        assert result(report) == "done"
    assert seen[-1] == 0.5


def steps_until_stopped(ended: Event) -> Callable[[OnStep], None]:
    def work(on_step: OnStep) -> None:
        try:
            while True:
                on_step(0.1)
        except Stopped:
            ended.set()
            raise

    return work


def test_a_request_to_stop_while_waiting_ends_it() -> None:
    ended = Event()

    def stop(fraction: float) -> None:
        raise Stopped

    with pytest.raises(Stopped), beside(steps_until_stopped(ended)) as result:
        result(stop)
    assert ended.is_set()


def test_a_failure_beside_it_ends_it() -> None:
    ended = Event()
    with pytest.raises(KeyError), beside(steps_until_stopped(ended)):
        raise KeyError
    assert ended.is_set()


def test_its_own_failure_reaches_the_one_who_waits() -> None:
    def work(on_step: OnStep) -> None:
        raise MemoryError

    with pytest.raises(MemoryError), beside(work) as result:
        result(lambda fraction: None)
