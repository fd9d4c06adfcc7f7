"""Bodies are cut while they arrive, and slow clients are disconnected: on a real daphne."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from accounts.models import ApiToken, User
from scripts.ports import free_port, wait_for_port
from tests.conftest import signed_in
from tests.live import environment, start

pytestmark = pytest.mark.django_db(transaction=True)

MB = 1_000_000
FORM = "Content-Type: multipart/form-data; boundary=x"


class Server:
    """The web process."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def memory(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    """A web process that gives slow clients a second."""
    port = free_port()
    daphne = str(Path(sys.executable).with_name("daphne"))
    command = [daphne, "-p", str(port), "reconsite.asgi:application"]
    process = start(command, environment(port, SLOW_CLIENT_SECONDS="1"))
    wait_for_port(port, process.popen)
    yield Server(port, process.popen.pid)
    process.end()


def head(*lines: str) -> bytes:
    return "\r\n".join(["POST /api/v1/jobs/ HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def send_chunks(connection: socket.socket, size: int) -> None:
    """Up to `size` bytes in chunks; stops when the server has closed the connection."""
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    try:
        for _ in range(size // 0x10000):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass


def status(connection: socket.socket) -> int:
    """The status of the response; 0 if the connection was closed without one."""
    try:
        answer = connection.recv(65536)
    except ConnectionResetError:
        return 0
    return int(answer.split()[1]) if answer else 0


def test_a_body_of_nobody_is_cut_at_a_megabyte(server: Server) -> None:
    before = server.memory()
    for lines in (["Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", "Authorization: Bearer nonsense"]):
        with server.connect() as connection:
            connection.sendall(head(*lines))
            send_chunks(connection, 60 * MB)
            assert status(connection) in (413, 0)
    assert server.memory() - before < 30 * MB


def test_the_response_says_413(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head("Content-Length: 2000000") + bytes(1_100_000))
        assert status(connection) == 413


def test_an_announced_size_over_the_limit_is_rejected_at_once(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head(f"Content-Length: {500 * MB}"))
        assert status(connection) == 413


def test_whoever_is_signed_in_can_send_more(server: Server, owner: User) -> None:
    token = ApiToken.objects.create(user=owner)[1]
    session = signed_in(owner).cookies["sessionid"].value
    for credential, expected in ((f"Authorization: Bearer {token}", 400), (f"Cookie: sessionid={session}", 403)):
        with server.connect() as connection:
            connection.sendall(head(credential, FORM, "Content-Length: 3000000"))
            connection.sendall(bytes(3_000_000))
            assert status(connection) == expected


@pytest.mark.parametrize("start_of_request", [b"POST / HTTP/1.1\r\nHost: loc", head("Content-Length: 5000")])
def test_a_client_that_sends_almost_nothing_is_disconnected(server: Server, start_of_request: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(start_of_request)
        began = time.monotonic()
        assert status(connection) == 0
        assert time.monotonic() - began < 10


def test_a_slow_response_is_not_a_slow_client(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status(connection) == 200
