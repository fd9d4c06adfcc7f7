"""The audit log of moderation: who did what, to what, and why."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs.models import ModerationAct
from reconsite.admin.components import ReadOnly, change_url, link


@admin.register(ModerationAct)
class ModerationActAdmin(ReadOnly, admin.ModelAdmin[ModerationAct]):
    """Read-only; jobs.core.moderation writes it."""

    list_display = ("at", "actor", "act", "about", "reason")
    list_filter = ("act", ("actor", admin.RelatedOnlyFieldListFilter))
    date_hierarchy = "at"
    search_fields = ("reason", "subject", "actor__email", "person__email", "job__id")
    search_help_text = "Reason, title, email or model ID"
    fields = readonly_fields = ("at", "actor", "act", "about", "reason")
    list_select_related = ("actor", "job", "collection", "person")

    @admin.display(description="About", ordering="subject")
    def about(self, act: ModerationAct) -> SafeString | str:
        """Link to the model, the collection or the user; plain text once it has been deleted."""
        row = act.job or act.collection or act.person
        return link(change_url(row), act.subject or "Untitled") if row else act.subject
