"""The ASGI application: Django for HTTP, Channels for sockets."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from reconsite.core.telemetry import trace_requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
trace_requests()
django_application = get_asgi_application()

from jobs.live.routing import socket_application  # noqa: E402  (needs the apps that the line above loads)
from reconsite import limited_request  # noqa: E402
from reconsite.core.log_secrets import mask_access_log  # noqa: E402

limited_request.install()
mask_access_log()
application = ProtocolTypeRouter({"http": django_application, "websocket": socket_application})
