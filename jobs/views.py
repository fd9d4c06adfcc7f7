"""The pages of jobs. Every act is a verb of jobs.services; every door is jobs.access."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from jobs import access, estimates, presence, services
from jobs.api.errors import STATUS
from jobs.api.serializers import JobSerializer
from jobs.delivery import deliver
from jobs.failures import Refused
from jobs.forms import SubmitForm
from jobs.models import Job, JobQuerySet, State
from jobs.result_page import result_context
from ml.errors import ReconstructionError
from ml.recipe import QUALITIES, Recipe
from ml.stages import STAGES

GALLERY_PAGE, HISTORY_PAGE = 24, 50
ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/gif,image/avif"
QUALITY_LABELS = {"draft": "Draft: quick look", "standard": "Standard", "high": "High: finest, slowest"}
ENGINE_LABELS = {"auto": "Best available", "compact": "Compact: built in, quick", "triposr": "TripoSR"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends when there is no JavaScript."""
    form = SubmitForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _upload_page(request, form)
    if not form.is_valid():
        return _upload_page(request, form, status=400)
    try:
        job = _submit(request, form.cleaned_data)
    except (Refused, ReconstructionError) as error:
        form.add_error("photo", error.message)
        return _upload_page(request, form, status=STATUS.get(error.code, 400))
    return redirect(job)


def _submit(request: HttpRequest, wanted: dict[str, Any]) -> Job:
    assert isinstance(request.user, User)
    recipe = Recipe(engine=wanted["engine"] or "auto", quality=wanted["quality"] or "standard")
    photo = wanted["photo"]
    done = services.submit(
        request.user,
        photo.read(),
        photo.name,
        recipe,
        title=wanted["title"],
        idempotency_key=wanted["idempotency_key"],
    )
    return done.job


def _upload_page(request: HttpRequest, form: SubmitForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "max_upload_mb": settings.MAX_UPLOAD_BYTES // (1024 * 1024),
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "accept": ACCEPT,
        "qualities": list(QUALITY_LABELS.items()),
        "engines": list(ENGINE_LABELS.items()),
        "estimates": {name: estimates.seconds_for(name) for name in QUALITIES},
        "worker_online": presence.worker_online(),
        "queue_length": estimates.queue_length(),
    }
    return render(request, "jobs/upload.html", context, status=status)


@login_required
@require_safe
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Progress while there is something to wait for or to say, the result once it is there."""
    job = _found(access.job_for_read(request.user, job_id))
    context = {"job": job, "job_data": JobSerializer(job).data, "stages": STAGES, "can_retry": job.can_retry}
    if job.state == State.SUCCEEDED:
        return render(request, "jobs/result.html", {**context, **result_context(job)})
    return render(request, "jobs/progress.html", context)


@login_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """One's finished models."""
    jobs = access.jobs_of(request.user).filter(state=State.SUCCEEDED)
    return _list_page(request, "jobs/gallery.html", jobs, GALLERY_PAGE)


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """All of one's jobs, however they ended."""
    return _list_page(request, "jobs/history.html", access.jobs_of(request.user), HISTORY_PAGE)


def _list_page(request: HttpRequest, template: str, jobs: JobQuerySet, size: int) -> HttpResponse:
    page = Paginator(jobs.order_by("-created_at"), size).get_page(request.GET.get("page"))
    return render(request, template, {"page_obj": page})


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Stop it."""
    job = _found(access.job_for_write(request.user, job_id))
    if not services.cancel(job.pk):
        messages.info(request, "The job had already ended.")
    return redirect(job)


@login_required
@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Try it once more."""
    job = _found(access.job_for_write(request.user, job_id))
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
    job = _found(access.job_for_write(request.user, job_id))
    if request.method != "POST":
        return render(request, "jobs/confirm_delete.html", {"job": job})
    services.delete(job.pk)
    messages.success(request, f"“{job.title}” was deleted.")
    return redirect("jobs:gallery")


@login_required
@require_safe
def file(request: HttpRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """One file of a result."""
    job = _found(access.job_for_read(request.user, job_id))
    artifact = job.artifacts.select_related("job").filter(name=name).first()
    if artifact is None:
        raise Http404("There is no such file.")
    return deliver(request, artifact)


def _found(job: Job | None) -> Job:
    if job is None:
        raise Http404("There is no such job.")
    return job
