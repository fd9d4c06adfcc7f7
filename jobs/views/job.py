"""The page of one job and the acts on it. Every act is a verb of jobs.services; every door is jobs.access."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs import access, services
from jobs.api.serializers import JobSerializer
from jobs.delivery import deliver
from jobs.failures import Refused
from jobs.models import State
from jobs.result_page import result_context
from jobs.views.doors import found
from ml.stages import STAGES


@login_required
@require_safe
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Progress while there is something to wait for or to say, the result once it is there."""
    job = found(access.job_for_read(request.user, job_id))
    context = {"job": job, "job_data": JobSerializer(job).data, "stages": STAGES, "can_retry": job.can_retry}
    if job.state == State.SUCCEEDED:
        return render(request, "jobs/result.html", {**context, **result_context(job)})
    return render(request, "jobs/progress.html", context)


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Stop it."""
    job = found(access.job_for_write(request.user, job_id))
    if not services.cancel(job.pk):
        messages.info(request, "The job had already ended.")
    return redirect(job)


@login_required
@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Try it once more."""
    job = found(access.job_for_write(request.user, job_id))
    try:
        if not services.retry(job):
            messages.info(request, "Only a failed or cancelled job can be tried again.")
    except Refused as error:
        messages.error(request, error.message)
    return redirect(job)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask, then delete."""
    job = found(access.job_for_write(request.user, job_id))
    if request.method != "POST":
        return render(request, "jobs/confirm_delete.html", {"job": job})
    services.delete(job.pk)
    messages.success(request, f"“{job.title}” was deleted.")
    return redirect("jobs:gallery")


@login_required
@require_safe
def file(request: HttpRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """One file of a result."""
    job = found(access.job_for_read(request.user, job_id))
    artifact = job.artifacts.select_related("job").filter(name=name).first()
    if artifact is None:
        raise Http404("There is no such file.")
    return deliver(request, artifact)
