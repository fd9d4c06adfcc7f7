"""The engine of a process that leaves the network to `ml.serve.scene_server`, which several of them share.

A photo goes there over a local socket and its planes come back; everything after that is computed here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ml import peer
from ml.core import memory
from ml.engines.triposr.checkpoint import Model
from ml.engines.triposr.precision import best_device
from ml.engines.triposr.scene import TriplaneScene, decoder_layers
from ml.errors import ReconstructionError, SharedEngineLost
from ml.photo.cutout import Cutout

POLL_SECONDS = 0.5
"""How often a run that waits for its planes checks whether the server hangs."""


class SharedEngine:
    """As `TripoSREngine`. `model`: the weights, mapped; only the decoder's are read here."""

    name = "triposr"

    def __init__(self, model: Model, address: str) -> None:
        self._hash, self.precision, self._address = model.source_hash, model.precision, address
        self._device = best_device()
        self._layers = tuple((w.to(self._device), b.to(self._device)) for w, b in decoder_layers(model.weights))

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the published checkpoint that the weights were converted from."""
        return self._hash

    def infer(self, cutout: Cutout) -> TriplaneScene:
        """The scene that the cutout shows. Raises ReconstructionError, SharedEngineLost."""
        return TriplaneScene(self._planes(cutout).to(self._device), self._layers)

    def _planes(self, cutout: Cutout) -> Tensor:
        picture = cutout.on_grey()
        request = {"shape": picture.shape, "alone": memory.is_low()}
        try:
            with connect(self._address) as server:
                # In a thread, because a server that hangs does not read. It ends with the connection.
                messages = (json.dumps(request).encode(), picture.tobytes())
                threading.Thread(target=_send, args=(server, messages), daemon=True).start()
                return _receive(server)
        except (EOFError, ConnectionError) as error:
            raise SharedEngineLost("The scene server ended during the pass.") from error


def connect(address: str) -> Connection:
    """A connection to the server, once it listens. Raises SharedEngineLost if it does not start."""
    try:
        return peer.connect(address)
    except TimeoutError as error:
        raise SharedEngineLost("The scene server did not start.") from error


def _send(server: Connection, messages: Sequence[bytes]) -> None:
    with suppress(OSError, TypeError):  # `_receive` sees it too; TypeError: this side has closed the connection
        for message in messages:
            server.send_bytes(message)


def _receive(server: Connection) -> Tensor:
    """The planes of the photo, (3, C, S, S) float16."""
    silence = peer.Silence(peer.pid_of(server))
    while True:
        message = _next_message(server, silence)
        silence.heard()
        if "done" in message:
            planes = np.frombuffer(bytearray(server.recv_bytes()), np.float16)
            return torch.from_numpy(planes.reshape(message["done"]["shape"]))
        if "refused" in message:
            raise ReconstructionError(message["refused"]["code"], message["refused"]["message"])
        if "error" in message:
            raise RuntimeError(message["error"])


def _next_message(server: Connection, silence: peer.Silence) -> dict[str, Any]:
    while not server.poll(POLL_SECONDS):
        if silence.hangs():
            silence.kill()
            raise SharedEngineLost("The scene server was silent.")
    message: dict[str, Any] = json.loads(server.recv_bytes())
    return message
