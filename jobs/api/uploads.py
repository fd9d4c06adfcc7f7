"""Resumable uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload) with the extensions of EXTENSIONS."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.models import User
from jobs.api.base import ApiViewSet
from jobs.api.schema import problems
from jobs.api.throttling import UserLimit
from jobs.core import uploads
from jobs.http.lookup import get_or_404
from jobs.models import Upload
from reconsite.core.errors import Rejected

TUS_VERSION = "1.0.0"
EXTENSIONS = ("creation", "termination", "expiration", "checksum")
METADATA_LENGTH = 1000
"""Characters of the header Upload-Metadata, of which only the file name is kept."""
MAX_DIGITS = 18
"""Of a number in a header: what the database can hold."""


class UploadLimit(UserLimit):
    """New uploads of one person."""

    scope = "upload"


class OffsetStream(BaseParser):
    """The bytes of a part. `reconsite.limited_request` has limited them, and the view checks them against the rest."""

    media_type = "application/offset+octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """All bytes."""
        return stream.read()


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """A photo that arrives in parts. Complete when `offset` is `length`: then it can be used until `expires_at`."""

    class Meta:
        model = Upload
        fields = ("id", "original_name", "length", "offset", "is_complete", "created_at", "expires_at")
        read_only_fields = fields

    is_complete = serializers.BooleanField(read_only=True)


def _header(name: str, kind: Any, description: str, *, required: bool = False, pattern: str = "") -> OpenApiParameter:
    schema: Any = {"type": "string", "pattern": pattern} if pattern else kind
    return OpenApiParameter(name, schema, OpenApiParameter.HEADER, required=required, description=description)


VERSION_HEADER = _header("Tus-Resumable", str, f"The version of the protocol, {TUS_VERSION}. 412 for another one.")
LENGTH_HEADER = _header("Upload-Length", int, "Bytes of the whole photo.", required=True)
METADATA_HEADER = _header("Upload-Metadata", str, "`filename`, a space, and the file's name in base64.")
OFFSET_HEADER = _header("Upload-Offset", int, "Number of the part's first byte.", required=True)
CHECKSUM_HEADER = _header("Upload-Checksum", str, "`sha1` or `sha256`, a space, and the part's digest in base64.")
RESPONSE_OFFSET = OpenApiParameter(
    "Upload-Offset", int, OpenApiParameter.HEADER, description="Number of the next byte.", response=[204]
)


class UploadViewSet(ApiViewSet[Upload]):
    """Resumable uploads, to use as `upload` in a job or a cutout instead of a photo."""

    queryset = Upload.objects.none()
    serializer_class = UploadSerializer
    lookup_value_converter = "uuid"

    def get_parsers(self) -> list[Any]:
        """A part is plain bytes; nothing else has a body."""
        is_part = bool(self.action_map) and self.action_map.get("patch") == "partial_update"
        return [OffsetStream()] if is_part else super().get_parsers()

    def get_throttles(self) -> list[BaseThrottle]:
        """Limits new uploads; parts are limited by the length."""
        return [UploadLimit()] if self.action == "create" else []

    def get_permissions(self) -> list[BasePermission | Any]:
        """Everybody may ask what the server supports."""
        is_question = self.request is not None and self.request.method == "OPTIONS"
        return [AllowAny()] if is_question else list(super().get_permissions())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Reject another version of the protocol; without the header this is an API like any other."""
        super().initial(request, *args, **kwargs)
        if request.headers.get("Tus-Resumable", TUS_VERSION) != TUS_VERSION:
            raise Rejected("tus_version")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Every response names the version, a rejected one the supported ones too."""
        response["Tus-Resumable"] = TUS_VERSION
        if response.status_code == 412:
            response["Tus-Version"] = TUS_VERSION
        return super().finalize_response(request, response, *args, **kwargs)

    @extend_schema(exclude=True)
    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """What of the protocol is supported."""
        headers = {
            "Tus-Version": TUS_VERSION,
            "Tus-Extension": ",".join(EXTENSIONS),
            "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
            "Tus-Checksum-Algorithm": ",".join(uploads.CHECKSUMS),
        }
        return Response(status=204, headers=headers)

    @extend_schema(
        request=None,
        parameters=[VERSION_HEADER, LENGTH_HEADER, METADATA_HEADER],
        responses={201: UploadSerializer} | problems(400, 412, 413, 507),
    )
    def create(self, request: Request) -> Response:
        """Begin an upload (201). Send the photo to the address in `Location`, part by part."""
        length = _number(request, "Upload-Length")
        upload = uploads.create(_me(request), length, _file_name(request.headers.get("Upload-Metadata", "")))
        location = {"Location": reverse("api:upload-detail", args=[upload.pk])}
        return self._response(upload, 201, **location)

    @extend_schema(parameters=[VERSION_HEADER], responses={200: UploadSerializer} | problems(412))
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """How much has arrived, in the body and (for `HEAD` too) in the headers of the protocol."""
        return self._response(self._upload(pk), 200)

    @extend_schema(
        request={OffsetStream.media_type: OpenApiTypes.BINARY},
        parameters=[VERSION_HEADER, OFFSET_HEADER, CHECKSUM_HEADER, RESPONSE_OFFSET],
        responses={204: None} | problems(409, 412, 460, 507),
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Add a part (204). 409 if it does not begin where the upload ends: ask for the offset and continue there."""
        upload, offset = self._upload(pk), _number(request, "Upload-Offset")
        if int(request.META.get("CONTENT_LENGTH") or 0) > upload.length:  # before it is read
            raise Rejected("too_large", "This is more than the announced length. Begin another upload.")
        sent: Any = request.data
        data = sent if isinstance(sent, bytes) else b""  # REST framework's empty form, for a request without a body
        upload = uploads.append(upload, offset, data, request.headers.get("Upload-Checksum", ""))
        return self._response(upload, 204)

    @extend_schema(parameters=[VERSION_HEADER], responses={204: None} | problems(412))
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Give the upload up, and delete what has arrived (204)."""
        uploads.delete(self._upload(pk))
        return Response(status=204)

    def _upload(self, upload_id: UUID) -> Upload:
        return get_or_404(uploads.find(_me(self.request), upload_id), "upload")

    def _response(self, upload: Upload, status: int, **headers: str) -> Response:
        headers |= {
            "Upload-Offset": str(upload.offset),
            "Upload-Length": str(upload.length),
            "Upload-Expires": http_date(upload.expires_at.timestamp()),
            "Cache-Control": "no-store",
        }
        return Response(None if status == 204 else UploadSerializer(upload).data, status=status, headers=headers)


def _number(request: Request, name: str) -> int:
    """The value of a header. Raises ValidationError."""
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS):
        code = "invalid" if value else "required"
        raise ValidationError({name: [f"The header {name} must be a number of bytes."]}, code=code)
    return int(value)


def _file_name(metadata: str) -> str:
    """The value of `filename` in Upload-Metadata: pairs of a key and base64, with commas between them."""
    pairs = dict(entry.strip().partition(" ")[::2] for entry in metadata[:METADATA_LENGTH].split(","))
    try:
        return base64.b64decode(pairs.get("filename", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        message = "The header Upload-Metadata must have the file name in base64."
        raise ValidationError({"Upload-Metadata": [message]}, code="invalid") from error


def _me(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
