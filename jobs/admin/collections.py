"""All collections and what moderators can do with them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.core import moderation
from jobs.models import AbuseReport, Collection, CollectionItem
from reconsite.admin.actions import ModeratedAdmin, ModerationAction, admin_action
from reconsite.admin.components import ReadOnly, Rows, YesNoFilter, change_url, link

HIDE = ModerationAction(
    "hide",
    "Hide from everyone but staff",
    "Hide these collections? Their models stay as they are.",
    "Hide",
    "hidden",
    moderation.hide_collection,
    "moderate",
    lambda collection: collection.hidden_at is None,
)
UNHIDE = ModerationAction(
    "unhide",
    "Unhide",
    "Unhide these collections?",
    "Unhide",
    "unhidden",
    moderation.unhide_collection,
    "moderate",
    lambda collection: collection.hidden_at is not None,
)


class HiddenFilter(YesNoFilter):
    """Hidden by a moderator."""

    title, parameter_name, condition = "moderation", "hidden", Q(hidden_at__isnull=False)
    labels = ("Hidden by a moderator", "Not hidden")


class ItemInline(Rows):
    model = CollectionItem
    fields = readonly_fields = ("position", "job", "follows_collection", "added_at")


class ReportInline(Rows):
    model = AbuseReport
    fields = readonly_fields = ("created_at", "reason", "text", "reporter", "closed_at")


@admin.register(Collection)
class CollectionAdmin(ModeratedAdmin, ReadOnly, admin.ModelAdmin[Collection]):
    """All collections; the actions call the commands of jobs.core.moderation."""

    list_display = ("title", "owner", "visibility", "created_at", "published_at", "hidden_at")
    list_filter = ("visibility", HiddenFilter)
    date_hierarchy = "created_at"
    search_fields = ("title", "description", "owner__email", "owner__display_name", "id")
    search_help_text = "Title, description, owner’s name or email, or ID"
    list_select_related = ("owner",)
    fields = readonly_fields = (
        "title",
        "page",
        "description",
        "visibility",
        "created_at",
        "published_at",
        "hidden_at",
    )
    inlines = (ReportInline, ItemInline)
    moderation_actions = (HIDE, UNHIDE)
    actions = tuple(admin_action(action) for action in moderation_actions)

    @admin.display(description="View on site")
    def page(self, collection: Collection) -> SafeString:
        """Links to the collection's page and to its owner."""
        page = link(collection.get_absolute_url(), "Collection page")
        return format_html("{} · {}", page, link(change_url(collection.owner), collection.owner))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who sees the list on the front page."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        """Who may view models may view collections of them."""
        return request.user.has_perm("jobs.view_job")

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Who can moderate models can moderate collections."""
        return request.user.has_perm("jobs.change_job")
