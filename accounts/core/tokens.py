"""API tokens: made, noted when used, revoked. Only a hash of each is stored."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import ApiToken, User
from reconsite.core.errors import Rejected

TOKENS_PER_PERSON = 20
NOTED_SECONDS = 60
"""How exactly the last use is known: a row is not written on every request."""


def create(user: User, name: str, *, lasts: bool = False) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can show again.

    It ends when it was not used for 30 days (`REST_KNOX`), or never if it `lasts`.
    Raises Rejected(`too_many_tokens`).
    """
    if open_tokens(user).count() >= TOKENS_PER_PERSON:
        raise Rejected("too_many_tokens")
    expiry = None if lasts else settings.REST_KNOX["TOKEN_TTL"]
    row, text = ApiToken.objects.create(user=user, name=name, expiry=expiry)
    return row, text


def open_tokens(user: User) -> models.QuerySet[ApiToken]:
    """The tokens of `user` that open the API now, newest first."""
    tokens: models.QuerySet[ApiToken] = ApiToken.objects.filter(user=user)
    return tokens.exclude(expiry__lt=timezone.now()).order_by("-created")


def note_use(token: ApiToken) -> None:
    """Remember that `token` was used just now."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(seconds=NOTED_SECONDS):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def revoke(user: User, token_key: str) -> ApiToken | None:
    """The token of `user` whose text begins with `token_key` is worthless from now on; None if there is none."""
    token: ApiToken | None = ApiToken.objects.filter(user=user, token_key=token_key).first()
    if token is not None:
        token.delete()
    return token
