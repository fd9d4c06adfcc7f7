"""A warm process that cuts out one photo at a time: `python -m ml.serve.cutout_server DESCRIPTOR`.

It reads from the inherited connection DESCRIPTOR JSON (`limits`, and the fields of `ml.cutout_options`) and a photo,
and replies with JSON, the photo and the cutout (`ml.photo.preview`). A photo that takes more processor time than
allowed ends the process; one whose decoding needs more memory is rejected. It loads no torch, stores nothing, and exits
when the other end closes.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import asdict
from multiprocessing.connection import Connection

from ml.cutout_options import CutoutOptions
from ml.errors import ReconstructionError
from ml.photo import background_removal
from ml.photo.memory_budget import check_budget
from ml.photo.preview import DEFAULT_OPTIONS, open_small, preview_of
from ml.serve.limits import Limits, limit_cpu, limited_memory


def main(descriptor: int) -> None:
    """Serve photos until the owner closes the connection."""
    connection = Connection(descriptor)
    background_removal.warm_up()
    while True:
        try:
            request = json.loads(connection.recv_bytes())
            limits = Limits(**request.pop("limits"))
            limit_cpu(limits.cpu)
            for part in respond(connection.recv_bytes(), limits, CutoutOptions(**request)):
                connection.send_bytes(part)
        except (EOFError, OSError):  # the owner has closed its end
            return


def respond(data: bytes, limits: Limits, options: CutoutOptions = DEFAULT_OPTIONS) -> tuple[bytes, ...]:
    """The messages to send: JSON, then the photo and the cutout; JSON alone when there is no cutout."""
    try:
        check_budget(data, limits.memory)
        with limited_memory(limits.memory):  # the network's own memory does not depend on the file
            photo = open_small(data, limits.pixels)
        preview = preview_of(photo, options)
    except ReconstructionError as error:
        return (_json({"refused": {"code": error.code, "message": error.message}}),)
    except MemoryError:
        return (_json({"refused": {"code": "too_large", "message": ReconstructionError("too_large").message}}),)
    except Exception:
        return (_json({"error": traceback.format_exc()}),)
    details = {name: value for name, value in asdict(preview).items() if name not in ("photo", "cutout")}
    return _json({"done": {**details, "scale": preview.scale}}), preview.photo, preview.cutout


def _json(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode()


if __name__ == "__main__":
    main(int(sys.argv[1]))
