"""The browser sessions of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ua_parser
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase

from accounts.models import User


@dataclass(frozen=True)
class Browser:
    """A browser in which a person is signed in, as they see it."""

    id: int
    device: str
    ip: str
    since: datetime
    last_seen: datetime
    is_this: bool


def browsers_of(user: User, session: SessionBase) -> list[Browser]:
    """The browsers that are still signed in: the one of `session` first, then the most recently seen."""
    browsers = [_browser(row, session) for row in UserSession.objects.purge_and_list(user)]
    return sorted(browsers, key=lambda browser: (browser.is_this, browser.last_seen), reverse=True)


def _browser(row: UserSession, session: SessionBase) -> Browser:
    is_this = row.session_key == session.session_key
    return Browser(row.pk, device_name(row.user_agent), row.ip, row.created_at, row.last_seen_at, is_this)


def device_name(user_agent: str) -> str:
    """“Firefox on Windows”, as far as the User-Agent header says."""
    parsed = ua_parser.parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else "A browser"
    return f"{browser} on {parsed.os.family}" if parsed.os else str(browser)


def sign_out(user: User, browser_id: int) -> bool:
    """Sign out one browser; False when it does not belong to `user`."""
    row = UserSession.objects.filter(user=user, pk=browser_id).first()
    if row is not None:
        row.end()
    return row is not None


def sign_out_all(user: User, keep: SessionBase | None = None) -> int:
    """Sign out every browser except the one with the session `keep`; returns how many."""
    rows = UserSession.objects.filter(user=user)
    if keep is not None:
        rows = rows.exclude(session_key=keep.session_key)
    to_end = list(rows)
    for row in to_end:
        row.end()
    return len(to_end)
