"""One network for several processes: passes of what waits, and who is answered."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch import Tensor

from ml import engines, peer
from ml.core import memory
from ml.engine_registry import SHARED_TRIPOSR
from ml.engines.triposr import engine as module
from ml.engines.triposr import network, shared
from ml.engines.triposr.engine import Picture, TripoSREngine
from ml.engines.triposr.shared import SharedEngine
from ml.errors import ReconstructionError, SharedEngineLost
from ml.photo.cutout import Cutout
from ml.serve import scene_server
from ml.serve.scene_server import PhotoQueue, Request, run_pass
from tests.ml.engines.triposr.test_engine import cutout

ROOT = Path(__file__).parents[4]
PATIENCE = 60.0
"""Seconds for what another thread or process does."""


@pytest.fixture
def engine(tiny_model: Path) -> TripoSREngine:
    return TripoSREngine(tiny_model)


class Visitor:
    """A client of the server, which serves it in a thread."""

    def __init__(self, queue: PhotoQueue, picture: Picture, alone: bool = False) -> None:
        self._end, theirs = Pipe()
        about = {"shape": picture.shape, "alone": alone}
        self._thread = threading.Thread(target=scene_server.serve, args=(theirs, queue))
        self._thread.start()
        self._end.send_bytes(json.dumps(about).encode())
        self._end.send_bytes(picture.tobytes())

    def response(self) -> dict[str, Any]:
        """The last message; with `done` the planes are read too."""
        message: dict[str, Any] = {"alive": True}
        while "alive" in message:
            assert self._end.poll(PATIENCE)
            message = json.loads(self._end.recv_bytes())
        if "done" in message:
            message["planes"] = np.frombuffer(self._end.recv_bytes(), np.float16).reshape(message["done"]["shape"])
        self._thread.join(PATIENCE)
        return message

    def leave(self) -> None:
        """Disconnect, as a cancelled run does."""
        self._end.close()


def waiting(picture: Picture, *, alone: bool = False) -> tuple[Request, Connection]:
    """A request and its client's end, which has to be kept: when it is gone, the client has disconnected."""
    ours, theirs = Pipe()
    return Request(theirs, picture, alone), ours


def pictures(count: int) -> list[Picture]:
    return [cutout(seed).on_grey() for seed in range(count)]


class HeldEngine:
    """An engine whose pass lasts until the test lets it end; it counts the photos of each."""

    def __init__(self, engine: TripoSREngine) -> None:
        self._engine = engine
        self.passes: list[int] = []
        self.begun, self.may_end = threading.Event(), threading.Event()

    def scene_codes(self, pictures: Sequence[Picture]) -> list[Tensor]:
        self.passes.append(len(pictures))
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        return self._engine.scene_codes(pictures)


def test_photos_that_go_together_get_what_each_gets_alone(
    engine: TripoSREngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, batches = network.scene_codes, []

    def counting(weights: Any, sizes: Any, pictures: Tensor) -> Tensor:
        batches.append(len(pictures))
        return original(weights, sizes, pictures)

    monkeypatch.setattr(network, "scene_codes", counting)
    monkeypatch.setattr(module, "free_memory", lambda: 1 << 40)
    queue = PhotoQueue()
    requests = [waiting(picture) for picture in pictures(3)]
    for request, _ in requests:
        queue.put(request)
    run_pass(engine, queue.take(3))
    assert batches == [3]
    for seed, (request, _) in enumerate(requests):
        together = torch.from_numpy(np.frombuffer(bytearray(request.response[1]), np.float16)).float()
        alone = engine.infer(cutout(seed)).planes.float().flatten()
        assert torch.allclose(together, alone, atol=2e-3 * float(alone.abs().max()))


def test_a_pass_takes_what_waits_in_order_and_never_more_than_the_limit() -> None:
    queue = PhotoQueue()
    requests = [waiting(picture) for picture in pictures(3)]
    for request, _ in requests:
        queue.put(request)
    assert queue.take(2) == [requests[0][0], requests[1][0]]
    assert queue.take(2) == [requests[2][0]]


def test_a_photo_that_asks_for_a_pass_of_its_own_gets_one() -> None:
    queue = PhotoQueue()
    together, alone, other = waiting(pictures(1)[0]), waiting(pictures(1)[0], alone=True), waiting(pictures(1)[0])
    for request, _ in (together, alone, other):
        queue.put(request)
    assert [queue.take(3) for _ in range(2)] == [[together[0], other[0]], [alone[0]]]


def test_who_has_left_is_not_computed_for() -> None:
    queue = PhotoQueue()
    gone, there = waiting(pictures(1)[0]), waiting(pictures(1)[0])
    for request, _ in (gone, there):
        queue.put(request)
    gone[1].close()
    assert queue.take(2) == [there[0]]


def test_one_that_is_cancelled_during_a_pass_does_not_take_the_others_with_it(engine: TripoSREngine) -> None:
    held, queue = HeldEngine(engine), PhotoQueue()
    first, second = (Visitor(queue, picture) for picture in pictures(2))
    requests: list[Request] = []
    while len(requests) < 2:
        requests += queue.take(2 - len(requests))
    run = threading.Thread(target=run_pass, args=(held, requests))
    run.start()
    assert held.begun.wait(PATIENCE)
    first.leave()
    held.may_end.set()
    run.join(PATIENCE)
    assert held.passes == [2]
    assert second.response()["planes"].shape == (3, *engine.infer(cutout(1)).planes.shape[1:])


def test_one_whose_photo_fails_does_not_take_the_others_with_it(engine: TripoSREngine) -> None:
    good, bad = waiting(pictures(1)[0]), waiting(np.zeros((3, 3), np.uint8))
    run_pass(engine, [good[0], bad[0]])
    assert "done" in json.loads(good[0].response[0])
    assert "error" in json.loads(bad[0].response[0])


def test_out_of_memory_reaches_the_client_with_its_code(engine: TripoSREngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def scarce(*_: Any) -> Tensor:
        raise MemoryError

    monkeypatch.setattr(network, "scene_codes", scarce)
    request, _end = waiting(pictures(1)[0])
    run_pass(engine, [request])
    assert json.loads(request.response[0])["refused"]["code"] == "out_of_memory"


def test_a_pass_without_clients_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_server, "WATCH_SECONDS", 0.001)
    monkeypatch.setattr(scene_server, "STOP_GRACE_SECONDS", 0.003)
    ended: list[int] = []

    def end(code: int) -> None:
        ended.append(code)
        raise SystemExit

    monkeypatch.setattr("os._exit", end)
    watch = scene_server.Watch()
    request, client = waiting(pictures(1)[0])
    client.close()
    watch.begin([request])
    with pytest.raises(SystemExit):
        watch.run()
    assert ended == [66]


class Server:
    """A scene server of its own process."""

    def __init__(self, models: Path, address: str) -> None:
        self.address = address
        command = [sys.executable, "-m", "ml.serve.scene_server", address, "2"]
        env = {"MODELS_DIR": str(models), "OMP_NUM_THREADS": "1", "PATH": ""}
        self.popen = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, env=env)

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait()


@pytest.fixture
def server(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    monkeypatch.setenv(SHARED_TRIPOSR, str(tmp_path / "socket"))
    module.weights_file().parent.mkdir()
    tiny_model.rename(module.weights_file())
    running = Server(tmp_path, str(tmp_path / "socket"))
    yield running
    running.end()


def test_a_process_that_shares_the_network_gets_the_same_scene(server: Server) -> None:
    """And when the server dies in a pass, the run is lost and can begin again."""
    engine = engines.choose("triposr")
    assert isinstance(engine, SharedEngine)
    alone = TripoSREngine(module.weights_file())
    scene, expected = engine.infer(cutout()), alone.infer(cutout())
    assert torch.equal(scene.planes, expected.planes.cpu())
    assert (engine.name, engine.weights_hash, engine.precision) == (alone.name, alone.weights_hash, alone.precision)
    points = torch.rand(100, 3) - 0.5
    assert torch.allclose(scene.density(points), expected.density(points))
    psutil.Process(server.popen.pid).suspend()
    threading.Timer(0.2, server.popen.kill).start()
    with pytest.raises(SharedEngineLost):
        engine.infer(cutout())


class Scripted:
    """The server's end of a connection that says only this."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = [json.dumps(message).encode() for message in messages]

    def poll(self, seconds: float) -> bool:
        return bool(self._messages)

    def recv_bytes(self) -> bytes:
        return self._messages.pop(0)


def received(monkeypatch: pytest.MonkeyPatch, *messages: dict[str, Any]) -> Tensor:
    connection: Any = Scripted(*messages)
    monkeypatch.setattr(peer, "pid_of", lambda _: 0)
    return shared._receive(connection)


def test_a_refusal_of_the_server_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReconstructionError) as caught:
        received(monkeypatch, {"alive": True}, {"refused": {"code": "out_of_memory", "message": "No memory."}})
    assert (caught.value.code, caught.value.message) == ("out_of_memory", "No memory.")


def test_a_server_that_hangs_is_killed_and_the_run_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(peer.Silence, "hangs", lambda _: True)
    monkeypatch.setattr(peer, "kill", killed.append)
    with pytest.raises(SharedEngineLost):
        received(monkeypatch, {"alive": True})
    assert killed == [0]


def test_a_run_that_was_killed_before_asks_for_a_pass_of_its_own(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Pipe()
    asked: list[bool] = []

    def receive(_: Connection) -> Tensor:
        asked.append(json.loads(theirs.recv_bytes())["alone"])
        theirs.recv_bytes()
        return torch.zeros(1)

    monkeypatch.setattr(shared, "connect", lambda _: nullcontext(ours))
    monkeypatch.setattr(shared, "_receive", receive)
    engine = SharedEngine(module._read(tiny_model, torch.device("cpu")), "")
    small = Cutout(np.zeros((4, 4, 4), np.uint8), (0, 0, 4, 4), "none")
    for is_low in (False, True):
        with memory.low(is_low):
            engine._planes(small)
    assert asked == [False, True]
