"""The ASGI application: Django for HTTP, Channels for sockets."""

from __future__ import annotations

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from daphne import http_protocol
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
django_application = get_asgi_application()

from jobs.live.routing import socket_application  # noqa: E402  (needs the apps that the line above loads)


def leave_forms_to_django() -> None:
    """Twisted parses multipart bodies on the event loop: 100 MB would block every other request for seconds."""
    original = http_protocol.WebRequest.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._parsePOSTFormSubmission = False

    http_protocol.WebRequest.__init__ = __init__


leave_forms_to_django()
application = ProtocolTypeRouter({"http": django_application, "websocket": socket_application})
