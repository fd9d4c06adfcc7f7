"""Several workers that share one TripoSR network: what their parent does, and a real one."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import LazySettings

from accounts.models import User
from jobs.models import Job, JobEvent, State
from jobs.work import worker_pool
from jobs.work.worker_pool import Pool, Process
from ml.engine_registry import ENGINES, SHARED_TRIPOSR
from ml.engines.triposr import checkpoint, parity
from ml.engines.triposr.checkpoint import Model
from ml.engines.triposr.sizes import Sizes
from reconsite.core.checks import batch_size_is_possible
from tests.live import start_worker, wait_until

SECONDS = 30.0
TINY = Sizes(
    picture=32,
    vit_width=32,
    vit_layers=1,
    vit_heads=2,
    vit_hidden=64,
    vit_picture=32,
    plane=8,
    width=32,
    blocks=1,
    heads=2,
    head_width=16,
    code_channels=8,
    decoder_width=16,
    decoder_layers=2,
)
"""A network of the layout of the published one that runs in a moment."""


def script(code: str) -> Process:
    return Process([sys.executable, "-c", f"import os, signal, sys, time; {code}"], {})


@pytest.fixture
def handlers() -> Iterator[None]:
    """The pool installs its own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def pids_of(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def in_background(action: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=action)
    thread.start()
    return thread


@pytest.mark.usefixtures("handlers")
def test_a_process_that_dies_is_started_again_until_all_are_asked_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "RESTART_SECONDS", 0.0)
    monkeypatch.setattr(worker_pool, "POLL_SECONDS", 0.01)
    log = tmp_path / "pids"
    long = f"open({str(log)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(60)"

    def kill_then_stop() -> None:
        wait_until(lambda: len(pids_of(log)) == 2, SECONDS, "two processes")
        os.kill(pids_of(log)[0], signal.SIGKILL)
        wait_until(lambda: len(pids_of(log)) == 3, SECONDS, "another process")
        os.kill(os.getpid(), signal.SIGTERM)

    helper = in_background(kill_then_stop)
    Pool(script(long), [script(long)], burst=False).run()
    helper.join(SECONDS)
    assert not any(psutil.pid_exists(pid) for pid in pids_of(log))


@pytest.mark.usefixtures("handlers")
def test_each_signal_reaches_each_worker_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RQ's workers finish their job at the first one and give it back at the second one."""
    monkeypatch.setattr(worker_pool, "POLL_SECONDS", 0.01)
    got = "lambda *_: open(sys.argv[1], 'a').write('got ')"
    code = f"signal.signal(signal.SIGTERM, {got}); open(sys.argv[1], 'a').write('up '); signal.pause(); signal.pause()"
    logs = [tmp_path / name for name in ("a", "b")]
    workers = [Process([*script(code).command, str(log)], {}) for log in logs]

    def written(text: str) -> bool:
        return all(log.exists() and log.read_text() == text for log in logs)

    def stop_twice() -> None:
        for text in ("up ", "up got "):
            wait_until(lambda text=text: written(text), SECONDS, text)  # type: ignore[misc]
            os.kill(os.getpid(), signal.SIGTERM)

    helper = in_background(stop_twice)
    Pool(script("sys.stdin.read()"), workers, burst=False).run()
    helper.join(SECONDS)
    assert written("up got got ")


@pytest.mark.usefixtures("handlers")
def test_with_burst_it_ends_once_the_workers_have_found_the_queues_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "POLL_SECONDS", 0.01)
    began = time.monotonic()
    Pool(script("sys.stdin.read()"), [script("pass"), script("pass")], burst=True).run()
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize(
    ("batch", "engines", "shared", "wanted"),
    [
        (1, ["triposr"], "", False),
        (2, ["triposr"], "", True),
        (2, ["compact"], "", False),
        (2, ["triposr"], "/socket", False),
    ],
)
def test_only_where_triposr_runs_and_not_within_the_pool(
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
    engines: list[str],
    shared: str,
    wanted: bool,
) -> None:
    settings.TRIPOSR_BATCH, settings.WORKER_ENGINES = batch, engines
    monkeypatch.delenv(SHARED_TRIPOSR, raising=False)
    if shared:
        monkeypatch.setenv(SHARED_TRIPOSR, shared)
    assert worker_pool.is_wanted() == wanted


@pytest.mark.parametrize(("batch", "errors"), [(0, ["reconsite.E010"]), (1, []), (8, []), (9, ["reconsite.E010"])])
def test_an_impossible_batch_size_stops_the_start(settings: LazySettings, batch: int, errors: list[str]) -> None:
    settings.TRIPOSR_BATCH = batch
    assert [error.id for error in batch_size_is_possible()] == errors


def weights_in(models: Path) -> None:
    path = models / ENGINES["triposr"].weights
    path.parent.mkdir(parents=True)
    weights = checkpoint.convert(parity.seeded_weights(TINY, 7), TINY, "float32")
    checkpoint.save(path, Model(weights, TINY, "float32", "ab" * 32))


def listening_servers(pool: psutil.Process) -> list[psutil.Process]:
    """The scene server, once its socket is there."""
    servers = [child for child in pool.children() if "ml.serve.scene_server" in child.cmdline()]
    return [server for server in servers if Path(server.cmdline()[-2]).exists()]


def restarts(jobs: list[Job]) -> list[int]:
    return list(Job.objects.filter(pk__in=[job.pk for job in jobs]).values_list("restarts", flat=True))


@pytest.mark.slow
@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_lose_the_network_together_and_both_begin_again(
    tmp_path: Path, submit: Callable[..., Job], stranger: User
) -> None:
    weights_in(tmp_path)
    process = start_worker(TRIPOSR_BATCH="2", MODELS_DIR=str(tmp_path), CALIBRATE="0", OMP_NUM_THREADS="1")
    pool = psutil.Process(process.popen.pid)
    try:
        wait_until(lambda: bool(listening_servers(pool)), 150.0, "scene server")
        server = listening_servers(pool)[0]
        server.suspend()
        jobs = [submit(engine="triposr"), submit(stranger, engine="triposr")]
        scene = JobEvent.objects.filter(job__in=jobs, stage="scene")
        wait_until(lambda: scene.count() == 2, 150.0, "both jobs in the network's stage")
        server.kill()
        wait_until(lambda: restarts(jobs) == [1, 1], 150.0, "both jobs to begin again")
        final = Job.objects.filter(pk__in=[job.pk for job in jobs], state__in=[State.SUCCEEDED, State.FAILED])
        wait_until(lambda: final.count() == 2, 150.0, "the end of both jobs")
        # Random weights make no model, but the planes came back: the next stage has begun.
        assert {job.failure_code for job in final} <= {"", "empty_scene"}
        assert JobEvent.objects.filter(job__in=jobs, kind="stage", stage="surface").count() == 2
    finally:
        process.end()
