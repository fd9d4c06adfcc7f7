"""The reports from visitors, open ones first."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from jobs.admin.reports_commands import hide_reported
from jobs.admin.review import review
from jobs.admin.thumbnails import thumbnail
from jobs.core import moderation
from jobs.models import AbuseReport, Job
from reconsite.admin.actions import ModeratedAdmin, ModerationAction, admin_action
from reconsite.admin.components import ReadOnly, YesNoFilter, change_url, link

MAX_LISTED_CHARACTERS = 80
"""Characters of a report's text that fit in a row of the list."""


CLOSE = ModerationAction(
    "close",
    "Close without action",
    "Close these reports without hiding the models?",
    "Close",
    "closed",
    moderation.close_report,
    "moderate",
    lambda report: report.closed_at is None,
)
HIDE_MODEL = ModerationAction(
    "hide_model",
    "Hide what was reported and close its reports",
    "Hide what was reported and close its reports?",
    "Hide",
    "resolved",
    hide_reported,
    "hide",
    lambda report: report.subject.hidden_at is None,
)


class OpenFilter(YesNoFilter):
    """Not closed yet."""

    title, parameter_name, condition = "status", "open", Q(closed_at=None)
    labels = ("Open", "Closed")


@admin.register(AbuseReport)
class AbuseReportAdmin(ModeratedAdmin, ReadOnly, admin.ModelAdmin[AbuseReport]):
    """Reports from visitors."""

    list_display = ("poster", "reason", "short_text", "reported", "reporter", "created_at", "is_open")
    list_display_links = ("poster", "reason")
    list_filter = (OpenFilter, "reason")
    ordering = (F("closed_at").desc(nulls_first=True), "-created_at")
    date_hierarchy = "created_at"
    search_fields = (
        "text",
        "job__title",
        "job__id",
        "job__owner__email",
        "collection__title",
        "collection__owner__email",
        "reporter__email",
    )
    search_help_text = "Report text, title, model ID, email of owner or reporter"
    list_select_related = ("job__owner", "collection__owner", "reporter")
    fields = ("poster", "reported", "reason", "text", "reporter", "created_at", "closed_at")
    readonly_fields = fields
    moderation_actions = (HIDE_MODEL, CLOSE)
    actions = tuple(admin_action(action) for action in moderation_actions)

    @admin.display(description="Poster")
    def poster(self, report: AbuseReport) -> SafeString | str:
        """A thumbnail of the reported model."""
        return thumbnail(report.job) if report.job else "–"

    @admin.display(description="Report", ordering="text")
    def short_text(self, report: AbuseReport) -> str:
        """The start of the text."""
        return Truncator(report.text).chars(MAX_LISTED_CHARACTERS)

    @admin.display(description="Reported", ordering="job__title")
    def reported(self, report: AbuseReport) -> SafeString:
        """Links to the model or collection in the admin, to its page, and to its owner."""
        subject = report.subject
        kind = "" if isinstance(subject, Job) else "Collection: "
        hidden = " (hidden)" if subject.hidden_at else ""
        row = link(change_url(subject), f"{kind}{subject.title or 'Untitled'}{hidden}")
        page = link(subject.get_absolute_url(), "page")
        return format_html("{} · {}<br>by {}", row, page, link(change_url(subject.owner), subject.owner))

    @admin.display(description="Open", boolean=True, ordering="closed_at")
    def is_open(self, report: AbuseReport) -> bool:
        """True until a moderator closes it."""
        return report.closed_at is None

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Who can close reports."""
        return request.user.has_perm("jobs.change_abusereport")

    def has_hide_permission(self, request: HttpRequest) -> bool:
        """Who can also hide what was reported."""
        return self.has_moderate_permission(request) and request.user.has_perm("jobs.change_job")

    def get_urls(self) -> list[URLPattern]:
        """Adds the page on which reports are reviewed one after another."""
        return [
            path("review/", self.admin_site.admin_view(review), name="jobs_abusereport_review"),
            *super().get_urls(),
        ]
