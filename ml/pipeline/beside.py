"""A long computation in a thread of its own, beside others that use one core, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from typing import TypeVar

from ml.errors import Stopped

REPORT_SECONDS = 0.1
"""Between two reports of progress, and at most until a request to stop is seen."""

Result = TypeVar("Result")
OnStep = Callable[[float], None]
"""Takes the finished fraction, 0 to 1; may raise to end the computation."""


@contextmanager
def beside(work: Callable[[OnStep], Result]) -> Iterator[Callable[[OnStep], Result]]:
    """Start `work(on_step)` in a thread, and yield a function that waits for its result.

    That function passes progress on to its own `on_step` in the caller's thread, and raises what either raises. If the
    block ends earlier, the next step of `work` raises Stopped; the block is left once the thread has ended.
    """
    abandoned, fraction = Event(), 0.0

    def on_step(done: float) -> None:
        nonlocal fraction
        if abandoned.is_set():
            raise Stopped
        fraction = done

    def result(report: OnStep) -> Result:
        while wait([future], REPORT_SECONDS).not_done:
            report(fraction)
        return future.result()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work, on_step)
        try:
            yield result
        finally:
            abandoned.set()
