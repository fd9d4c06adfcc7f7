"""The photos and result files of all jobs, for search."""

from __future__ import annotations

from django.contrib import admin

from jobs.models import Artifact, Photo
from reconsite.admin.components import ReadOnly


@admin.register(Photo)
class PhotoAdmin(ReadOnly, admin.ModelAdmin[Photo]):
    """Photos: names and sizes only."""

    list_display = ("original_name", "job", "width", "height", "size")
    search_fields = ("original_name", "job__id", "job__owner__email")
    list_select_related = ("job",)


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly, admin.ModelAdmin[Artifact]):
    """Result files: names and sizes only."""

    list_display = ("name", "job", "size")
    list_filter = ("name",)
    search_fields = ("job__id", "job__owner__email")
    list_select_related = ("job",)
