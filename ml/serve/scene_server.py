"""One TripoSR network for all workers of a machine: `python -m ml.serve.scene_server SOCKET BATCH`.

A client connects for each photo, and sends JSON (`shape`, and `alone` for a pass of its own) and the picture; it reads
`alive` every second and finally `done` with the planes, `refused` or `error`. When a pass ends, all photos that wait by
then, at most BATCH, go through the network together; nothing waits for more. Whoever has disconnected is left out.
A pass that goes on after all its clients have disconnected hangs: then the process exits and its owner starts another.
It also exits when its standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Listener
from pathlib import Path

import numpy as np
from torch import Tensor

from ml.engines.triposr.engine import Picture, TripoSREngine
from ml.errors import ReconstructionError
from ml.serve.engine_server import EXIT_CLIENT_LOST, HEARTBEAT_SECONDS, exit_with_owner
from ml.stages import STOP_GRACE_SECONDS

BACKLOG = 64
"""Clients that may connect while others are accepted."""
WATCH_SECONDS = 1.0
"""How often a pass is checked for having no client any more."""
ALIVE = b'{"alive": true}'

Response = tuple[bytes, ...]
"""JSON, then the planes if there are any."""


@dataclass(eq=False)
class Request:
    """A photo of a client that waits for its planes."""

    client: Connection
    picture: Picture
    alone: bool = False
    response: Response = ()
    answered: threading.Event = field(default_factory=threading.Event)

    def is_gone(self) -> bool:
        """Whether the client has disconnected: after its photo it sends nothing."""
        try:
            return self.client.poll()
        except OSError:
            return True

    def answer(self, response: Response) -> None:
        """Give the client's thread what it sends."""
        self.response = response
        self.answered.set()


class PhotoQueue:
    """The photos that wait, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Request] = []
        self._changed = threading.Condition()

    def put(self, request: Request) -> None:
        """Add one at the end."""
        with self._changed:
            self._waiting.append(request)
            self._changed.notify_all()

    def take(self, limit: int) -> list[Request]:
        """The next pass, once anything waits: the oldest photo and those that may go with it."""
        with self._changed:
            while True:
                self._waiting = [request for request in self._waiting if not request.is_gone()]
                if self._waiting:
                    chosen = _pass_of(self._waiting, limit)
                    self._waiting = [request for request in self._waiting if request not in chosen]
                    return chosen
                self._changed.wait()


def _pass_of(waiting: Sequence[Request], limit: int) -> list[Request]:
    first = waiting[0]
    return [first] if first.alone else [request for request in waiting if not request.alone][:limit]


class Watch:
    """Ends the process when a pass goes on for STOP_GRACE_SECONDS without a client."""

    def __init__(self) -> None:
        self._requests: Sequence[Request] = ()

    def begin(self, requests: Sequence[Request]) -> None:
        """A pass begins with these; none: it has ended."""
        self._requests = requests

    def run(self) -> None:
        """Watch forever."""
        abandoned, pause = 0.0, threading.Event()
        while not pause.wait(WATCH_SECONDS):
            requests = self._requests
            is_abandoned = bool(requests) and all(request.is_gone() for request in requests)
            abandoned = abandoned + WATCH_SECONDS if is_abandoned else 0.0
            if abandoned > STOP_GRACE_SECONDS:
                os._exit(EXIT_CLIENT_LOST)


def main(address: str, batch: int) -> None:
    """Serve until the owner exits."""
    threading.Thread(target=exit_with_owner, daemon=True).start()
    engine, queue, watch = TripoSREngine(), PhotoQueue(), Watch()
    threading.Thread(target=watch.run, daemon=True).start()
    Path(address).unlink(missing_ok=True)  # of one that was killed
    with Listener(address, family="AF_UNIX", backlog=BACKLOG) as listener:
        threading.Thread(target=accept, args=(listener, queue), daemon=True).start()
        while True:
            requests = queue.take(batch)
            watch.begin(requests)
            run_pass(engine, requests)
            watch.begin(())


def accept(listener: Listener, queue: PhotoQueue) -> None:
    """A thread for each client."""
    while True:
        threading.Thread(target=serve, args=(listener.accept(), queue), daemon=True).start()


def serve(client: Connection, queue: PhotoQueue) -> None:
    """One photo of one client; a client that disconnects is not a failure."""
    with client:
        try:
            request = receive(client)
            queue.put(request)
            while not request.answered.wait(HEARTBEAT_SECONDS):
                client.send_bytes(ALIVE)
            for part in request.response:
                client.send_bytes(part)
        except (EOFError, OSError):
            return


def receive(client: Connection) -> Request:
    """Read a client's photo."""
    about = json.loads(client.recv_bytes())
    picture = np.frombuffer(bytearray(client.recv_bytes()), np.uint8).reshape(about["shape"])
    return Request(client, picture, bool(about["alone"]))


def run_pass(engine: TripoSREngine, requests: Sequence[Request]) -> None:
    """Answer each request. If the pass fails, each photo gets one of its own, so that only the culprit fails."""
    try:
        codes = engine.scene_codes([request.picture for request in requests])
    except Exception as error:
        if len(requests) == 1:
            requests[0].answer(_failure(error))
            return
        for request in requests:
            run_pass(engine, [request])
        return
    for request, planes in zip(requests, codes, strict=True):
        request.answer(_success(planes))


def _success(planes: Tensor) -> Response:
    return _json({"done": {"shape": list(planes.shape)}}), planes.cpu().numpy().tobytes()


def _failure(error: Exception) -> Response:
    if isinstance(error, ReconstructionError):
        return (_json({"refused": {"code": error.code, "message": error.message}}),)
    return (_json({"error": "".join(traceback.format_exception(error))}),)


def _json(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
