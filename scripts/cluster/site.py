"""The site of a cluster test: services, and hosts that share nothing but those."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from scripts.cluster import services
from scripts.cluster.hosts import Host, Network
from scripts.ports import wait_for_port
from scripts.preflight import ROOT

WEB = ("web-1", "web-2")
WORKERS = ("worker-1", "worker-2", "worker-3")
RECONCILERS = ("reconciler-1", "reconciler-2")
PROXY = "proxy"
ORDERS = "orders"


@dataclass
class Cluster:
    """Its hosts, and the process on each."""

    folder: Path
    network: Network
    redis: services.Redis
    s3: services.S3
    hosts: dict[str, Host] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    nginx: services.Nginx | None = None

    @property
    def address(self) -> str:
        """Of nginx, or without it of the first web process."""
        host = self.hosts[PROXY if self.nginx else WEB[0]]
        return f"http://{host.address}:{host.port}"

    def start(self, name: str) -> None:
        """Start the process of a host."""
        host = self.hosts[name]
        command = [*host.prefix, sys.executable, "-m", "scripts.chaos.process", *self._command(host)]
        own = {"VAR_DIR": str(host.folder), "TMPDIR": str(host.folder), **host.environment}
        log = self.folder / f"{name}.log"
        self.processes[name] = services.start(command, log, {**os.environ, **own})
        if name in WEB:
            wait_for_port(host.port, self.processes[name], address=host.address)

    def _command(self, host: Host) -> list[str]:
        if host.name in WEB:
            return ["web", str(host.port), host.address]
        if host.name in RECONCILERS:
            return ["reconcile"]
        return ["worker", "--name", host.name]

    def kill(self, name: str) -> None:
        """The power of a host fails: all its processes end at once."""
        kill_family(self.processes[name])

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            kill_family(process)
        if self.nginx is not None:
            kill_family(self.nginx.process)
        self.redis.stop()
        self.s3.stop()


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for a process and what it has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for member in (*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
    process.wait()


@contextlib.contextmanager
def running(folder: Path, network: Network, database_url: str, engine: str) -> Iterator[Cluster]:
    """A started cluster. Sets the environment of this process, too, before Django reads its settings."""
    cluster = Cluster(folder, network, services.Redis(folder, network.address), services.S3(folder, network.address))
    try:
        urls = {"DATABASE_URL": database_url, "REDIS_URL": cluster.redis.url, "STORAGE_URL": cluster.s3.url}
        for name in (PROXY, *WEB, *WORKERS, *RECONCILERS):
            cluster.hosts[name] = network.host(name, folder / name, urls if name in WORKERS else {})
        os.environ.update(environment(cluster, urls, engine))
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        for name in (*WEB, *WORKERS, *RECONCILERS):
            cluster.start(name)
        start_nginx(cluster)
        yield cluster
    finally:
        cluster.stop()
        network.remove()


def start_nginx(cluster: Cluster) -> None:
    """In front, if it is installed."""
    if not services.Nginx.can_run():
        print("NO NGINX: requests go to the first web process. Install Debian's package nginx.", file=sys.stderr)
        return
    import django

    django.setup()
    cluster.nginx = services.Nginx.run(cluster.hosts[PROXY], [cluster.hosts[name] for name in WEB])
    proxy = cluster.hosts[PROXY]
    wait_for_port(proxy.port, cluster.nginx.process, address=proxy.address)


def environment(cluster: Cluster, urls: dict[str, str], engine: str) -> dict[str, str]:
    """The settings that all hosts share."""
    proxy = cluster.hosts[PROXY if services.Nginx.can_run() else WEB[0]]
    (cluster.folder / ORDERS).mkdir()
    return {
        **urls,
        "DJANGO_SETTINGS_MODULE": "reconsite.settings",
        "CHAOS_DIR": str(cluster.folder / ORDERS),
        "CHAOS_ENGINE": engine,
        "VAR_DIR": str(cluster.folder / "here"),
        "STATIC_ROOT": str(ROOT / "var" / "static"),
        "MODELS_DIR": os.environ.get("MODELS_DIR") or str(ROOT / "var" / "models"),
        "SITE_URL": f"http://{proxy.address}:{proxy.port}",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "BEHIND_PROXY": "1" if services.Nginx.can_run() else "0",
        "NUM_PROXIES": "1" if services.Nginx.can_run() else "0",
        "DEBUG": "0",
        "SUBMIT_RATE": "100000/min",
        "MAX_ACTIVE_JOBS": "1000",
        "SUBJECT_CHECK_SECONDS": "0",  # or each web process would load a network
        "CALIBRATE": "0",
        "RING_AGAIN_SECONDS": "4",
        "LOG_LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1",
    }
