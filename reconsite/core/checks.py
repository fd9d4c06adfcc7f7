"""System checks: find mistakes in the configuration at the start, before a user does."""

from __future__ import annotations

import os
from typing import Any

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

FIRST_INCOMPATIBLE_REDIS = 8
"""Major version of redis-py."""


@register()
def media_is_writable(**kwargs: Any) -> list[CheckMessage]:
    """Photos and results are stored there."""
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    if os.access(settings.MEDIA_ROOT, os.W_OK):
        return []
    return [Error(f"MEDIA_ROOT {settings.MEDIA_ROOT} is not writable.", id="reconsite.E001")]


@register()
def redis_client_fits_channels(**kwargs: Any) -> list[CheckMessage]:
    """redis-py 8 closes the idle sockets of channels-redis 4.3 (docs/decisions/0001)."""
    if int(redis.__version__.split(".")[0]) < FIRST_INCOMPATIBLE_REDIS:
        return []
    return [Error("redis-py 8 closes idle sockets of channels-redis; install requirements.txt.", id="reconsite.E002")]


@register()
def background_weights_are_there(**kwargs: Any) -> list[CheckMessage]:
    """Without them the background is removed with GrabCut, which is much worse."""
    path = settings.MODELS_DIR / "u2net" / f"{settings.BACKGROUND_MODEL}.onnx"
    if path.exists():
        return []
    hint = "Run: python manage.py fetch_models"
    return [Warning("No weights for background removal: GrabCut is used instead.", hint=hint, id="reconsite.W001")]


@register(Tags.security, deploy=True)
def hosts_are_named(**kwargs: Any) -> list[CheckMessage]:
    """Sockets accept the origins that ALLOWED_HOSTS names."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS must list the hosts: “*” lets any site open sockets.", id="reconsite.E003")]
