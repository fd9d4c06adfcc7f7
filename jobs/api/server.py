"""What this server can do and how much: a client reads it here and hard-codes no limit."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.base import ApiView
from jobs.api.conditional import NOT_MODIFIED, with_etag
from jobs.api.pagination import MAX_PAGE_SIZE
from jobs.api.serializers import MAX_BULK
from jobs.core import estimates, routing, services, tagging, uploads
from jobs.core.photos import PHOTO_TYPES
from jobs.core.recipe_labels import LABELS, QUALITY_HINTS, QUALITY_LABELS
from ml.engine_registry import AUTO, ENGINES, engine_choices, installed_engines
from ml.formats import FORMATS
from ml.recipe import (
    BASES,
    INTEGER_FIELDS,
    LIMITS,
    MASKS,
    MAX_PHOTOS,
    QUALITIES,
    RENDERERS,
    SIDES,
    SIZE_AXES,
    Recipe,
)
from ml.stages import STAGES

FEATURES = (
    "bin",
    "bulk",
    "conversions",
    "cursors",
    "cutouts",
    "etags",
    "events",
    "explore",
    "file_links",
    "remix",
    "share_links",
    "uploads",
    "webhooks",
    "websockets",
)
"""What an app can look for before it relies on it."""


class EngineSerializer(serializers.Serializer[Any]):
    """A network that predicts shapes. `auto` is the best one that is installed."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is part of the API
    installed = serializers.BooleanField(help_text="On this machine, or on that of a worker that is online.")
    workers = serializers.IntegerField(help_text="Workers that are online and can run it.")
    estimates = serializers.DictField(
        child=serializers.FloatField(), help_text="Seconds of a job by quality, on this server."
    )


class QueueSerializer(serializers.Serializer[Any]):
    """Where jobs wait: `remix` for new versions, `gpu` for engines that need a GPU, `cpu` for the others."""

    name = serializers.CharField()
    waiting = serializers.IntegerField()
    workers = serializers.IntegerField(help_text="Workers that are online and take jobs from it.")


class QualitySerializer(serializers.Serializer[Any]):
    """A quality and the settings that it stands for."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    hint = serializers.CharField()
    estimate_seconds = serializers.FloatField()
    settings = serializers.DictField(child=serializers.IntegerField())


class FormatSerializer(serializers.Serializer[Any]):
    """A file format of models."""

    name = serializers.CharField()
    files = serializers.ListField(child=serializers.CharField())
    always = serializers.BooleanField(help_text="Written even if a recipe does not ask for it.")


class StageSerializer(serializers.Serializer[Any]):
    """A step of a job."""

    name = serializers.CharField()
    title = serializers.CharField()
    weight = serializers.FloatField(help_text="Its usual fraction of the time.")
    in_remix = serializers.BooleanField()


class SettingSerializer(serializers.Serializer[Any]):
    """A setting of a recipe: a number between `min` and `max`, or one of `choices`, if it has these."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    default = serializers.JSONField()
    integer = serializers.BooleanField()
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField(), allow_null=True)


class LimitsSerializer(serializers.Serializer[Any]):
    """How much one request or one person may send. Bytes, pixels and counts."""

    photos = serializers.IntegerField()
    photo_bytes = serializers.IntegerField()
    photo_pixels = serializers.IntegerField()
    active_jobs = serializers.IntegerField()
    storage_bytes = serializers.IntegerField(allow_null=True, help_text="Null without a limit.")
    title_length = serializers.IntegerField()
    tags = serializers.IntegerField()
    tag_length = serializers.IntegerField()
    page_size = serializers.IntegerField()
    bulk_ids = serializers.IntegerField()
    sockets = serializers.IntegerField()
    upload_part_bytes = serializers.IntegerField(help_text="Recommended size of the parts of an upload.")
    upload_seconds = serializers.IntegerField(help_text="How long an upload is kept after its last part.")
    job_seconds = serializers.IntegerField(help_text="A job that takes longer fails with `timeout`.")
    rates = serializers.DictField(child=serializers.CharField(), help_text="Requests per period, by kind.")


class ServerSerializer(serializers.Serializer[Any]):
    """The facts about this server."""

    version = serializers.CharField()
    api_version = serializers.CharField()
    sign_up_open = serializers.BooleanField()
    email_confirmation = serializers.CharField(help_text="`mandatory`, `optional` or `none`.")
    worker_online = serializers.BooleanField()
    queue_length = serializers.IntegerField()
    queues = QueueSerializer(many=True)
    engines = EngineSerializer(many=True)
    qualities = QualitySerializer(many=True)
    settings = SettingSerializer(many=True)
    formats = FormatSerializer(many=True)
    stages = StageSerializer(many=True)
    photo_types = serializers.ListField(child=serializers.CharField())
    limits = LimitsSerializer()
    features = serializers.ListField(child=serializers.CharField())


class Server(ApiView):
    """The facts about this server."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="server_retrieve", responses={200: ServerSerializer} | NOT_MODIFIED)
    def get(self, request: Request) -> Response:
        """Version, engines, qualities with estimates, settings, formats, stages, limits. No account needed."""
        return with_etag(request, Response(facts()))


def facts() -> dict[str, Any]:
    """Everything that a client would otherwise hard-code."""
    workers, waiting = routing.engines_of_workers(), estimates.queue_lengths()
    return {
        "version": settings.VERSION,
        "api_version": settings.SPECTACULAR_SETTINGS["VERSION"],
        "sign_up_open": settings.OPEN_SIGN_UP,
        "email_confirmation": settings.ACCOUNT_EMAIL_VERIFICATION,
        "worker_online": bool(workers),
        "queue_length": sum(waiting.values()),
        "queues": _queues(workers, waiting),
        "engines": _engines(workers),
        "qualities": [_quality(name) for name in QUALITIES],
        "settings": [_setting(name, default) for name, default in Recipe().to_dict().items()],
        "formats": [
            {"name": name, "files": [file.name for file in spec.files], "always": spec.always}
            for name, spec in FORMATS.items()
        ],
        "stages": [
            {"name": stage.name, "title": stage.title, "weight": stage.weight, "in_remix": stage.in_remix}
            for stage in STAGES
        ],
        "photo_types": list(PHOTO_TYPES),
        "limits": _limits(),
        "features": list(FEATURES),
    }


def _queues(workers: list[list[str]], waiting: dict[str, int]) -> list[dict[str, Any]]:
    served = Counter(name for engines in workers for name in routing.worker_queues(engines))
    return [{"name": name, "waiting": waiting.get(name, 0), "workers": served[name]} for name in routing.QUEUES]


def _engines(workers: list[list[str]]) -> list[dict[str, Any]]:
    """`auto` is any of them."""
    able = Counter(name for engines in workers for name in engines) + Counter({AUTO: sum(map(bool, workers))})
    installed = {*installed_engines(settings.MODELS_DIR), *able}
    return [
        {
            "name": name,
            "label": label,
            "installed": name in installed or (name == AUTO and bool(installed)),
            "workers": able[name],
            "estimates": {quality: estimates.seconds_for(quality, name) for quality in QUALITIES},
        }
        for name, label in engine_choices()
    ]


def _quality(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": QUALITY_LABELS[name],
        "hint": QUALITY_HINTS[name],
        "estimate_seconds": estimates.seconds_for(name),
        "settings": vars(QUALITIES[name]),
    }


_CHOICES: dict[str, list[str]] = {
    "engine": [AUTO, *ENGINES],
    "quality": list(QUALITIES),
    "mask": list(MASKS),
    "size_axis": list(SIZE_AXES),
    "base": list(BASES),
    "renderer": list(RENDERERS),
    "sides": list(SIDES),
    "formats": list(FORMATS),
}


def _setting(name: str, default: Any) -> dict[str, Any]:
    low, high = LIMITS.get(name, (None, None))
    return {
        "name": name,
        "label": LABELS[name],
        "default": default,
        "integer": name in INTEGER_FIELDS,
        "min": low,
        "max": high,
        "choices": _CHOICES.get(name),
    }


def _limits() -> dict[str, Any]:
    return {
        "photos": MAX_PHOTOS,
        "photo_bytes": settings.MAX_UPLOAD_BYTES,
        "photo_pixels": settings.MAX_PIXELS,
        "active_jobs": settings.MAX_ACTIVE_JOBS,
        "storage_bytes": settings.QUOTA_MB * 1024**2 or None,
        "title_length": services.TITLE_LENGTH,
        "tags": tagging.MAX_TAGS,
        "tag_length": tagging.MAX_LENGTH,
        "page_size": MAX_PAGE_SIZE,
        "bulk_ids": MAX_BULK,
        "sockets": settings.MAX_SOCKETS_PER_USER,
        "upload_part_bytes": uploads.PART_BYTES,
        "upload_seconds": int(uploads.LIFETIME.total_seconds()),
        "job_seconds": settings.JOB_TIMEOUT,
        "rates": settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"],
    }
