"""What the worker does around a run, without a run."""

import os

import pytest

from jobs.work.engine_process import WarmEngine
from jobs.work.worker import ReconstructionWorker, make_worker

pytestmark = pytest.mark.worker


class DeadEngine(WarmEngine):
    """An engine that was killed; starting another one is only counted."""

    starts = 0

    def is_running(self) -> bool:
        return self.starts > 0

    def _start(self) -> None:
        self.starts += 1


def worker_after_a_run(engine: WarmEngine) -> ReconstructionWorker:
    worker = make_worker(engine=engine)
    worker._horse_pid = os.posix_spawnp("true", ["true"], os.environ)
    os.waitid(os.P_PID, worker._horse_pid, os.WEXITED | os.WNOWAIT)
    return worker


def test_an_engine_that_the_work_horse_killed_as_its_last_act_is_replaced_before_the_next_job() -> None:
    engine = DeadEngine()
    worker_after_a_run(engine).wait_for_horse()
    assert engine.starts == 1


def test_a_worker_that_is_stopping_starts_no_engine() -> None:
    engine = DeadEngine()
    worker = worker_after_a_run(engine)
    worker.stop_was_requested = True
    worker.wait_for_horse()
    assert engine.starts == 0


def test_a_worker_starts_again_under_its_name_while_redis_remembers_the_one_before() -> None:
    for _ in range(2):
        make_worker("host-1").register_birth()  # type: ignore[no-untyped-call]


def test_a_worker_without_a_name_has_that_of_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "gpu.example.org")
    assert make_worker().name.rpartition(".")[0] == "gpu.example.org"
