"""The cutout before the job: a photo in, what would be cut out of it and advice on it back. Nothing is stored."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes, throttle_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from jobs.core.photos import check_size
from jobs.http.errors import as_api_exception
from jobs.work.cutout_process import RETRY_AFTER_SECONDS, Preview, previewer
from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected


class CutoutThrottle(UserRateThrottle):
    """Each costs the server about a second of both cores."""

    scope = "cutout"


class CutoutForm(serializers.Serializer[Any]):
    """One photo."""

    photo = serializers.FileField(allow_empty_file=True)


@extend_schema(exclude=True)  # it belongs to the upload page: an app sends the photo itself
@api_view(["POST"])
@parser_classes([MultiPartParser])
@throttle_classes([CutoutThrottle])
def cutout(request: Request) -> Response:
    """JSON: `photo` and `cutout` as data URLs of one size, its `scale` to the original, `method`, `notes`, `advice`."""
    form = CutoutForm(data=request.data)
    form.is_valid(raise_exception=True)
    try:
        made = _cut(form.validated_data["photo"])
    except (Rejected, ReconstructionError) as error:
        refusal = as_api_exception(error)
        if getattr(error, "code", "").startswith("preview_"):
            refusal.wait = RETRY_AFTER_SECONDS  # type: ignore[attr-defined]  # becomes Retry-After
        raise refusal from error
    return Response(_told(made), headers={"Cache-Control": "no-store"})


def _cut(photo: UploadedFile[bytes]) -> Preview:
    check_size(photo.size or 0)
    return previewer.cut(photo.read())


def _told(made: Preview) -> dict[str, Any]:
    return {
        **made.facts,
        "photo": _data_url("image/jpeg", made.photo),
        "cutout": _data_url("image/png", made.cutout),
    }


def _data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"
