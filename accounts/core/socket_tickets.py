"""Tickets for sockets: a browser cannot send a token in a header, and a long-lived one must not be in an address."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from accounts.core.identity import Identity

LIFETIME = timedelta(seconds=60)
"""Enough to open a socket."""
_PREFIX = "socket-ticket:"


def issue(identity: Identity) -> tuple[str, datetime]:
    """A ticket for one socket of `identity`, and when it expires. The socket ends with the session or the token."""
    ticket = secrets.token_urlsafe(24)
    cache.set(_PREFIX + ticket, (identity.user_id, identity.session_key, identity.token_digest), LIFETIME.seconds)
    return ticket, timezone.now() + LIFETIME


def redeem(ticket: str) -> Identity | None:
    """Whose ticket it is; None if it is unknown, used or has expired."""
    values = cache.get(_PREFIX + ticket)
    if values is None or not cache.delete(_PREFIX + ticket):  # of two at once, one has deleted it
        return None
    return Identity(*values)
