"""The browsers in which a person is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ua_parser
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase

from accounts.models import User


@dataclass(frozen=True)
class Browser:
    """One signed-in browser as its owner sees it."""

    id: int
    device: str
    ip: str
    since: datetime
    last_seen: datetime
    is_this: bool


def browsers_of(user: User, session: SessionBase) -> list[Browser]:
    """Those that are still signed in: the one with `session` first, then the latest seen."""
    found = [_browser(row, session) for row in UserSession.objects.purge_and_list(user)]
    return sorted(found, key=lambda browser: (browser.is_this, browser.last_seen), reverse=True)


def _browser(row: UserSession, session: SessionBase) -> Browser:
    is_this = row.session_key == session.session_key
    return Browser(row.pk, device_name(row.user_agent), row.ip, row.created_at, row.last_seen_at, is_this)


def device_name(user_agent: str) -> str:
    """“Firefox on Windows”, as far as the header tells it."""
    parsed = ua_parser.parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else "A browser"
    return f"{browser} on {parsed.os.family}" if parsed.os else str(browser)


def end(user: User, browser_id: int) -> bool:
    """Sign one browser out; False when it is not one of the person's."""
    row = UserSession.objects.filter(user=user, pk=browser_id).first()
    if row is not None:
        row.end()
    return row is not None


def end_all(user: User, keep: SessionBase | None = None) -> int:
    """Sign out every browser but the one with the session `keep`; returns how many."""
    rows = UserSession.objects.filter(user=user)
    if keep is not None:
        rows = rows.exclude(session_key=keep.session_key)
    ended = list(rows)
    for row in ended:
        row.end()
    return len(ended)
