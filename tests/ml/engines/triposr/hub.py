"""A hub on this machine: the two addresses that huggingface_hub asks for a file, and ways to misbehave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """`files` by name. With `cut_at`, answers end after that many bytes of the file, as when a line breaks."""

    files: dict[str, bytes]
    cut_at: int | None = None
    url: str = ""
    requests: list[tuple[str, int]] = field(default_factory=list)
    """Name and first byte of every download."""


@contextmanager
def serve(folder: Path) -> Iterator[Hub]:
    """A running hub with the files of a folder."""
    hub = Hub({path.name: path.read_bytes() for path in folder.iterdir()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._head(self._name(), 0)

        def do_GET(self) -> None:
            name = self._name()
            first = int(self.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
            if not self._head(name, first):
                return
            hub.requests.append((name, first))
            data, end = hub.files[name], None
            if name == "model.ckpt" and hub.cut_at is not None:
                end, self.close_connection = hub.cut_at, True
            self.wfile.write(data[first:end])

        def _name(self) -> str:
            return self.path.split("?")[0].rsplit("/resolve/main/")[-1]

        def _head(self, name: str, first: int) -> bool:
            data = hub.files.get(name)
            self.send_response(404 if data is None else 206 if first else 200)
            self.send_header("X-Repo-Commit", COMMIT)
            if data is not None:
                self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
                self.send_header("Accept-Ranges", "bytes")
                if first:
                    self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            else:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", str(len(data or b"") - first))
            self.end_headers()
            return data is not None

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output clean."""

    return Handler
