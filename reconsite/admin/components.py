"""Base classes and links that several admin pages use."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


class ReadOnly:
    """An admin that shows rows and changes none."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes one here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes one here."""
        return False


class Rows(ReadOnly, admin.TabularInline[Any, Any]):
    """Rows that belong to the one on the page, below it; they fit any window without scrolling sideways."""

    template = "admin/rows.html"
    extra = 0


class YesNoFilter(admin.SimpleListFilter):
    """Rows that meet `condition`, or those that do not."""

    condition: Any
    labels: tuple[str, str] = ("Yes", "No")
    """Words for rows that meet it, and for those that do not."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two choices."""
        return list(zip(("yes", "no"), self.labels, strict=True))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The rows of the selected choice, all without one."""
        if self.value() == "yes":
            return queryset.filter(self.condition)
        return queryset.exclude(self.condition) if self.value() == "no" else queryset


def link(url: str, text: object) -> SafeString:
    """A link with escaped text."""
    return format_html('<a href="{}">{}</a>', url, text)


def change_url(row: Model) -> str:
    """The page of the admin that shows `row`."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
