"""Signed links to a job's files, for viewers that cannot send a header; they work for a quarter of an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.models import User
from jobs.api.file_download import FILE_DOWNLOAD_SCHEMA, FileActions, file_response
from jobs.core import access
from jobs.http.lookup import get_or_404
from jobs.models import Artifact, Job

LIFETIME = timedelta(minutes=15)
"""Long enough to load a model in another app, too short to be passed around."""
_SALT = "jobs.api.links"


class FileLinksSerializer(serializers.Serializer[Any]):
    """Absolute addresses of a job's files, which need no header. Each works until `expires_at`, with Range and ETag.

    The files of an OBJ find each other by their names.
    """

    expires_at = serializers.DateTimeField()
    files = serializers.DictField(child=serializers.URLField())


def links_of(request: Request, user: User, job: Job) -> tuple[datetime, dict[str, str]]:
    """When the links end, and the address of each file. They are as good as `user`'s own access, and end with it."""
    token = signing.dumps([str(job.pk), user.pk], salt=_SALT)
    names = job.artifacts.values_list("name", flat=True)
    addresses = {name: request.build_absolute_uri(reverse("api:link", args=[token, name])) for name in names}
    return timezone.now() + LIFETIME, addresses


def linked_file(token: str, name: str) -> Artifact | None:
    """The file, if the link is genuine and not too old and its creator may still see the job."""
    try:
        job_id, user_id = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    job = access.job_for_read(user, UUID(job_id)) if user else None
    return job.artifacts.select_related("job").filter(name=name).first() if job else None


class LinkedFile(FileActions):
    """A file by a signed link."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    action = "file"

    @extend_schema(operation_id="links_file_download", **FILE_DOWNLOAD_SCHEMA)
    def get(self, request: Request, token: str, name: str) -> HttpResponseBase:
        """Download one file by a signed link. 404 once the link has expired."""
        response = file_response(request, get_or_404(linked_file(token, name), "file"))
        response["Cross-Origin-Resource-Policy"] = "cross-origin"  # the link is enough, also for another site's page
        return response
