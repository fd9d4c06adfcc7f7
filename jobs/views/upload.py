"""The upload page, which creates a job from photos."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from jobs.core import access, services
from jobs.http.delivery import deliver_photo
from jobs.http.errors import STATUS, with_retry_after
from jobs.http.lookup import get_or_404
from jobs.models import Job
from jobs.pages.submit_form import SubmitForm
from jobs.pages.upload import upload_context
from jobs.work.cutout_process import shared_process
from jobs.work.subject_check import require_subjects
from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form. A plain submit answers with a redirect or the page, the page's script gets JSON."""
    if request.method != "POST":
        shared_process.warm_up()
        earlier = _earlier_job(request)
        form = SubmitForm.from_recipe(earlier.recipe_object(), earlier.pk) if earlier else SubmitForm()
        add_side = request.GET.get("add", "") if earlier else ""
        context = upload_context(form, earlier=earlier, add_side=add_side, error_messages=[])
        return render(request, "jobs/upload.html", context)
    form = SubmitForm(request.POST, request.FILES)
    if not form.is_valid():
        return _error_response(request, form, form.error_messages(), 400)
    try:
        job = _submit(request, form)
    except (Rejected, ReconstructionError) as error:
        response = _error_response(request, form, [error.message], STATUS.get(error.code, 400))
        return with_retry_after(response, error.code)
    if _wants_json(request):
        return JsonResponse({"page": job.get_absolute_url()}, status=201)
    return redirect(job)


@login_required
@require_safe
def photo(request: HttpRequest, job_id: UUID, position: int) -> HttpResponseBase:
    """One photo of your own job, so that the page can send it again."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    return deliver_photo(get_or_404(job.photos.filter(position=position).first(), "photo"))


def _submit(request: HttpRequest, form: SubmitForm) -> Job:
    assert isinstance(request.user, User)
    values = form.cleaned_data
    photos = [(file.read(), file.name or "") for file in values["photo"]]
    key, recipe = values["idempotency_key"], form.to_recipe()
    require_subjects([data for data, _ in photos], recipe)
    earlier = access.job_for_write(request.user, values["again"]) if values["again"] else None
    return services.submit(request.user, photos, recipe, title=values["title"], idempotency_key=key, again=earlier).job


def _earlier_job(request: HttpRequest) -> Job | None:
    """The job to make again (`?again=`), None without one. Raises Http404 if it is not the user's own."""
    job_id = request.GET.get("again")
    if not job_id:
        return None
    try:
        return get_or_404(access.job_for_write(request.user, UUID(job_id)))
    except ValueError as error:
        raise Http404("There is no such job.") from error


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _error_response(request: HttpRequest, form: SubmitForm, error_messages: list[str], status: int) -> HttpResponse:
    if _wants_json(request):
        errors = [{"code": "invalid", "detail": message, "attr": None} for message in error_messages]
        return JsonResponse({"type": "client_error", "errors": errors}, status=status)
    context = upload_context(form, error_messages=error_messages)
    return render(request, "jobs/upload.html", context, status=status)
