"""How fast this machine is: seconds of one draft of our own sample in the warm engine, before there are jobs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic

from django.conf import settings

from jobs.core import child_process, machine_speed
from jobs.work.engine_process import SOCKET_VARIABLE, EngineLost, connect
from ml.reference_times import CALIBRATION, CALIBRATION_SECONDS

SAMPLE = settings.BASE_DIR / "static" / "samples" / "locomotive.webp"
MAX_SECONDS = 300.0
"""A machine that takes longer, or whose engine is busy for so long, goes without; the next start of a worker tries."""

RUNS = 2
"""The first one also loads what the engine has not used yet."""


class NotMeasured(Exception):
    """The calibration did not end in time, or the engine failed."""


def start(engine_address: str) -> None:
    """Calibrate in a process of its own, unless this was done before. Does not wait for it."""
    if not settings.CALIBRATE or machine_speed.is_known():
        return
    subprocess.Popen(
        [sys.executable, "manage.py", "calibrate"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        env=child_process.environment() | {SOCKET_VARIABLE: engine_address},
    )


def calibrate() -> float:
    """Measure, store and return how many times slower than the reference machine this one is. Raises NotMeasured."""
    try:
        factor = min(_run() for _ in range(RUNS)) / CALIBRATION_SECONDS
    except (EngineLost, EOFError, OSError) as error:
        raise NotMeasured(str(error)) from error
    machine_speed.record(factor)
    return factor


def _run() -> float:
    with tempfile.TemporaryDirectory() as folder, connect(os.environ[SOCKET_VARIABLE], lambda: False) as engine:
        return measure(engine, Path(folder))


def measure(engine: Connection, folder: Path) -> float:
    """Seconds from the first stage to the end. Raises NotMeasured, EOFError, OSError."""
    request = {"photos": 1, "recipe": CALIBRATION.to_dict(), "out_dir": str(folder)}
    engine.send_bytes(json.dumps(request).encode())
    engine.send_bytes(SAMPLE.read_bytes())
    deadline, began = monotonic() + MAX_SECONDS, None
    while engine.poll(max(0.0, deadline - monotonic())):
        message = json.loads(engine.recv_bytes())
        if "progress" in message and began is None:
            began = monotonic()
        if "done" in message and began is not None:
            return monotonic() - began
        if "refused" in message or "error" in message:
            break
    raise NotMeasured("The engine did not make the sample's model.")
