"""A warm process: loads the networks once, then makes one model after the other for clients on this machine.

`python -m ml.serve.engine_server SOCKET`. A client connects, sends a request and its photos, then reads messages:
`progress`, `file` as soon as a result file is whole, and last `done`, `refused` or `error`. A request names `photos`
(how many follow), `recipe`, `out_dir`, and for a remix `source`, the folder of an earlier result. To stop a run the
client hangs up: code that does not notice (a call into C, say) is ended with the whole process, which its owner starts
again. The process also ends when its standard input does, so it never outlives its owner.
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

import numpy as np

from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe

if TYPE_CHECKING:
    from ml.pipeline.reconstruct import Reconstruction

STOP_GRACE_SECONDS = 10.0
"""How long a run whose client hung up may take to reach its next step."""
LOST_CLIENT, LOST_OWNER = 66, 0


def main(address: str) -> None:
    """Serve until the owner goes away."""
    threading.Thread(target=end_with_owner, daemon=True).start()
    warm_up()
    with Listener(address, family="AF_UNIX") as listener:
        while True:
            with listener.accept() as client:
                serve(client)


def end_with_owner() -> None:
    """The owner holds the other end of our standard input: when it closes, nobody needs us."""
    sys.stdin.buffer.read()
    os._exit(LOST_OWNER)


def warm_up() -> None:
    """Import what every run needs, and load the networks that are there."""
    from ml import engines
    from ml.photo import background_removal
    from ml.pipeline import reconstruct  # noqa: F401

    if background_removal.weights_file(background_removal.model_name()).exists():
        background_removal.remove_by_rembg(np.zeros((64, 64, 3), np.uint8), background_removal.model_name())
    with suppress(ReconstructionError):  # weights that cannot be used are told to whoever asks for them
        engines.choose("auto")


def serve(client: Connection) -> None:
    """One run for one client. Whatever goes wrong is told; a client that hung up is no error."""
    try:
        request = json.loads(client.recv_bytes())
        photos = [client.recv_bytes() for _ in range(request["photos"])]
        with Watch(client) as watch:
            answer = run(photos, request, Line(client), watch.hung_up.is_set)
        client.send_bytes(json.dumps(answer).encode())
    except (EOFError, OSError, Stopped):
        return


def run(photos: list[bytes], request: dict[str, Any], line: Line, stop: Callable[[], bool]) -> dict[str, Any]:
    """The answer to a request: `done`, or `refused` with a code, or `error` with a traceback. Raises Stopped."""
    try:
        made = make(photos, request, line, stop)
    except ReconstructionError as error:
        return {"refused": {"code": error.code, "message": error.message}}
    except Stopped:
        raise
    except OSError as error:
        return {"error": traceback.format_exc(), "errno": error.errno}
    except Exception:
        return {"error": traceback.format_exc()}
    return {"done": {"files": made.files, "report": made.report, "engine": made.engine}}


def make(photos: list[bytes], request: dict[str, Any], line: Line, stop: Callable[[], bool]) -> Reconstruction:
    """A model from the photos, or from the earlier result whose folder the request names as `source`."""
    from ml.pipeline.reconstruct import reconstruct, remix

    recipe, folder = Recipe.from_dict(request["recipe"]), Path(request["out_dir"])
    listeners: Any = {"on_progress": line.on_progress, "on_file": line.on_file, "should_stop": stop}
    if request.get("source"):
        return remix(Path(request["source"]), recipe, folder, **listeners)
    return reconstruct(photos, recipe, folder, **listeners)


class Line:
    """Tells the client how a run goes on."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def on_progress(self, stage: str, fraction: float) -> None:
        """As `ml.stages.OnProgress`."""
        self._say({"progress": [stage, fraction]})

    def on_file(self, name: str) -> None:
        """As `ml.stages.OnFile`."""
        self._say({"file": name})

    def _say(self, message: dict[str, Any]) -> None:
        self._client.send_bytes(json.dumps(message).encode())


class Watch:
    """Notices that the client has hung up: `hung_up` is set, and the process ends if the run then does not."""

    def __init__(self, client: Connection) -> None:
        self.hung_up = threading.Event()
        self._client = client
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            if self._client.poll(0.1):  # a client says nothing more: this can only be its end
                self.hung_up.set()
                if not self._over.wait(STOP_GRACE_SECONDS):
                    os._exit(LOST_CLIENT)


if __name__ == "__main__":
    main(sys.argv[1])
