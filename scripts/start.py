"""Start the site: `make run` calls `python -m scripts.start` once everything is installed.

Checks that no other copy runs and that the ports are free, migrates the database, then becomes the supervisor, which
runs the processes of the Procfile.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

from environs import FileAwareEnv

from scripts.preflight import ROOT, problems

PROCESSES = ("web", "worker", "reconciler")


def hold_lock(path: Path, address: str) -> int:
    """Descriptor of a lock that lasts as long as this process. Raises SystemExit when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(
            f"Reconsite is already running at {path.read_text()}. Press Ctrl-C there to stop it."
        ) from None
    os.truncate(descriptor, 0)
    os.write(descriptor, address.encode())
    os.set_inheritable(descriptor, True)  # it stays locked in the program that this process becomes
    return descriptor


def check_port(host: str, port: int, setting: str) -> None:
    """Raises SystemExit when nobody can listen on this TCP port; `setting` is the variable that chooses another."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise SystemExit(f"No permission to listen on port {port}: make run {setting}=8000") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise SystemExit(f"Port {port} is taken by another program: make run {setting}={port + 1}") from None


def processes() -> list[str]:
    """Names in the Procfile: Redis too, unless one is configured."""
    configured = os.environ.get("REDIS_URL") or os.environ.get("REDIS_URL_FILE")
    return list(PROCESSES) if configured else ["redis", *PROCESSES]


def main() -> None:
    """Check, migrate, and become the supervisor."""
    FileAwareEnv().read_env(ROOT / ".env", recurse=False)
    if found := problems(sys.version_info[:2], ROOT):
        raise SystemExit("\n".join(found))
    port = int(os.environ.get("WEB_PORT") or 8000)
    address = os.environ.get("SITE_URL") or f"http://localhost:{port}"
    folder = Path(os.environ.get("VAR_DIR") or ROOT / "var")
    folder.mkdir(parents=True, exist_ok=True)
    hold_lock(folder / "running", address)
    check_port(os.environ.get("BIND") or "127.0.0.1", port, "WEB_PORT")
    names = processes()
    if "redis" in names:
        check_port("127.0.0.1", int(os.environ.get("REDIS_PORT") or 6390), "REDIS_PORT")
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
    print(f"Reconsite: {address}   (Ctrl-C stops it)", flush=True)
    os.execv(sys.executable, [sys.executable, "-m", "scripts.supervisor", *names])


if __name__ == "__main__":
    main()
