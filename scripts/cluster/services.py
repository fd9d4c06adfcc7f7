"""What the machines of a cluster share: Redis, an S3 service, and nginx in front. PostgreSQL: `scripts.postgresql`."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from scripts import proxy_config
from scripts.cluster.hosts import Host
from scripts.ports import free_port, wait_for_port
from scripts.preflight import ROOT
from scripts.redis_server import arguments, find_server, with_password

BUCKET = "reconsite"


def start(command: list[str], log: Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """A process whose output goes to a file."""
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=env)


class Redis:
    """With a password and an append-only file: a restart keeps the queue."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder, self._address, self._port = folder / "redis", address, free_port(address)
        self._folder.mkdir()
        password = secrets.token_hex(16)
        self._config = with_password(self._folder, password)
        self.url = f"redis://:{password}@{address}:{self._port}/0"
        self.start()

    def start(self) -> None:
        """Return once it listens."""
        options = arguments(self._folder, str(self._port), self._address)
        self._process = start([find_server(), str(self._config), *options], self._folder / "log")
        wait_for_port(self._port, self._process, address=self._address)

    def stop(self) -> None:
        """As an operator stops it."""
        self._process.terminate()
        self._process.wait()


class S3:
    """One bucket. `fail` and `work` turn 503 on and off."""

    def __init__(self, folder: Path, address: str) -> None:
        port, self._order = free_port(address), folder / "s3-fails"
        command = [sys.executable, "-m", "scripts.cluster.s3_server", address, str(port), str(self._order)]
        self._process = start(command, folder / "s3.log")
        wait_for_port(port, self._process, address=address)
        endpoint = f"http://{address}:{port}"
        urlopen(Request(f"{endpoint}/{BUCKET}", method="PUT")).close()  # nosec B310
        self.url = f"s3://key:secret@{BUCKET}/site?endpoint={endpoint}"

    def fail(self) -> None:
        """Every request gets 503."""
        self._order.touch()

    def work(self) -> None:
        """Again."""
        self._order.unlink()

    def stop(self) -> None:
        """Everything in it is lost."""
        self._process.kill()
        self._process.wait()


@dataclass
class Nginx:
    """The site's own configuration, for these web processes."""

    host: Host
    process: subprocess.Popen[bytes]

    @classmethod
    def run(cls, host: Host, web: list[Host]) -> Nginx:
        """Start it. `can_run` says whether it is installed; Django's settings must be there."""
        upstream = [f"{found.address}:{found.port}" for found in web]
        text = proxy_config.files(proxy_config.limits(), upstream)["nginx.conf"]
        text = text.replace("/tmp/", f"{host.folder}/")  # nosec B108
        text = text.replace("listen 8080;", f"listen {host.port};")
        config = host.folder / "nginx.conf"
        config.write_text(f"user root;\n{text}" if os.geteuid() == 0 else text)
        return cls(host, start(nginx_command(host, config), host.folder / "log"))

    @staticmethod
    def can_run() -> bool:
        """Whether it is installed."""
        return shutil.which("nginx") is not None

    def stop(self) -> None:
        """Its workers end with it, after the open requests."""
        self.process.terminate()


def nginx_command(host: Host, config: Path) -> list[str]:
    """In the foreground."""
    return [*host.prefix, "nginx", "-p", str(host.folder), "-c", str(config), "-g", "daemon off;"]
