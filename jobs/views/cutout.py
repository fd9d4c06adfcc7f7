"""The cutout preview of the upload page: a photo in; its cutout and notes out. Nothing is stored."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes, throttle_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.recipes import FormBoolean, PointField
from jobs.api.throttling import UserLimit
from jobs.core.photos import check_size
from jobs.work.cutout_process import Preview, shared_process
from ml.cutout_options import CutoutOptions
from ml.recipe import MASKS, Recipe


class CutoutThrottle(UserLimit):
    """Each preview keeps both cores busy for about a second."""

    scope = "cutout"


class PhotoSerializer(serializers.Serializer[Any]):
    """One photo, and how to cut it out."""

    photo = serializers.FileField(allow_empty_file=True)
    remove_background = FormBoolean(required=False)
    mask = serializers.ChoiceField(choices=MASKS, required=False)
    subject = PointField(required=False)


@extend_schema(exclude=True)  # only for the upload page: an app submits the photo directly
@api_view(["POST"])
@parser_classes([MultiPartParser])
@throttle_classes([CutoutThrottle])
def cutout(request: Request) -> Response:
    """JSON: `photo` and `cutout` as data URLs of equal size, `scale` to the original, `method`, `notes`."""
    form = PhotoSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    settings = dict(form.validated_data)
    photo = settings.pop("photo")
    options = CutoutOptions.of_photo(Recipe.from_dict(settings), 0)
    check_size(photo.size or 0)
    preview = shared_process.cut(photo.read(), options)
    return Response(_preview_json(preview), headers={"Cache-Control": "no-store"})


def _preview_json(preview: Preview) -> dict[str, Any]:
    return {
        **preview.metadata,
        "photo": _data_url("image/jpeg", preview.photo),
        "cutout": _data_url("image/png", preview.cutout),
    }


def _data_url(content_type: str, data: bytes) -> str:
    return f"data:{content_type};base64,{b64encode(data).decode()}"
