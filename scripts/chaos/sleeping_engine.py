"""An engine that only sleeps and writes small files, with the messages and the process of the real one.

`python -m scripts.chaos.sleeping_engine SOCKET`
"""

from __future__ import annotations

import errno
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from ml import files
from ml.errors import Stopped
from ml.pipeline.reconstruct import Reconstruction
from ml.serve import engine_server
from ml.stages import STAGE_NAMES
from scripts.chaos import hooks

NAMES = (files.SCENE, files.INPUT, files.CUTOUT, files.PREVIEW, files.GLB, files.POSTER, files.REPORT)
MIN_SECONDS, MAX_SECONDS = 1.0, 5.0
STEPS = 5
"""Steps of a stage."""


def make(photos: list[bytes], request: dict[str, Any], sender: Any, should_stop: Any) -> Reconstruction:
    """As `engine_server.make`."""
    folder, seconds = Path(request["out_dir"]), _seconds()
    for stage in STAGE_NAMES:
        for step in range(STEPS):
            if should_stop():
                raise Stopped
            sender.on_progress(stage, step / STEPS)
            time.sleep(seconds / len(STAGE_NAMES) / STEPS)
        if stage == "cutout":
            _write(folder / files.CUTOUT)
            sender.on_file(files.CUTOUT)
    if hooks.take("full-engine"):
        raise OSError(errno.ENOSPC, "No space left on device")
    report = {"engine": "sleeping", "stages": [{"name": name, "seconds": 0.1} for name in STAGE_NAMES]}
    for name in NAMES:
        _write(folder / name)
    (folder / files.REPORT).write_text(json.dumps(report))
    return Reconstruction(files=NAMES, report=report, engine="sleeping")


def _seconds() -> float:
    return 0.05 if hooks.is_set("fast") else random.uniform(MIN_SECONDS, MAX_SECONDS)


def _write(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


if __name__ == "__main__":
    engine_server.make = make
    engine_server.warm_up = lambda: None
    engine_server.main(sys.argv[1])
