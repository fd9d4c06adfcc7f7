"""All jobs and the actions of moderators on them."""

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
from jobs.admin.labels import FailureFilter, failure_label
from jobs.admin.thumbnails import thumbnail
from jobs.core import moderation
from jobs.models import AbuseReport, Artifact, Job, JobEvent, Photo
from ml.engine_registry import ENGINES
from reconsite.admin.actions import ModeratedAdmin, ModerationAction, admin_action
from reconsite.admin.components import ReadOnly, Rows, YesNoFilter, change_url, link

HIDE = ModerationAction(
    "hide",
    "Hide from everyone but staff",
    "Hide these models?",
    "Hide",
    "hidden",
    moderation.hide,
    "moderate",
    lambda job: job.hidden_at is None,
)
UNHIDE = ModerationAction(
    "unhide",
    "Unhide",
    "Unhide these models?",
    "Unhide",
    "unhidden",
    moderation.unhide,
    "moderate",
    lambda job: job.hidden_at is not None,
)
CANCEL = ModerationAction(
    "cancel",
    "Cancel",
    "Cancel these jobs?",
    "Cancel jobs",
    "cancelled",
    moderation.cancel,
    "moderate",
    lambda job: not job.is_terminal,
)

PROGRESS_FIELDS = (
    "created_at",
    "queued_at",
    "started_at",
    "finished_at",
    "attempt",
    "stage",
    "progress",
)
OPEN_REPORTS = AbuseReport.objects.filter(job=OuterRef("pk"), closed_at=None)


class HiddenFilter(YesNoFilter):
    """Hidden by a moderator."""

    title, parameter_name, condition = "moderation", "hidden", Q(hidden_at__isnull=False)
    labels = ("Hidden by a moderator", "Not hidden")


class PublishedFilter(YesNoFilter):
    """Published by the owner."""

    title, parameter_name, condition = "publication", "published", Q(published_at__isnull=False)
    labels = ("Published", "Not published")


class ArchivedFilter(YesNoFilter):
    """Whose files were deleted and can be made again."""

    title, parameter_name, condition = "archive", "archived", Q(archived_at__isnull=False)
    labels = ("Archived", "With all files")


class ReportedFilter(YesNoFilter):
    """With an open report."""

    title, parameter_name, condition = "reports", "reported", Exists(OPEN_REPORTS)
    labels = ("With an open report", "Without open reports")


class OwnerFilter(admin.SimpleListFilter):
    """The owner in the URL, which the list of users links to; a list of all owners would be too long."""

    title, parameter_name = "owner", "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Only the selected owner."""
        owner_id = request.GET.get("owner", "")
        owners = User.objects.filter(pk=owner_id) if _is_id(owner_id) else User.objects.none()
        return [(str(owner.pk), owner.email) for owner in owners]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The jobs of the selected owner; all jobs without one."""
        return queryset.filter(owner=self.value()) if _is_id(self.value() or "") else queryset


class EngineFilter(admin.SimpleListFilter):
    """The engine that made the model; jobs that have not begun have none."""

    title, parameter_name = "engine", "engine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every engine that this site knows."""
        return [(name, spec.label) for name, spec in ENGINES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The jobs of the selected engine; all jobs without one."""
        return queryset.filter(engine=self.value()) if self.value() else queryset


def _is_id(text: str) -> bool:
    """Whether the database can compare it with an id: `²` is a digit too, and 30 digits are no bigint."""
    return text.isascii() and text.isdigit() and len(text) <= 18


class PhotoInline(Rows):
    model = Photo
    fields = ("position", "original_name", "width", "height", "size")


class ArtifactInline(Rows):
    model = Artifact
    fields = ("name", "size", "sha256")


class EventInline(Rows):
    model = JobEvent
    fields = ("seq", "at", "kind", "state", "stage", "code")


class ReportInline(Rows):
    model = AbuseReport
    fields = readonly_fields = ("created_at", "reason", "text", "reporter", "closed_at")


@admin.register(Job)
class JobAdmin(ModeratedAdmin, ReadOnly, admin.ModelAdmin[Job]):
    """All jobs; the actions call the commands of jobs.core.moderation."""

    list_display = ("poster", "title", "owner", "outcome", "visibility", "created_at")
    list_display_links = ("poster", "title")
    list_filter = (
        "state",
        HiddenFilter,
        PublishedFilter,
        ReportedFilter,
        ArchivedFilter,
        OwnerFilter,
        FailureFilter,
        EngineFilter,
    )
    date_hierarchy = "created_at"
    search_fields = ("title", "owner__email", "owner__display_name", "id")
    search_help_text = "Title, owner’s name or email, or ID"
    list_select_related = ("owner",)
    readonly_fields = ("poster", "page", "id", "created_at")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "poster",
                    "title",
                    "page",
                    "id",
                    "state",
                    "archived_at",
                    "published_at",
                    "hidden_at",
                    "deleted_at",
                    "tags",
                )
            },
        ),
        ("Failure", {"fields": ("failure_code", "failure_message", "failure_detail")}),
        ("Settings", {"fields": ("recipe", "parent", "engine", "stage_seconds", "size")}),
        ("Progress", {"fields": PROGRESS_FIELDS}),
        ("Report", {"fields": ("report",), "classes": ("collapse",)}),
    )
    inlines = (ReportInline, PhotoInline, ArtifactInline, EventInline)
    moderation_actions = (HIDE, UNHIDE, CANCEL)
    actions = tuple(admin_action(action) for action in moderation_actions)

    @admin.display(description="Poster")
    def poster(self, job: Job) -> SafeString | str:
        """A thumbnail of the model."""
        return thumbnail(job)

    @admin.display(description="State", ordering="state")
    def outcome(self, job: Job) -> str:
        """The state, and why a job failed."""
        reason = f": {failure_label(job.failure_code).lower()}" if job.failure_code else ""
        return f"{job.get_state_display()}{reason}"

    @admin.display(description="Visible to", ordering="published_at")
    def visibility(self, job: Job) -> str:
        """Who can see it."""
        if job.deleted_at:
            return "Nobody: deleted"
        return "Staff: hidden" if job.hidden_at else "Everyone" if job.published_at else "Its owner"

    @admin.display(description="View on site")
    def page(self, job: Job) -> SafeString:
        """Links to the job's page and to its owner."""
        page = link(job.get_absolute_url(), "Model page")
        return format_html("{} · {}", page, link(change_url(job.owner), job.owner))

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Who can moderate jobs."""
        return request.user.has_perm("jobs.change_job")

    def get_urls(self) -> list[URLPattern]:
        """Adds the dashboard."""
        view = self.admin_site.admin_view(health.health)
        return [path("health/", view, name="jobs_health"), *super().get_urls()]
