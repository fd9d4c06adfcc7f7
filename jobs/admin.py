"""Moderation: look at jobs, hide them, stop them. Rows are read here, changed only by jobs.services."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import services
from jobs.models import Artifact, Job, JobEvent, Photo, State


class ReadOnly:
    """What happened is shown, not written."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PhotoInline(ReadOnly, admin.TabularInline[Photo, Job]):
    model = Photo
    extra = 0
    fields = ("position", "original_name", "width", "height", "size")


class ArtifactInline(ReadOnly, admin.TabularInline[Artifact, Job]):
    model = Artifact
    extra = 0
    fields = ("name", "size", "sha256")


class EventInline(ReadOnly, admin.TabularInline[JobEvent, Job]):
    model = JobEvent
    extra = 0
    fields = ("seq", "at", "kind", "state", "stage", "code")


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin[Job]):
    """All jobs; the two actions call the same verbs as the site."""

    list_display = ("poster", "title", "owner", "state", "failure_code", "engine", "created_at", "hidden_at")
    list_display_links = ("poster", "title")
    list_filter = ("state", "failure_code", "engine", ("hidden_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("title", "owner__email", "id")
    list_select_related = ("owner",)
    exclude = ("lease_token",)
    inlines = (PhotoInline, ArtifactInline, EventInline)
    actions = ("hide", "unhide", "cancel")

    @admin.display(description="Poster")
    def poster(self, job: Job) -> SafeString | str:
        """A small picture, where there is one."""
        if job.state != State.SUCCEEDED:
            return "–"
        return format_html('<img src="{}" width="64" height="64" alt="" loading="lazy">', job.poster_url)

    @admin.action(description="Hide from everybody but staff", permissions=["moderate"])
    def hide(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Take the chosen jobs out of sight."""
        self._each(request, jobs, services.hide, "hidden")

    @admin.action(description="Show again", permissions=["moderate"])
    def unhide(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Show the chosen jobs to their owners again."""
        self._each(request, jobs, services.unhide, "shown again")

    @admin.action(description="Cancel", permissions=["moderate"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Stop the chosen jobs."""
        self._each(request, jobs, services.cancel, "cancelled")

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Who may act on other people's jobs."""
        return request.user.has_perm("jobs.change_job")

    def _each(self, request: HttpRequest, jobs: QuerySet[Job], verb: Callable[[UUID], bool], word: str) -> None:
        """Apply a verb to each chosen job, note it in the log of the admin, and say how many it changed."""
        changed = [job for job in jobs if verb(job.pk)]
        for job in changed:
            self.log_change(request, job, word)
        messages.success(request, f"{len(changed)} of {len(jobs)} {word}.")


@admin.register(Photo)
class PhotoAdmin(ReadOnly, admin.ModelAdmin[Photo]):
    list_display = ("original_name", "job", "width", "height", "size")
    search_fields = ("original_name", "job__id", "job__owner__email")
    list_select_related = ("job",)


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly, admin.ModelAdmin[Artifact]):
    list_display = ("name", "job", "size")
    list_filter = ("name",)
    search_fields = ("job__id", "job__owner__email")
    list_select_related = ("job",)


admin.site.site_header = admin.site.site_title = "Reconsite"
