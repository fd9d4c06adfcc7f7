"""Words for the codes in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from jobs.models import Job


def failure_label(code: str) -> str:
    """“No subject” for `no_subject`."""
    return code.replace("_", " ").capitalize()


class FailureFilter(admin.SimpleListFilter):
    """Why jobs failed, in words; only reasons that occur."""

    title, parameter_name = "reason of failure", "failure_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The reasons, in alphabetical order."""
        codes = Job.objects.exclude(failure_code="").order_by("failure_code")
        return [(code, failure_label(code)) for code in codes.values_list("failure_code", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The jobs that failed for the selected reason; all jobs without one."""
        return queryset.filter(failure_code=self.value()) if self.value() else queryset
