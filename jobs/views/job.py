"""The page of one job and its owner's acts on it. Every act is a verb of the core; every door is jobs.core.access."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.core import access, services, sharing
from jobs.http.delivery import deliver
from jobs.http.lookup import get_or_404
from jobs.http.zip_stream import deliver_bundle, entries_of
from jobs.models import Job, State
from jobs.pages.progress import progress_context
from jobs.pages.remix_form import RemixForm, quality_choices
from jobs.pages.result import folder_name, owner_context, share_context
from ml.errors import ReconstructionError
from ml.stages import STAGES
from reconsite.core.errors import Rejected


@login_required
@require_safe
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Progress while there is something to wait for or to say, the result once it is there."""
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
        context |= share_context(context["link"], settings.SITE_URL)
    return render(request, "jobs/result.html", context, status=status)


@login_required
@require_POST
def remix(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Another result from the same scene; on to its own page."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    form = RemixForm(request.POST)
    try:
        if form.is_valid():
            recipe = form.apply_to(job.recipe_object())
            return redirect(services.remix(job, recipe, form.cleaned_data["idempotency_key"]).job)
    except (Rejected, ReconstructionError) as error:
        form.add_error(None, error.message)
    if job.state != State.SUCCEEDED:
        messages.error(request, "Only a finished model can be made anew.")
        return redirect(job)
    return _result_page(request, job, form, status=400)


@login_required
@require_POST
def rename(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Another title."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    try:
        services.rename(job, request.POST.get("title", ""))
    except Rejected as error:
        messages.error(request, error.message)
    return redirect(job)


@login_required
@require_POST
def share(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Make the secret link."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    try:
        sharing.share(job)
    except Rejected as error:
        messages.error(request, error.message)
    return redirect(f"{job.get_absolute_url()}#share")


@login_required
@require_POST
def revoke(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The link leads nowhere from now on."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    if sharing.revoke(job):
        messages.success(request, "The link is revoked. Whoever opens it finds nothing.")
    return redirect(f"{job.get_absolute_url()}#share")


@login_required
@require_POST
def publish(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show it to everybody."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    try:
        if sharing.publish(job):
            messages.success(request, f"“{job.title}” is public now.")
    except Rejected as error:
        messages.error(request, error.message)
    return redirect(f"{job.get_absolute_url()}#share")


@login_required
@require_POST
def unpublish(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Take it back from everybody."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    if sharing.unpublish(job):
        messages.success(request, f"“{job.title}” is private again.")
    return redirect(f"{job.get_absolute_url()}#share")


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Stop it."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    if not services.cancel(job.pk):
        messages.info(request, "The job had already ended.")
    return redirect(job)


@login_required
@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Try it once more."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    try:
        if not services.retry(job):
            messages.info(request, "Only a failed or cancelled job can be tried again.")
    except Rejected as error:
        messages.error(request, error.message)
    return redirect(job)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask, then delete."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    if request.method != "POST":
        return render(request, "jobs/confirm_delete.html", {"job": job})
    services.delete(job.pk)
    messages.success(request, f"“{job.title}” was deleted.")
    return redirect("jobs:gallery")


@login_required
@require_safe
def file(request: HttpRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """One file of a result."""
    job = get_or_404(access.job_for_read(request.user, job_id))
    artifact = job.artifacts.select_related("job").filter(name=name).first()
    if artifact is None:
        raise Http404("There is no such file.")
    return deliver(request, artifact)


@login_required
@require_safe
def bundle(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """All files of a result as one ZIP."""
    job = get_or_404(access.job_for_read(request.user, job_id))
    artifacts = list(job.artifacts.all())
    if not artifacts:
        raise Http404("There are no files.")
    folder = folder_name(job)
    return deliver_bundle(entries_of(artifacts, folder), f"{folder}.zip")
