"""Logs who signed in, out, or failed to, with which factor and from where. Never a password, a code or a token."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import ApiToken, User

logger = logging.getLogger(__name__)


def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Receiver of Django's user_logged_in."""
    logger.info("Sign-in of user %s from %s", user.pk, _address(request))


def signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Receiver of Django's user_logged_out."""
    if user is not None:
        logger.info("Sign-out of user %s from %s", user.pk, _address(request))


def sign_in_failed(request: HttpRequest | None, **kwargs: Any) -> None:
    """Receiver of Django's user_login_failed. The name is not written: people enter passwords there by mistake."""
    logger.warning("Failed sign-in from %s", _address(request))


def step_completed(request: HttpRequest, user: User, method: str, **kwargs: Any) -> None:
    """Receiver of allauth's authentication_step_completed: password, code or passkey."""
    logger.info("Step %s of user %s from %s", kwargs.get("type") or method, user.pk, _address(request))


def second_factor_failed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Receiver of allauth's signal of a wrong code."""
    logger.warning("Wrong second factor of user %s from %s", user.pk, _address(request))


def token_created(instance: ApiToken, created: bool, **kwargs: Any) -> None:
    """Receiver of post_save."""
    if created:
        logger.info("New API token %s of user %s", instance.token_key, instance.user_id)


def password_changed(user: User, **kwargs: Any) -> None:
    """Receiver of our own password_changed."""
    logger.info("New password of user %s", user.pk)


def _address(request: HttpRequest | None) -> str:
    try:
        return str(get_adapter().get_client_ip(request)) if request is not None else "this server"
    except PermissionDenied:
        return "an unknown address"
