"""API tokens: create, record the last use, revoke. Only their hashes are stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from accounts.core.announce import announce
from accounts.models import ApiToken, User
from reconsite.core.busy import write_if_free
from reconsite.core.errors import Rejected

MAX_TOKENS = 20
"""Active tokens of one person: enough for every app and device, few enough to keep an overview."""
LAST_USE_PRECISION_SECONDS = 60
"""The last use is recorded at most this often, so that not every request writes a row."""


@transaction.atomic
def create(
    user: User,
    name: str,
    *,
    never_expires: bool = False,
    lifetime: timedelta | None = None,
    scope: ApiToken.Scope = ApiToken.Scope.WRITE,
) -> tuple[ApiToken, str]:
    """A new token and its text, which cannot be shown again.

    It expires after 30 days without use (`REST_KNOX`), unless it `never_expires`, or after `lifetime` in any case.
    Raises Rejected(`too_many_tokens`).
    """
    User.objects.select_for_update().get(pk=user.pk)  # what is counted stays true until the end of the transaction
    if active_tokens(user).count() >= MAX_TOKENS:
        raise Rejected("too_many_tokens")
    expiry = None if never_expires else lifetime or settings.REST_KNOX["TOKEN_TTL"]
    is_renewed = lifetime is None
    row, text = ApiToken.objects.create(user=user, name=name, expiry=expiry, scope=scope, is_renewed=is_renewed)
    return row, text


def active_tokens(user: User) -> models.QuerySet[ApiToken]:
    """The valid tokens of `user`, newest first."""
    tokens: models.QuerySet[ApiToken] = ApiToken.objects.filter(user=user)
    return tokens.exclude(expiry__lt=timezone.now()).order_by("-created")


def record_use(token: ApiToken) -> None:
    """Record that `token` was used just now."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(seconds=LAST_USE_PRECISION_SECONDS):
        write_if_free(lambda: ApiToken.objects.filter(pk=token.pk).update(last_used_at=now))


def revoke(user: User, token_key: str) -> ApiToken | None:
    """Delete the token of `user` whose text begins with `token_key` and return it; None if there is none."""
    token: ApiToken | None = ApiToken.objects.filter(user=user, token_key=token_key).first()
    if token is not None:
        token.delete()
    return token


def revoke_all_of(user: User, **kwargs: Any) -> None:
    """Delete every token of `user`; also a receiver of `password_changed`."""
    ApiToken.objects.filter(user=user).delete()
    announce(user.pk)  # a new password has ended the sessions too
