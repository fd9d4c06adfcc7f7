"""Authentication of sockets: a page by its session and an allowed origin, an app by a bearer token."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.auth.models import AnonymousUser
from django.urls import path

from accounts.core.authentication import user_of_header
from jobs.live.consumers import JobConsumer

router = URLRouter([path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi())])
page_application = AllowedHostsOriginValidator(AuthMiddlewareStack(router))


async def socket_application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An Authorization header is enough by itself; without one the cookie counts, so the origin must be allowed."""
    header = dict(scope["headers"]).get(b"authorization")
    if header is None:
        await page_application(scope, receive, send)
        return
    user = await database_sync_to_async(user_of_header)(header)
    await router({**scope, "user": user or AnonymousUser()}, receive, send)
