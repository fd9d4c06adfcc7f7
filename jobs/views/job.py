"""The page of one job, its files, and the two actions with a form of their own: remix and delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.core import access, services
from jobs.http.delivery import deliver
from jobs.http.download_names import slug_of
from jobs.http.lookup import get_or_404
from jobs.http.zip_stream import deliver_bundle, entries_of
from jobs.models import Job, State
from jobs.pages.progress import progress_context
from jobs.pages.remix_form import RemixForm, quality_choices
from jobs.pages.result import owner_context, share_context
from jobs.pages.versions import compare_context
from jobs.views.discarding import discard
from jobs.views.listing import uuid_or_none
from ml.errors import ReconstructionError
from ml.stages import STAGES
from reconsite.core.errors import MESSAGES, Rejected


@login_required
@require_safe
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The result of a finished job; the progress of every other one."""
    job = get_or_404(access.job_for_read(request.user, job_id))
    if job.state == State.SUCCEEDED:
        return _result_page(request, job, RemixForm.from_recipe(job.recipe_object()))
    return render(request, "jobs/progress.html", progress_context(job))


def _result_page(request: HttpRequest, job: Job, form: RemixForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        **owner_context(job, request.GET.get("format", "")),
        "form": form,
        "qualities": quality_choices(),
        "stages": STAGES,
        "is_owner": job.owner_id == request.user.pk,
    }
    if context["link"]:
        context |= share_context(context["link"])
    return render(request, "jobs/result.html", context, status=status)


@login_required
@require_safe
def compare(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Two versions of a model beside each other, this one and that of `?with=`."""
    job = get_or_404(access.job_for_read(request.user, job_id))
    context = compare_context(job, uuid_or_none(request.GET.get("with", "")))
    return render(request, "jobs/compare.html", get_or_404(context, "other version"))


@login_required
@require_POST
def remix(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Create another version from the same scene and go to its page."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    form = RemixForm(request.POST)
    try:
        if form.is_valid():
            recipe = form.apply_to(job.recipe_object())
            return redirect(services.remix(job, recipe, form.cleaned_data["idempotency_key"]).job)
    except (Rejected, ReconstructionError) as error:
        form.add_error(None, error.message)
    if job.state != State.SUCCEEDED:
        messages.error(request, "Only a finished model can be remixed.")
        return redirect(job)
    return _result_page(request, job, form, status=400)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask for confirmation, then move to the bin."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    if request.method != "POST":
        return render(request, "jobs/confirm_delete.html", {"job": job})
    discard(request, [job])
    return redirect("jobs:gallery")


@login_required
@require_safe
def file(request: HttpRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """One result file."""
    job = get_or_404(access.job_for_read(request.user, job_id))
    artifact = job.artifacts.select_related("job").filter(name=name).first()
    if artifact is None and job.archived_at and request.GET.get("download"):
        return _archived(request, job)
    return deliver(request, get_or_404(artifact, "file"))


def _archived(request: HttpRequest, job: Job) -> HttpResponse:
    """Back to the page, which offers to make the files again."""
    messages.error(request, MESSAGES["archived"])
    return redirect(job)


@login_required
@require_safe
def bundle(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """All result files as one ZIP."""
    job = get_or_404(access.job_for_read(request.user, job_id))
    if job.archived_at:
        return _archived(request, job)
    artifacts = get_or_404(list(job.artifacts.all()) or None, "file")
    slug = slug_of(job.title)
    return deliver_bundle(entries_of(artifacts, slug), f"{slug}.zip")
