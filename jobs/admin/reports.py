"""The queue of reports: what is open comes first."""

from __future__ import annotations

from django.contrib import admin
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from jobs.admin.posters import thumbnail
from jobs.core import moderation
from jobs.models import AbuseReport
from reconsite.admin.actions import ModeratedAdmin, ModerationAction, admin_action
from reconsite.admin.components import ReadOnly, YesNoFilter, change_url, link


@transaction.atomic
def hide_reported(actor: User, report: AbuseReport, reason: str) -> bool:
    """Hide the model and close every open report of it; False when both were done before."""
    hidden = moderation.hide(actor, report.job, reason)
    reports = AbuseReport.objects.filter(job=report.job, closed_at=None)
    closed = [moderation.close_report(actor, other, reason) for other in reports]
    return hidden or any(closed)


CLOSE = ModerationAction(
    "close",
    "Close: nothing to do",
    "Close these reports and leave the models as they are?",
    "Close",
    "closed",
    moderation.close_report,
    "moderate",
    lambda report: report.closed_at is None,
)
HIDE_MODEL = ModerationAction(
    "hide_model",
    "Hide the model and close its reports",
    "Hide the reported models and close their reports?",
    "Hide",
    "dealt with",
    hide_reported,
    "hide",
    lambda report: report.job.hidden_at is None,
)


class OpenFilter(YesNoFilter):
    """Not dealt with yet."""

    title, parameter_name, condition = "open", "open", Q(closed_at=None)


@admin.register(AbuseReport)
class AbuseReportAdmin(ModeratedAdmin, ReadOnly, admin.ModelAdmin[AbuseReport]):
    """What people have reported."""

    list_display = ("poster", "reason", "short_text", "reported", "reporter", "created_at", "is_open")
    list_display_links = ("poster", "reason")
    list_filter = (OpenFilter, "reason")
    ordering = (F("closed_at").desc(nulls_first=True), "-created_at")
    date_hierarchy = "created_at"
    search_fields = ("text", "job__title", "job__id", "job__owner__email", "reporter__email")
    search_help_text = "Text of the report, title or id of the model, address of owner or reporter"
    list_select_related = ("job__owner", "reporter")
    fields = ("poster", "reported", "reason", "text", "reporter", "created_at", "closed_at")
    readonly_fields = fields
    moderation_actions = (HIDE_MODEL, CLOSE)
    actions = tuple(admin_action(action) for action in moderation_actions)

    @admin.display(description="Poster")
    def poster(self, report: AbuseReport) -> SafeString | str:
        """What was reported."""
        return thumbnail(report.job)

    @admin.display(description="Report", ordering="text")
    def short_text(self, report: AbuseReport) -> str:
        """Its beginning."""
        return report.text if len(report.text) <= 80 else f"{report.text[:79]}…"

    @admin.display(description="Model", ordering="job__title")
    def reported(self, report: AbuseReport) -> SafeString:
        """The job in the admin, its page, and its owner."""
        job = report.job
        hidden = " (hidden)" if job.hidden_at else ""
        about = link(change_url(job), f"{job.title or 'Untitled'}{hidden}")
        page = link(job.get_absolute_url(), "page")
        return format_html("{} · {}<br>by {}", about, page, link(change_url(job.owner), job.owner))

    @admin.display(description="Open", boolean=True, ordering="closed_at")
    def is_open(self, report: AbuseReport) -> bool:
        """True until somebody dealt with it."""
        return report.closed_at is None

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Who may close reports."""
        return request.user.has_perm("jobs.change_abusereport")

    def has_hide_permission(self, request: HttpRequest) -> bool:
        """Who may hide the model as well."""
        return self.has_moderate_permission(request) and request.user.has_perm("jobs.change_job")
