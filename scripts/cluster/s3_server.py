"""An S3 service in memory that can be out of order: `python -m scripts.cluster.s3_server ADDRESS PORT FILE`.

While FILE exists, every request gets 503, as a service that is overloaded or restarting answers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

UNAVAILABLE = b"<?xml version='1.0'?><Error><Code>ServiceUnavailable</Code><Message>Try again.</Message></Error>"
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_outages(application: Application, order: Path) -> Application:
    """The application, which answers 503 while `order` exists."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not order.exists():
            return application(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("503 Service Unavailable", [("Content-Type", "application/xml")])
        return [UNAVAILABLE]

    return call


def main(address: str, port: str, order: str) -> None:
    """Serve until killed."""
    application = with_outages(DomainDispatcherApplication(create_backend_app), Path(order))
    run_simple(address, int(port), application, threaded=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
