"""Tells open sockets that somebody's access may have ended. Only they need it: a request is authenticated each time."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import Signal

from accounts.models import ApiToken, User

access_changed = Signal()
"""Sent after the commit, with `user_id`: a session, a token, the password or the account itself has changed."""


def announce(user_id: int) -> None:
    """Send `access_changed` once the change is committed."""
    transaction.on_commit(lambda: access_changed.send(sender=User, user_id=user_id), robust=True)


def session_ended(instance: Session, **kwargs: Any) -> None:
    """Receiver: a session's row was deleted, by signing out here, from another browser, or by a moderator."""
    if user_id := instance.get_decoded().get(SESSION_KEY):
        announce(int(user_id))


def token_deleted(instance: ApiToken, **kwargs: Any) -> None:
    """Receiver: a token was revoked."""
    announce(instance.user_id)
