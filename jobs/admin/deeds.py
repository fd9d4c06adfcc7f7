"""Acts of moderation as actions of the admin: each asks for the reason on a page of its own, then does it."""

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

from accounts.models import User
from jobs.core.failures import Refused

CHOSEN_PER_PAGE = 40
"""Rows of a list with actions: each chosen row is a field of the form, and a request may have 50 of them."""


@dataclass(frozen=True)
class Deed:
    """One verb of jobs.core.moderation as the admin offers it; `done` completes “2 of 3 …”."""

    name: str
    label: str
    question: str
    button: str
    done: str
    verb: Callable[[User, Any, str], bool]
    permission: str
    applies: Callable[[Any], bool] = lambda row: True
    """Whether a row is such that the deed changes something; else its page does not offer it."""


class ReasonForm(forms.Form):
    """Why; it is kept with the act."""

    reason = forms.CharField(
        max_length=300,
        help_text="It is kept with what you do, for the other moderators.",
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True, "class": "vLargeTextField"}),
    )


def action_of(deed: Deed) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]:
    """The action that Django's admin calls with the chosen rows."""

    @admin.action(description=deed.label, permissions=[deed.permission])
    def action(model_admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return _ask(model_admin, request, chosen, deed, form)
        _carry_out(request, chosen, deed, form.cleaned_data["reason"])
        return None

    action.__name__ = deed.name
    return action


def _ask(model_admin: Any, request: HttpRequest, chosen: QuerySet[Any], deed: Deed, form: ReasonForm) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": deed.question,
        "opts": model_admin.opts,
        "deed": deed,
        "form": form,
        "chosen": chosen,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return render(request, "admin/reason.html", context)


def _carry_out(request: HttpRequest, chosen: QuerySet[Any], deed: Deed, reason: str) -> None:
    """Do it to each, say how many it changed, and why one could not be."""
    rows = list(chosen)
    done = sum(_one(request, row, deed, reason) for row in rows)
    level = messages.SUCCESS if done else messages.WARNING
    messages.add_message(request, level, f"{done} of {len(rows)} {deed.done}.")


def _one(request: HttpRequest, row: Model, deed: Deed, reason: str) -> bool:
    assert isinstance(request.user, User)
    try:
        return deed.verb(request.user, row, reason)
    except Refused as error:
        messages.error(request, f"{row}: {error.message}")
        return False


class Moderated:
    """A list whose rows have deeds; on the page of one row they are buttons."""

    deeds: tuple[Deed, ...] = ()
    list_per_page = CHOSEN_PER_PAGE
    change_form_template: Any = "admin/moderated_change_form.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one row, with a button for each deed that makes sense."""
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        more = {"deeds": self._offered(request, row), "checkbox_name": ACTION_CHECKBOX_NAME, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)  # type: ignore[misc, no-any-return]

    def _offered(self, request: HttpRequest, row: Model | None) -> list[Deed]:
        """What this moderator can do to this row."""
        allowed = [deed for deed in self.deeds if getattr(self, f"has_{deed.permission}_permission")(request)]
        return [deed for deed in allowed if row is not None and deed.applies(row)]
