"""Loaded by pytest before Django's settings: empty storage, database and Redis of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.ports import free_port, wait_for_port
from scripts.redis_server import arguments, find_server


def start_redis(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a Redis server for these tests only."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [find_server(), *arguments(folder, str(port))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_port(port, process)
    return process


def database(folder: Path) -> dict[str, str]:
    """SQLite in a file, or the server that TEST_DATABASE_URL names (its user needs permission to create databases)."""
    if server := os.environ.get("TEST_DATABASE_URL"):
        return {"DATABASE_URL": server}
    return {"TEST_DATABASE_NAME": str(folder / "test.sqlite3")}


def prepare() -> None:
    """Point every setting to a new folder; the developer's own settings do not leak in."""
    folder = Path(tempfile.mkdtemp(prefix="reconsite-tests-"))
    port = free_port()
    redis = start_redis(folder / "redis", port)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(redis.kill)
    for name in ("CI", "BUILD_NUMBER"):  # or pytest would spend minutes on the difference between two long bytes
        os.environ.pop(name, None)
    for name in ("DATABASE_URL", "SITE_URL", "ALLOWED_HOSTS", "ACCEL_REDIRECT_PREFIX", "SECRET_KEY"):
        os.environ.pop(name, None)
    os.environ.setdefault("MODELS_DIR", str(Path(__file__).parent.parent / "var" / "models"))
    os.environ.update(
        VAR_DIR=str(folder),
        MEDIA_ROOT=str(folder / "media"),
        REDIS_URL=f"redis://127.0.0.1:{port}/0",
        REDIS_WAIT_SECONDS="5",  # a busy machine is not an outage
        **database(folder),
        EMAIL_URL="console:",
        DEBUG="1",
        CALIBRATE="0",  # or every test with a worker would first make a model
        SUBMIT_RATE="1000/min",
        SUBJECT_CHECK_SECONDS="0",  # or every test that submits a photo would start a process
        CUTOUT_RATE="1000/min",
        UPLOAD_RATE="1000/min",
        SHARE_RATE="1000/min",
        SIGN_IN_RATE="1000/min",
        ACCOUNT_RATE="1000/min",
        DJANGO_ALLOW_ASYNC_UNSAFE="1",
    )
    if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # the processes share the cores
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(workers))))


prepare()
