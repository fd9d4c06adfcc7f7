"""Run a command with an empty PostgreSQL of its own: `python -m scripts.postgresql COMMAND …`.

The command finds it in TEST_DATABASE_URL. Without an installed server nothing is run, and a warning says so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.ports import free_port

DEBIAN = Path("/usr/lib/postgresql")
"""Debian's packages keep the server's programs here, in a folder for each version, off the PATH."""
SERVER_USER = "postgres"
"""PostgreSQL refuses to run as root; then this user, which Debian's package creates, runs it."""
OPTIONS = "-c fsync=off -c max_connections=200"
"""No flushing to the disk: the data are thrown away."""
LOOPBACK = "127.0.0.1"
FORGETFUL = "-c synchronous_commit=off"
"""Faster, but a crash of the server loses the last commits."""


def find_program(name: str) -> str | None:
    """Path of a program of the server, the newest version first; None if there is none."""
    found = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]), reverse=True)
    return str(found[0]) if found else shutil.which(name)


def as_server_user(command: list[str]) -> list[str]:
    """The command, run as SERVER_USER if this process is root's."""
    return ["runuser", "-u", SERVER_USER, "--", *command] if os.geteuid() == 0 else command


def can_run() -> bool:
    """True if the server is installed and may be run by this user."""
    if os.geteuid() == 0 and SERVER_USER not in {entry.pw_name for entry in pwd.getpwall()}:
        return False
    return find_program("initdb") is not None and find_program("pg_ctl") is not None


@contextmanager
def server(*, survives_crash: bool = False, address: str = LOOPBACK) -> Iterator[str]:
    """The URL of a running, empty server; it is stopped and removed at the end.

    Whoever reaches `address` may use it, from the same network (/24).
    """
    initdb, pg_ctl = find_program("initdb"), find_program("pg_ctl")
    assert initdb and pg_ctl, "call can_run first"
    folder, port = Path(tempfile.mkdtemp(prefix="reconsite-postgresql-")), free_port(address)
    if os.geteuid() == 0:
        shutil.chown(folder, SERVER_USER)
    data = str(folder / "data")
    try:
        _quietly(as_server_user([initdb, "-D", data, "-U", "reconsite", "-A", "trust", "-E", "UTF8", "--no-sync"]))
        if address != LOOPBACK:
            with (folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {address}/24 trust\n")
        durability = "" if survives_crash else FORGETFUL
        options = f"{_options(folder, address, port)} {durability}"
        _quietly(as_server_user([pg_ctl, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start"]))
        yield f"postgres://reconsite@{address}:{port}/postgres"
    finally:
        subprocess.run(
            as_server_user([pg_ctl, "-D", data, "-m", "immediate", "stop"]), check=False, capture_output=True
        )
        shutil.rmtree(folder, ignore_errors=True)


def crash_and_start(url: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """Two functions for the server of `server`: one stops it as a crash would, the other starts it again."""
    address, _, port = url.rpartition("@")[2].split("/")[0].partition(":")
    pg_ctl = find_program("pg_ctl")
    assert pg_ctl
    data = next(path for path in _data_folders() if f"port={port}" in (path / "postmaster.opts").read_text())
    command = as_server_user([pg_ctl, "-D", str(data), "-w"])
    options = _options(data.parent, address, int(port))
    start = [*command, "-l", str(data.parent / "log"), "-o", options, "start"]
    return lambda: _quietly([*command, "-m", "immediate", "stop"]), lambda: _quietly(start)


def _options(folder: Path, address: str, port: int) -> str:
    return f"{OPTIONS} -c listen_addresses={address} -c port={port} -c unix_socket_directories={folder}"


def _data_folders() -> list[Path]:
    return [path.parent for path in Path(tempfile.gettempdir()).glob("reconsite-postgresql-*/data/postmaster.opts")]


def _quietly(command: list[str]) -> None:
    """Run a command where SERVER_USER may be, with nothing of our environment. Raises CalledProcessError."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", env={"PATH": os.environ["PATH"]})


def main(command: list[str]) -> int:
    """The exit status of the command; 0 without a server."""
    if not can_run():
        print("NO POSTGRESQL: its tests are skipped. Install Debian's package postgresql to run them.", file=sys.stderr)
        return 0
    with server() as url:
        return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
