"""System checks: find mistakes in the configuration at the start, before a user does."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import ParseResult, urlparse

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage

from ml.engine_registry import MAX_TRIPOSR_BATCH
from reconsite.core.social_sign_in import half_set
from reconsite.core.storage_url import S3
from reconsite.core.stored import PrivateStorage

FIRST_INCOMPATIBLE_REDIS = 8
"""Major version of redis-py."""
MIN_KEY_LENGTH, MIN_KEY_CHARACTERS = 50, 5
"""Of SECRET_KEY, as Django's own check W009 has them."""
HALF_SET = "Set both or neither."
LOOPBACK = ("localhost", "127.0.0.1", "::1", None)


@register()
def storage_is_usable(**kwargs: Any) -> list[CheckMessage]:
    """Photos and results can be stored and read."""
    try:
        problem = cast(PrivateStorage, default_storage).problem()
    except ImproperlyConfigured as error:
        problem = f"STORAGE_URL names an S3 bucket, which needs: pip install -r requirements-s3.txt ({error})."
    if problem:
        return [Error(problem, id="reconsite.E001")]
    backend = cast(dict[str, Any], settings.STORAGES["default"])["BACKEND"]
    if settings.ACCEL_REDIRECT_PREFIX and backend == S3:
        return [Error("ACCEL_REDIRECT_PREFIX is for a local folder; leave it out with S3.", id="reconsite.E009")]
    return []


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


@register()
def batch_size_is_possible(**kwargs: Any) -> list[CheckMessage]:
    """A larger pass is not faster, and each worker needs memory."""
    if 1 <= settings.TRIPOSR_BATCH <= MAX_TRIPOSR_BATCH:
        return []
    return [Error(f"TRIPOSR_BATCH must be from 1 to {MAX_TRIPOSR_BATCH}.", id="reconsite.E010")]


@register()
def social_sign_in_is_complete(**kwargs: Any) -> list[CheckMessage]:
    """A provider with half of its settings is left out of the sign-in page."""
    return [
        Warning(f"{there} is set without {missing}, so nobody can sign in with it.", hint=HALF_SET, id="reconsite.W002")
        for there, missing in half_set(settings.SOCIAL_SIGN_IN)
    ]


@register(Tags.security)
def production_is_safe(**kwargs: Any) -> list[CheckMessage]:
    """What no public site may run with. `refuse_unsafe_settings` keeps the web process from starting with it."""
    if settings.DEVELOPMENT:
        return []
    rules = (
        (settings.DEBUG, "E003", "DEBUG shows settings and code to visitors."),
        ("*" in settings.ALLOWED_HOSTS, "E004", "ALLOWED_HOSTS must list the hosts: “*” lets any site open sockets."),
        (_is_weak(settings.SECRET_KEY), "E005", "SECRET_KEY is short or an example; leave it out to generate one."),
        (_uses_pickle(), "E006", "A pickle serializer lets whoever can write to Redis or the database run code."),
        (_is_in_memory(), "E007", "Channel layer and cache in memory are not shared between processes."),
        (
            _is_open(urlparse(settings.REDIS_URL)),
            "E008",
            "A Redis on another machine needs a password in REDIS_URL.",
        ),
    )
    return [Error(message, id=f"reconsite.{code}") for is_broken, code, message in rules if is_broken]


def refuse_unsafe_settings() -> None:
    """Raises SystemExit with what is wrong, also with the storage: daphne runs no system checks."""
    if errors := production_is_safe() or storage_is_usable():
        raise SystemExit("\n".join(str(error) for error in errors))


def _is_weak(key: str) -> bool:
    return len(key) < MIN_KEY_LENGTH or len(set(key)) < MIN_KEY_CHARACTERS or key.startswith("django-insecure-")


def _uses_pickle() -> bool:
    serializers = [str(queue.get("SERIALIZER", "pickle")) for queue in settings.RQ_QUEUES.values()]
    return any("pickle" in name.lower() for name in (*serializers, settings.SESSION_SERIALIZER))


def _is_in_memory() -> bool:
    backends = [str(entry["BACKEND"]) for entry in (*settings.CHANNEL_LAYERS.values(), *settings.CACHES.values())]
    return any(name.endswith(("InMemoryChannelLayer", "LocMemCache", "DummyCache")) for name in backends)


def _is_open(redis_url: ParseResult) -> bool:
    is_local = redis_url.scheme == "unix" or redis_url.hostname in LOOPBACK
    return not is_local and not redis_url.password
