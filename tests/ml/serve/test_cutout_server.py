"""The process that cuts photos out before the job."""

from __future__ import annotations

import io
import json
import multiprocessing
import subprocess
import sys

from PIL import Image

from ml.serve.cutout_server import respond
from ml.serve.limits import Limits
from tests.ml.conftest import encoded, mushroom


def test_a_rejected_photo_is_answered_with_its_error_code() -> None:
    (message,) = respond(encoded(mushroom()), Limits(pixels=1000, memory=10**9, cpu=10))
    assert json.loads(message)["refused"]["code"] == "too_large"


def test_the_process_serves_one_photo_after_another_and_exits_with_its_owner() -> None:
    ours, theirs = multiprocessing.Pipe()
    with theirs:
        command = [sys.executable, "-m", "ml.serve.cutout_server", str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    for _ in range(2):
        limits = {"pixels": 1_000_000, "memory": 10**9, "cpu": 60}
        ours.send_bytes(json.dumps({"limits": limits, "mask": "alpha", "subject": [0.5, 0.5]}).encode())
        ours.send_bytes(encoded(mushroom()))
        assert json.loads(ours.recv_bytes())["done"]["method"] == "transparency"
        assert [Image.open(io.BytesIO(ours.recv_bytes())).format for _ in range(2)] == ["JPEG", "PNG"]
    ours.close()
    assert process.wait(timeout=60) == 0


def test_the_process_does_not_load_torch() -> None:
    code = "import sys; from ml.serve import cutout_server as server; server.background_removal.warm_up(); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
