"""The machines of `make test-cluster`: what they share is only what a network carries."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import postgresql
from scripts.cluster import hosts, s3_server
from scripts.preflight import ROOT
from tests.live import wait_until

needs_namespaces = pytest.mark.skipif(not hosts.can_make_namespaces(), reason="no rights to make network namespaces")
SHOW = "hostname; readlink /proc/self/ns/pid; ls /proc | grep -c '^[0-9]'; ip -o -4 address show eth0"


@pytest.fixture
def network() -> Iterator[hosts.Namespaces]:
    """An empty network."""
    found = hosts.Namespaces()
    yield found
    found.remove()


def show(host: hosts.Host) -> list[str]:
    """Name, process ids, number of processes and address, as a process on the host sees them."""
    command = [*host.prefix, "sh", "-c", SHOW]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@needs_namespaces
def test_each_host_has_its_own_name_address_and_processes(network: hosts.Namespaces, tmp_path: Path) -> None:
    one, two = (show(network.host(name, tmp_path / name, {})) for name in ("one", "two"))
    assert (one[0], two[0]) == ("one", "two")
    assert one[1] != two[1]
    assert int(one[2]) < 10
    assert f"{network.address.removesuffix('.1')}.2/24" in one[3]


@needs_namespaces
def test_a_host_that_is_cut_off_reaches_nothing_until_its_cable_is_mended(
    network: hosts.Namespaces, tmp_path: Path
) -> None:
    host = network.host("one", tmp_path / "one", {})
    probe = f"import socket; print(socket.socket().connect_ex(('{network.address}', 9)))"
    command = [*host.prefix, sys.executable, "-c", f"import socket; socket.setdefaulttimeout(0.5); {probe}"]

    def is_answered() -> bool:
        answer = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        return answer == errno.ECONNREFUSED

    wait_until(is_answered, 10, "answer before the cut")
    host.cut()
    assert not is_answered()
    host.mend()
    wait_until(is_answered, 10, "answer after the repair")


def test_without_namespaces_a_host_reaches_each_service_through_a_wire(tmp_path: Path) -> None:
    urls = {
        "REDIS_URL": "redis://:secret@127.0.0.1:1234/0",
        "STORAGE_URL": "s3://key:secret@bucket/site?endpoint=http://127.0.0.1:2345",
    }
    found = hosts.Ports().host("one", tmp_path / "one", urls).environment
    assert found.keys() == urls.keys()
    assert not any("1234" in url or "2345" in url for url in found.values())


def test_the_storage_answers_503_while_it_is_out_of_order(tmp_path: Path) -> None:
    answers: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"whole"]

    class Body:
        def read(self, size: int) -> bytes:
            return b""

    wrapped = s3_server.with_outages(application, tmp_path / "order")
    for _ in range(2):
        wrapped({"wsgi.input": Body()}, lambda status, headers: answers.append(status))
        (tmp_path / "order").touch()
    assert answers == ["200 OK", "503 Service Unavailable"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not postgresql.can_run(), reason="PostgreSQL is not installed")
def test_a_worker_that_is_cut_off_loses_nothing() -> None:
    command = [sys.executable, "-m", "scripts.cluster", "--jobs", "4", "--people", "2", "--only", "cut off"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
