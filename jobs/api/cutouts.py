"""Cutouts before the job: look at one, edit its mask, use it in a job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.models import User
from jobs.api.base import ApiViewSet
from jobs.api.file_download import FileActions
from jobs.api.recipes import FormBoolean, PointField
from jobs.api.schema import problems
from jobs.api.throttling import UserLimit
from jobs.core import cutouts, uploads
from jobs.core.photos import check_photo
from jobs.http.lookup import get_or_404
from jobs.http.serializers import NoteSerializer
from jobs.models import Cutout
from jobs.work.cutout_process import shared_process
from ml.cutout_options import CutoutOptions
from ml.recipe import MASKS, Recipe


class CutoutLimit(UserLimit):
    """Each cutout keeps both cores busy for about a second; shared with the upload page."""

    scope = "cutout"


class NewCutoutSerializer(serializers.Serializer[Any]):
    """A photo, and how to cut it out."""

    photo = serializers.FileField(allow_empty_file=True, required=False)
    upload = serializers.UUIDField(required=False, help_text="A complete upload, in place of the photo.")
    remove_background = FormBoolean(required=False)
    mask = serializers.ChoiceField(choices=MASKS, required=False)
    subject = PointField(required=False, help_text="x,y: a point of the object, in fractions of width and height.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """There is a photo, as a file or as an upload."""
        if ("photo" in attrs) == ("upload" in attrs):
            raise serializers.ValidationError({"photo": "Send either a photo or an upload."}, code="required")
        return attrs


class MaskSerializer(serializers.Serializer[Any]):
    """A picture of the cutout's size: its transparency is the mask, or without any its brightness."""

    mask = serializers.FileField(allow_empty_file=True)


class CutoutSerializer(serializers.ModelSerializer[Cutout]):
    """A cutout, which a job can use as `cutout` instead of a photo until `expires_at`."""

    width = serializers.SerializerMethodField()
    height = serializers.SerializerMethodField()
    scale = serializers.SerializerMethodField()
    method = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()
    picture_url = serializers.SerializerMethodField()
    photo_url = serializers.SerializerMethodField()

    class Meta:
        model = Cutout
        fields = (
            "id",
            "width",
            "height",
            "scale",
            "method",
            "notes",
            "is_edited",
            "picture_url",
            "photo_url",
            "created_at",
            "expires_at",
        )
        read_only_fields = fields

    def get_width(self, cutout: Cutout) -> int:
        """Of both pictures in pixels."""
        return int(cutout.details["size"][0])

    def get_height(self, cutout: Cutout) -> int:
        """Of both pictures in pixels."""
        return int(cutout.details["size"][1])

    def get_scale(self, cutout: Cutout) -> float:
        """Pixels of the pictures per pixel of the photo, at most 1."""
        return float(cutout.details["scale"])

    def get_method(self, cutout: Cutout) -> str:
        """How the object was found."""
        return str(cutout.details["method"])

    @extend_schema_field(NoteSerializer(many=True))
    def get_notes(self, cutout: Cutout) -> list[dict[str, str]]:
        """Advice on the photo."""
        return list(cutout.details["notes"])

    def get_picture_url(self, cutout: Cutout) -> str:
        """A PNG of the object, transparent around it."""
        return reverse("api:cutout-picture", args=[cutout.pk])

    def get_photo_url(self, cutout: Cutout) -> str:
        """A JPEG of the whole photo, of the same size, for an editor."""
        return reverse("api:cutout-photo", args=[cutout.pk])


class CutoutViewSet(FileActions, ApiViewSet[Cutout]):
    """Cutouts before the job."""

    queryset = Cutout.objects.none()
    serializer_class = CutoutSerializer
    lookup_value_converter = "uuid"
    parser_classes = (MultiPartParser,)
    file_actions = ("picture", "photo")

    def get_throttles(self) -> list[BaseThrottle]:
        """Limits what takes a second of both cores."""
        return [CutoutLimit()] if self.action in ("create", "mask") else []

    @extend_schema(request=NewCutoutSerializer, responses={201: CutoutSerializer} | problems(422, 507))
    def create(self, request: Request) -> Response:
        """Cut the object out of a photo (201). The id can be used in a job for an hour."""
        form = NewCutoutSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        settings = dict(form.validated_data)
        file, upload_ids = settings.pop("photo", None), [settings.pop("upload")] if "upload" in settings else []
        recipe = Recipe.from_dict(settings)
        data, name = (file.read(), file.name) if file is not None else uploads.photos(_me(request), upload_ids)[0]
        photo = check_photo(data, name)
        preview = shared_process.cut(data, CutoutOptions.of_photo(recipe, 0))
        pictures = {cutouts.PICTURE: preview.cutout, cutouts.BACKGROUND: preview.photo}
        options = {name: recipe.to_dict()[name] for name in ("remove_background", "mask", "subject")}
        cutout = cutouts.store(_me(request), photo, pictures, preview.metadata, options)
        uploads.mark_used(upload_ids)
        location = {"Location": reverse("api:cutout-detail", args=[cutout.pk])}
        return Response(CutoutSerializer(cutout).data, status=201, headers=location)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Get one cutout. 404 once it has expired."""
        return Response(CutoutSerializer(self._cutout(pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the cutout before it expires (204)."""
        cutouts.delete(self._cutout(pk))
        return Response(status=204)

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True)
    def picture(self, request: Request, pk: UUID) -> HttpResponse:
        """Download the object as a PNG with transparency."""
        return HttpResponse(cutouts.read(self._cutout(pk), cutouts.PICTURE), content_type="image/png")

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    @action(detail=True)
    def photo(self, request: Request, pk: UUID) -> HttpResponse:
        """Download the whole photo, of the picture's size."""
        return HttpResponse(cutouts.read(self._cutout(pk), cutouts.BACKGROUND), content_type="image/jpeg")

    @extend_schema(request=MaskSerializer, responses=CutoutSerializer)
    @action(detail=True, methods=["put"])
    def mask(self, request: Request, pk: UUID) -> Response:
        """Replace the mask by an edited one. A job then uses exactly this outline, at the picture's size."""
        cutout = self._cutout(pk)
        form = MaskSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        cutouts.set_mask(cutout, form.validated_data["mask"].read())
        return Response(CutoutSerializer(cutout).data)

    def _cutout(self, cutout_id: UUID) -> Cutout:
        return get_or_404(cutouts.find(_me(self.request), cutout_id), "cutout")


def _me(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
