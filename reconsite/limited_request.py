"""Limits on a request while it arrives, before Django sees it: daphne hands a request over only when it is complete.

Bodies are cut at the limit, with or without a Content-Length: one of somebody who is not signed in at ANONYMOUS_BYTES,
any other at what the largest upload takes. Clients that send almost nothing for a long time are disconnected.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from channels.db import database_sync_to_async
from daphne import http_protocol
from django.conf import settings
from django.http import parse_cookie
from twisted.internet import asyncioreactor, reactor
from twisted.internet.defer import Deferred

from accounts.core.authentication import identity_of_header
from accounts.core.identity import identity_of_session, valid_users
from reconsite.core import problems
from reconsite.middleware import max_body_bytes

logger = logging.getLogger(__name__)

ANONYMOUS_BYTES = 1_000_000
"""Body of a request without a valid session or token; the largest form before signing in has a few hundred bytes."""
MIN_BYTES_PER_SECOND = 1000
"""A client slower than this, averaged over SLOW_CLIENT_SECONDS, is disconnected; a weak phone connection has 10,000."""
DISCARD_SECONDS = 2.0
"""How long the rest of a rejected body is read and dropped, so that the client gets to see the response."""


class LimitedRequest(http_protocol.WebRequest):  # type: ignore[misc]
    """A request of daphne whose size and slowness are limited."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self._received = self._received_at_check = 0
        self._is_checked = self._is_rejected = False
        super().__init__(*args, **named)
        # Twisted would parse multipart bodies on the event loop: 100 MB would block every other request for seconds.
        self._parsePOSTFormSubmission = False
        self._slow_timer = _later(settings.SLOW_CLIENT_SECONDS, self._check_speed)

    def gotLength(self, length: int | None) -> None:
        """The headers are complete. Reject a body that announces too much."""
        super().gotLength(length)
        if length is not None and length > max_body_bytes():
            self._reject()

    def handleContentChunk(self, data: bytes) -> None:
        """A part of the body has arrived, whether it was announced or sent in chunks."""
        self._received += len(data)
        if self._is_rejected:
            return
        if self._received > max_body_bytes():
            self._reject()
            return
        super().handleContentChunk(data)
        if self._received > ANONYMOUS_BYTES and not self._is_checked:
            self._is_checked = True
            self._reject_strangers()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The request is complete: hand it over, unless it was rejected."""
        _cancel(self._slow_timer)
        if self._is_rejected:
            self.channel.loseConnection()
        else:
            super().requestReceived(command, path, version)

    def connectionLost(self, reason: Any) -> None:
        """The client has gone."""
        _cancel(self._slow_timer)
        super().connectionLost(reason)

    def _reject_strangers(self) -> None:
        """Read no further until it is known whether the client is signed in."""
        transport = self.channel.transport
        transport.pauseProducing()
        check = Deferred.fromFuture(_loop().create_task(_is_signed_in(self._header(b"authorization"), self._cookies())))
        check.addCallbacks(lambda is_valid: None if is_valid else self._reject(), self._check_failed)
        check.addBoth(lambda _: transport.resumeProducing())

    def _check_failed(self, failure: Any) -> None:
        logger.warning("A large body is rejected, because its sender could not be checked: %s", failure.value)
        self._reject()

    def _header(self, name: bytes) -> bytes:
        return next(iter(self.requestHeaders.getRawHeaders(name) or []), b"")

    def _cookies(self) -> dict[str, str]:
        return parse_cookie(self._header(b"cookie").decode("latin-1"))

    def _reject(self) -> None:
        """Send 413, drop what still arrives, and disconnect."""
        if self._is_rejected or self.finished or self.channel is None:
            return
        self._is_rejected = True
        self.content.seek(0)
        self.content.truncate()
        self.channel.transport.write(_response_413())
        channel = self.channel
        _later(DISCARD_SECONDS, lambda: channel.transport and channel.transport.abortConnection())

    def _check_speed(self) -> None:
        """Disconnect a client that has not completed its headers, or sends its body more slowly than allowed."""
        needed = MIN_BYTES_PER_SECOND * settings.SLOW_CLIENT_SECONDS
        if self.channel is not None and self._received - self._received_at_check < needed:
            self.channel.transport.abortConnection()
            return
        self._received_at_check = self._received
        self._slow_timer = _later(settings.SLOW_CLIENT_SECONDS, self._check_speed)


async def _is_signed_in(authorization: bytes, cookies: dict[str, str]) -> bool:
    return bool(await database_sync_to_async(_has_valid_credential)(authorization, cookies))


def _has_valid_credential(authorization: bytes, cookies: dict[str, str]) -> bool:
    if authorization:
        return identity_of_header(authorization) is not None
    identity = identity_of_session(cookies.get(settings.SESSION_COOKIE_NAME, ""))
    return identity is not None and bool(valid_users([identity]))


def _response_413() -> bytes:
    detail = "The upload is too large, or needs you to sign in first."
    body = json.dumps(problems.problem(413, [problems.error("too_large", detail)])).encode()
    head = f"HTTP/1.1 413 Payload Too Large\r\nContent-Type: {problems.CONTENT_TYPE}\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _loop() -> Any:
    assert isinstance(reactor, asyncioreactor.AsyncioSelectorReactor)  # daphne installs it
    return reactor._asyncioEventloop


def _later(seconds: float, call: Any) -> Any:
    clock: Any = reactor
    return clock.callLater(seconds, call)


def _cancel(timer: Any) -> None:
    if timer.active():
        timer.cancel()


def install() -> None:
    """Let daphne create these requests instead of its own."""
    http_protocol.WebRequest = LimitedRequest
