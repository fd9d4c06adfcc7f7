"""Photos and files of all jobs, to be found."""

from __future__ import annotations

from django.contrib import admin

from jobs.models import Artifact, Photo
from reconsite.admin.components import ReadOnly


@admin.register(Photo)
class PhotoAdmin(ReadOnly, admin.ModelAdmin[Photo]):
    """Names and sizes of photos."""

    list_display = ("original_name", "job", "width", "height", "size")
    search_fields = ("original_name", "job__id", "job__owner__email")
    list_select_related = ("job",)


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly, admin.ModelAdmin[Artifact]):
    """Names and sizes of results."""

    list_display = ("name", "job", "size")
    list_filter = ("name",)
    search_fields = ("job__id", "job__owner__email")
    list_select_related = ("job",)
