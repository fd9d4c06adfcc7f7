"""A process that decodes and checks one photo after another: `python -m ml.serve.photo_server DESCRIPTOR`.

It reads from the inherited connection DESCRIPTOR the limits (JSON) and a photo, and replies with JSON and the photo as
it is to be stored. A photo that takes more processor time than allowed ends the process; one that needs more memory is
rejected. It stores nothing, and exits when the other end closes.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from ml.errors import ReconstructionError
from ml.photo.memory_budget import check_budget
from ml.photo.stored import encode_anew
from ml.serve.limits import Limits, limit_cpu, limited_memory


def main(descriptor: int) -> None:
    """Serve photos until the owner closes the connection."""
    connection = Connection(descriptor)
    while True:
        try:
            limits = Limits(**json.loads(connection.recv_bytes()))
            data = connection.recv_bytes()
            limit_cpu(limits.cpu)
            with limited_memory(limits.memory):
                parts = respond(data, limits)
            for part in parts:
                connection.send_bytes(part)
        except (EOFError, OSError):  # the owner has closed its end
            return


def respond(data: bytes, limits: Limits) -> tuple[bytes, ...]:
    """The messages to send: JSON, then the photo; JSON alone when it is rejected."""
    try:
        check_budget(data, limits.memory)
        photo = encode_anew(data, limits.pixels)
    except ReconstructionError as error:
        return (_json({"refused": {"code": error.code, "message": error.message}}),)
    except MemoryError:
        return (_json({"refused": {"code": "too_large", "message": ReconstructionError("too_large").message}}),)
    except Exception:
        return (_json({"error": traceback.format_exc()}),)
    return _json({"done": {name: value for name, value in asdict(photo).items() if name != "data"}}), photo.data


def _json(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(int(sys.argv[1]))
