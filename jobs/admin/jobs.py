"""All jobs, with what moderators may do to them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from jobs.admin import health
from jobs.admin.posters import thumbnail
from jobs.core import moderation
from jobs.models import AbuseReport, Artifact, Job, JobEvent, Photo
from reconsite.admin.actions import ModeratedAdmin, ModerationAction, admin_action
from reconsite.admin.components import ReadOnly, YesNoFilter, change_url, link

HIDE = ModerationAction(
    "hide",
    "Hide from everybody but staff",
    "Hide these models?",
    "Hide",
    "hidden",
    moderation.hide,
    "moderate",
    lambda job: job.hidden_at is None,
)
UNHIDE = ModerationAction(
    "unhide",
    "Show again",
    "Show these models again?",
    "Show again",
    "shown again",
    moderation.unhide,
    "moderate",
    lambda job: job.hidden_at is not None,
)
CANCEL = ModerationAction(
    "cancel",
    "Cancel",
    "Cancel these jobs?",
    "Cancel them",
    "cancelled",
    moderation.cancel,
    "moderate",
    lambda job: not job.is_terminal,
)

TIMES = (
    "created_at",
    "queued_at",
    "started_at",
    "finished_at",
    "attempt",
    "stage",
    "progress",
    "worker",
    "lease_expires_at",
)
OPEN_REPORTS = AbuseReport.objects.filter(job=OuterRef("pk"), closed_at=None)


class HiddenFilter(YesNoFilter):
    """Taken out of sight by a moderator."""

    title, parameter_name, condition = "hidden", "hidden", Q(hidden_at__isnull=False)


class PublishedFilter(YesNoFilter):
    """Shown to everybody by its owner."""

    title, parameter_name, condition = "published", "published", Q(published_at__isnull=False)


class ReportedFilter(YesNoFilter):
    """With a report that nobody has dealt with."""

    title, parameter_name, condition = "reported", "reported", Exists(OPEN_REPORTS)


class OwnerFilter(admin.SimpleListFilter):
    """The owner that a link of the list of people has chosen; a list of all would be too long."""

    title, parameter_name = "owner", "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The chosen owner alone."""
        chosen = request.GET.get("owner", "")
        owners = User.objects.filter(pk=chosen) if chosen.isdigit() else User.objects.none()
        return [(str(owner.pk), owner.email) for owner in owners]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Their jobs."""
        return queryset.filter(owner=self.value()) if self.value() else queryset


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


class ReportInline(ReadOnly, admin.TabularInline[AbuseReport, Job]):
    model = AbuseReport
    extra = 0
    fields = readonly_fields = ("created_at", "reason", "text", "reporter", "closed_at")


@admin.register(Job)
class JobAdmin(ModeratedAdmin, ReadOnly, admin.ModelAdmin[Job]):
    """All jobs; the actions call the verbs of jobs.core.moderation."""

    list_display = ("poster", "title", "owner", "state", "failure_code", "created_at", "published_at", "hidden_at")
    list_display_links = ("poster", "title")
    list_filter = ("state", HiddenFilter, PublishedFilter, ReportedFilter, OwnerFilter, "failure_code", "engine")
    date_hierarchy = "created_at"
    search_fields = ("title", "owner__email", "owner__display_name", "id")
    search_help_text = "Title, the owner’s name or address, or the id"
    list_select_related = ("owner",)
    readonly_fields = ("poster", "page", "id", "created_at")
    fieldsets = (
        (
            None,
            {"fields": ("poster", "title", "page", "id", "state", "published_at", "hidden_at", "deleted_at", "tags")},
        ),
        ("What went wrong", {"fields": ("failure_code", "failure_message", "failure_detail")}),
        ("How it was made", {"fields": ("recipe", "parent", "engine", "stage_seconds", "size")}),
        ("When and where", {"fields": TIMES}),
        ("Report", {"fields": ("report",), "classes": ("collapse",)}),
    )
    inlines = (ReportInline, PhotoInline, ArtifactInline, EventInline)
    moderation_actions = (HIDE, UNHIDE, CANCEL)
    actions = tuple(admin_action(action) for action in moderation_actions)

    @admin.display(description="Poster")
    def poster(self, job: Job) -> SafeString | str:
        """A small picture, where there is one."""
        return thumbnail(job)

    @admin.display(description="On the site")
    def page(self, job: Job) -> SafeString:
        """The job as its owner sees it, and the owner."""
        page = link(job.get_absolute_url(), "The model’s page")
        return format_html("{} · {}", page, link(change_url(job.owner), job.owner))

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Who may act on other people's jobs."""
        return request.user.has_perm("jobs.change_job")

    def get_urls(self) -> list[URLPattern]:
        """The page of queue and workers lies beside the list."""
        view = self.admin_site.admin_view(health.health)
        return [path("health/", view, name="jobs_health"), *super().get_urls()]
