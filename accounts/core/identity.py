"""Who opened a socket and with which credential, and whether that credential still counts.

A request is authenticated once. A socket stays open, so its identity is checked again and again: many at once, with a
fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import ApiToken, User


@dataclass(frozen=True)
class Identity:
    """A user, and the session or the token that proves it (one of the two)."""

    user_id: int
    session_key: str = ""
    token_digest: str = ""


def valid_users(identities: Collection[Identity]) -> dict[Identity, User]:
    """The user of each identity that still counts, read anew.

    None for a user who is banned or deleted, a session that has ended, expired or was opened with an earlier password,
    and a token that was revoked or has expired.
    """
    users = User.objects.filter(is_active=True).in_bulk({identity.user_id for identity in identities})
    sessions = _sessions({identity.session_key for identity in identities} - {""})
    digests = _digests({identity.token_digest for identity in identities} - {""})
    return {
        identity: user
        for identity in identities
        if (user := users.get(identity.user_id))
        and (identity.token_digest in digests or _belongs_to(sessions.get(identity.session_key), user))
    }


def identity_of_session(session_key: str) -> Identity | None:
    """The user of a session and the session; None if nobody is signed in. Whether it still counts: `valid_users`."""
    session = _sessions({session_key} - {""}).get(session_key, {})
    return Identity(int(session[SESSION_KEY]), session_key=session_key) if SESSION_KEY in session else None


def _sessions(keys: set[str]) -> dict[str, dict[str, Any]]:
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()) if keys else ()
    return {row.session_key: row.get_decoded() for row in rows}


def _digests(digests: set[str]) -> set[str]:
    if not digests:
        return set()
    current = Q(expiry=None) | Q(expiry__gt=timezone.now())
    return set(ApiToken.objects.filter(current, digest__in=digests).values_list("digest", flat=True))


def _belongs_to(session: dict[str, Any] | None, user: User) -> bool:
    """Whether a session is of `user` and was opened with the current password (as django.contrib.auth.get_user)."""
    if session is None or session.get(SESSION_KEY) != str(user.pk):
        return False
    stored = str(session.get(HASH_SESSION_KEY, ""))
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(stored, value) for value in hashes)
