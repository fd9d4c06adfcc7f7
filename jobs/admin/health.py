"""The dashboard: reports, queue, workers, storage, failures, and the last 24 hours, for staff who may view jobs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.admin.charts import Chart, bar_chart
from jobs.admin.labels import failure_label
from jobs.core import activity
from jobs.core.health import Health, Worker, gather
from jobs.models import Job
from ml.stages import STAGES

TITLES = {stage.name: stage.title for stage in STAGES}


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The page; `admin_view` has already checked that the user is staff."""
    if not request.user.has_perm("jobs.view_job"):
        raise PermissionDenied
    found = gather()
    context = {
        **admin.site.each_context(request),
        "title": "Dashboard",
        "health": found,
        "charts": _charts(),
        "workers": _workers(found),
        "failures": [(code, failure_label(code), number) for code, number in found.failures],
        "stored_bytes": activity.stored_bytes(),
    }
    return render(request, "admin/health.html", context)


def _charts() -> list[Chart]:
    hours = activity.last_hours()
    return [
        bar_chart("Models made", [(hour.at, hour.succeeded) for hour in hours]),
        bar_chart("Failed", [(hour.at, hour.failed) for hour in hours]),
        bar_chart("Cancelled", [(hour.at, hour.cancelled) for hour in hours]),
    ]


def _workers(found: Health) -> list[dict[str, Any]]:
    """In the order of the names, which begin with that of the host."""
    running = activity.jobs_at_work()
    rows = sorted(found.workers, key=lambda worker: worker.name)
    return [_row(worker, running.get(worker.name)) for worker in rows]


def _row(worker: Worker, job: Job | None) -> dict[str, Any]:
    return {"worker": worker, "job": job, "stage": TITLES.get(job.stage, "") if job else ""}
