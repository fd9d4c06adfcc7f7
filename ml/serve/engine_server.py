"""A warm process that keeps the networks loaded and makes one model at a time for clients on this machine.

`python -m ml.serve.engine_server SOCKET`. A client connects and sends a request and its photos, then reads messages:
`alive` every second, `progress`, `file` as soon as a result file is complete, and finally `done`, `refused`, `lost`
(with the process that runs its network, `ml.serve.scene_server`) or `error`. A request holds `photos` (how many
follow), `recipe`, `out_dir`, and for a remix `source`, the folder of an earlier result; `low_memory` makes the run
compute in smaller parts. To stop a run the client disconnects. If the run does not notice (inside a call into C, say),
the whole process exits and its owner starts a new one. The process also exits when its standard input closes, so it
never outlives its owner.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.errors import ReconstructionError, SharedEngineLost, Stopped
from ml.recipe import Recipe
from ml.stages import STOP_GRACE_SECONDS

if TYPE_CHECKING:
    from ml.pipeline.reconstruct import Reconstruction

DISCONNECT_POLL_SECONDS = 0.1
"""How often the connection is checked for a client that has disconnected."""
HEARTBEAT_SECONDS = 1.0
EXIT_CLIENT_LOST, EXIT_OWNER_LOST = 66, 0
"""Exit codes. 66 only has to differ from a crash, so that the log tells them apart."""


def main(address: str) -> None:
    """Serve until the owner exits."""
    threading.Thread(target=exit_with_owner, daemon=True).start()
    from ml.core import memory  # torch: not before the process watches its owner

    warm_up()
    with Listener(address, family="AF_UNIX") as listener:
        while True:
            with listener.accept() as client:
                serve(client)
            memory.give_back()


def exit_with_owner() -> None:
    """Exit when standard input closes: the owner holds its other end."""
    sys.stdin.buffer.read()
    os._exit(EXIT_OWNER_LOST)


def warm_up() -> None:
    """Import what every run needs and load the installed networks."""
    from ml import engines
    from ml.photo import background_removal
    from ml.pipeline import reconstruct  # noqa: F401

    background_removal.warm_up()
    with suppress(ReconstructionError):  # unusable weights are reported to the client that requests them
        engines.choose(Recipe().engine)


def serve(client: Connection) -> None:
    """One run for one client. Failures are sent to the client; a client that disconnects is not a failure."""
    from ml.core import memory  # torch: not before the process watches its owner

    try:
        request = json.loads(client.recv_bytes())
        photos = [client.recv_bytes() for _ in range(request["photos"])]
        sender = ProgressSender(client)
        with DisconnectWatch(client) as watch, Heartbeat(sender), memory.low(bool(request.get("low_memory"))):
            response = run(photos, request, sender, watch.disconnected.is_set)
        client.send_bytes(json.dumps(response).encode())
    except (EOFError, OSError, Stopped):
        return


def run(
    photos: list[bytes], request: dict[str, Any], sender: ProgressSender, should_stop: Callable[[], bool]
) -> dict[str, Any]:
    """The last message: `done`, `refused` with a code and message, `lost`, or `error` with a traceback.

    Raises Stopped.
    """
    try:
        result = make(photos, request, sender, should_stop)
    except ReconstructionError as error:
        return {"refused": {"code": error.code, "message": error.message}}
    except Stopped:
        raise
    except SharedEngineLost as error:
        return {"lost": str(error)}
    except OSError as error:
        return {"error": traceback.format_exc(), "errno": error.errno}
    except Exception:
        return {"error": traceback.format_exc()}
    return {"done": {"files": result.files, "report": result.report, "engine": result.engine}}


def make(
    photos: list[bytes], request: dict[str, Any], sender: ProgressSender, should_stop: Callable[[], bool]
) -> Reconstruction:
    """A model of the photos, or a remix of the earlier result in the request's folder `source`."""
    from ml.pipeline.reconstruct import reconstruct, remix

    recipe, folder = Recipe.from_dict(request["recipe"]), Path(request["out_dir"])
    listeners: Any = {"on_progress": sender.on_progress, "on_file": sender.on_file, "should_stop": should_stop}
    if request.get("source"):
        return remix(Path(request["source"]), recipe, folder, **listeners)
    return reconstruct(photos, recipe, folder, **listeners)


class ProgressSender:
    """Sends the progress of a run to the client."""

    def __init__(self, client: Connection) -> None:
        self._client = client
        self._lock = threading.Lock()

    def on_alive(self) -> None:
        """The process still executes Python."""
        self._send({"alive": True})

    def on_progress(self, stage: str, fraction: float) -> None:
        """As `ml.stages.OnProgress`."""
        self._send({"progress": [stage, fraction]})

    def on_file(self, name: str) -> None:
        """As `ml.stages.OnFile`."""
        self._send({"file": name})

    def _send(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._client.send_bytes(json.dumps(message).encode())


class Heartbeat:
    """Sends a heartbeat every HEARTBEAT_SECONDS from a thread of its own: it needs the interpreter's lock, as a run."""

    def __init__(self, sender: ProgressSender) -> None:
        self._sender = sender
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._send_until_finished, daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._finished.set()
        self._thread.join()

    def _send_until_finished(self) -> None:
        with suppress(OSError):  # the client has disconnected
            while not self._finished.wait(HEARTBEAT_SECONDS):
                self._sender.on_alive()


class DisconnectWatch:
    """Sets `disconnected` when the client disconnects, and ends the process if the run does not end soon after."""

    def __init__(self, client: Connection) -> None:
        self.disconnected = threading.Event()
        self._client = client
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> DisconnectWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._finished.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._finished.is_set():
            # After its request a client sends nothing, so anything to read is the end of the connection.
            if self._client.poll(DISCONNECT_POLL_SECONDS):
                self.disconnected.set()
                if not self._finished.wait(STOP_GRACE_SECONDS):
                    os._exit(EXIT_CLIENT_LOST)


if __name__ == "__main__":
    main(sys.argv[1])
