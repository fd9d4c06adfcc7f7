"""Mistakes in the configuration, found at the start instead of by a user."""

from __future__ import annotations

import os
from typing import Any

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register()
def media_is_writable(**kwargs: Any) -> list[CheckMessage]:
    """Results need a place."""
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    if os.access(settings.MEDIA_ROOT, os.W_OK):
        return []
    return [Error(f"MEDIA_ROOT {settings.MEDIA_ROOT} cannot be written to.", id="reconsite.E001")]


@register()
def redis_client_fits_channels(**kwargs: Any) -> list[CheckMessage]:
    """redis-py 8 closes the idle sockets of channels-redis 4.3."""
    if int(redis.__version__.split(".")[0]) < 8:
        return []
    return [Error("redis 8 drops idle sockets of channels-redis 4.3; install requirements.txt.", id="reconsite.E002")]


@register()
def background_weights_are_there(**kwargs: Any) -> list[CheckMessage]:
    """Without them the background is cut with GrabCut, which is much worse."""
    path = settings.MODELS_DIR / "u2net" / f"{settings.BACKGROUND_MODEL}.onnx"
    if path.exists():
        return []
    hint = "Run: python manage.py fetch_models"
    return [Warning("The background removal has no weights; GrabCut stands in.", hint=hint, id="reconsite.W001")]


@register(Tags.security, deploy=True)
def hosts_are_named(**kwargs: Any) -> list[CheckMessage]:
    """Sockets trust the origins that ALLOWED_HOSTS names."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS must name the hosts: “*” lets any site open sockets.", id="reconsite.E003")]
