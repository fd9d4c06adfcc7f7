"""The tags of one's model."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jobs.core import access, tagging
from jobs.http.lookup import get_or_404
from jobs.views.next_url import next_url
from reconsite.core.errors import Rejected


@login_required
@require_POST
def tags(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Give the model the tags of the form (`tags`, commas between them) and no others."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    try:
        tagging.set_tags(job, request.POST.getlist("tags"))
    except Rejected as error:
        messages.error(request, error.message)
    return redirect(next_url(request))
