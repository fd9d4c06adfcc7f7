"""A warm process that cuts out one photo at a time: `python -m ml.serve.cutout_server DESCRIPTOR`.

It reads from the inherited connection DESCRIPTOR a pixel limit and a photo, and replies with JSON, the photo and the
cutout (`ml.photo.preview`). It loads no torch, stores nothing, and exits when the other end closes.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import asdict
from multiprocessing.connection import Connection

from ml.errors import ReconstructionError
from ml.photo import background_removal
from ml.photo.preview import preview_cutout


def main(descriptor: int) -> None:
    """Serve photos until the owner closes the connection."""
    connection = Connection(descriptor)
    background_removal.warm_up()
    while True:
        try:
            max_pixels = int(connection.recv_bytes())
            for part in respond(connection.recv_bytes(), max_pixels):
                connection.send_bytes(part)
        except (EOFError, OSError):  # the owner has closed its end
            return


def respond(data: bytes, max_pixels: int) -> tuple[bytes, ...]:
    """The messages to send: JSON, then the photo and the cutout; JSON alone when there is no cutout."""
    try:
        preview = preview_cutout(data, max_pixels)
    except ReconstructionError as error:
        return (_json({"refused": {"code": error.code, "message": error.message}}),)
    except Exception:
        return (_json({"error": traceback.format_exc()}),)
    details = {name: value for name, value in asdict(preview).items() if name not in ("photo", "cutout")}
    return _json({"done": {**details, "scale": preview.scale}}), preview.photo, preview.cutout


def _json(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode()


if __name__ == "__main__":
    main(int(sys.argv[1]))
