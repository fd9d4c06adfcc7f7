"""Authentication of sockets: a page by its session and an allowed origin, an app by a bearer token."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from accounts.core import socket_tickets
from accounts.core.authentication import identity_of_header
from accounts.core.identity import Identity
from jobs.live.consumers import JobConsumer
from reconsite.core.client_address import client_address


async def no_such_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reject the handshake of an unknown path."""
    await send({"type": "websocket.close"})


router = URLRouter(
    [path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi()), re_path("", no_such_socket)]  # type: ignore[arg-type]
)


async def identified(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The page's session as an identity; None for a visitor who is not signed in."""
    user, key = scope["user"], scope["session"].session_key
    identity = Identity(user.pk, session_key=key) if user.is_authenticated and key else None
    await router({**scope, "identity": identity}, receive, send)


page_application = AllowedHostsOriginValidator(AuthMiddlewareStack(identified))


async def socket_application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """A header or a ticket is enough by itself; without these the cookie counts, so the origin must be allowed."""
    scope = {**scope, "client_address": socket_address(scope)}
    header = dict(scope["headers"]).get(b"authorization")
    ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket")
    if header is not None:
        identity = await database_sync_to_async(identity_of_header)(header)
    elif ticket:
        identity = await database_sync_to_async(socket_tickets.redeem)(ticket[0])
    else:
        await page_application(scope, receive, send)
        return
    await router({**scope, "identity": identity}, receive, send)


def socket_address(scope: dict[str, Any]) -> str:
    """The client's IP address."""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"")
    return client_address(forwarded.decode("latin-1"), str((scope.get("client") or [""])[0]))
