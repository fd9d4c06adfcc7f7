"""Moderation commands as actions of the admin: each asks for the reason on a page of its own, then runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from reconsite.core.errors import Rejected

ROWS_PER_PAGE = 40
"""Rows of a list with actions: each selected row is a field of the form, and a request may have 50 of them."""


@dataclass(frozen=True)
class ModerationAction:
    """One command of jobs.core.moderation as the admin offers it; `done` completes “2 of 3 …”."""

    name: str
    label: str
    question: str
    button: str
    done: str
    command: Callable[[Any, Any, str], bool]
    """Called with the moderator, the row and the reason; False when nothing had to be changed."""
    permission: str
    applies: Callable[[Any], bool] = lambda row: True
    """Whether the action would change the row; otherwise the row's page does not offer it."""


class ReasonForm(forms.Form):
    """Why; it is kept in the audit log."""

    reason = forms.CharField(
        max_length=300,
        help_text="Stored in the audit log, where other moderators can see it.",
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True, "class": "vLargeTextField"}),
    )


def admin_action(action: ModerationAction) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]:
    """The function that Django's admin calls with the selected rows."""

    @admin.action(description=action.label, permissions=[action.permission])
    def run(model_admin: Any, request: HttpRequest, selected: QuerySet[Any]) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return _reason_page(model_admin, request, selected, action, form)
        _run_on_all(request, selected, action, form.cleaned_data["reason"])
        return None

    run.__name__ = action.name
    return run


def _reason_page(
    model_admin: Any, request: HttpRequest, selected: QuerySet[Any], action: ModerationAction, form: ReasonForm
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": action.question,
        "opts": model_admin.opts,
        "moderation_action": action,
        "form": form,
        "rows": selected,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return render(request, "admin/reason.html", context)


def _run_on_all(request: HttpRequest, selected: QuerySet[Any], action: ModerationAction, reason: str) -> None:
    """Run it on every row; report how many it changed, and why one was rejected."""
    rows = list(selected)
    changed = sum(_run_on(request, row, action, reason) for row in rows)
    level = messages.SUCCESS if changed else messages.WARNING
    messages.add_message(request, level, f"{changed} of {len(rows)} {action.done}.")


def _run_on(request: HttpRequest, row: Model, action: ModerationAction, reason: str) -> bool:
    try:
        return action.command(request.user, row, reason)
    except Rejected as error:
        messages.error(request, f"{row}: {error.message}")
        return False


class ModeratedAdmin:
    """An admin of rows that can be moderated; on the page of one row the actions are buttons."""

    moderation_actions: tuple[ModerationAction, ...] = ()
    list_per_page = ROWS_PER_PAGE
    change_form_template: Any = "admin/moderated_change_form.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one row, with a button for each action that applies to it."""
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        context = {
            "moderation_actions": self._available_actions(request, row),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)  # type: ignore[misc, no-any-return]

    def _available_actions(self, request: HttpRequest, row: Model | None) -> list[ModerationAction]:
        """What this moderator can do to this row."""
        allowed = [
            action
            for action in self.moderation_actions
            if getattr(self, f"has_{action.permission}_permission")(request)
        ]
        return [action for action in allowed if row is not None and action.applies(row)]
