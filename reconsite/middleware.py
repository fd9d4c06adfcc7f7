"""Middleware for every request."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from ml.recipe import MAX_PHOTOS

FORM_OVERHEAD = 64 * 1024
"""Bytes that a form may add to the photos: fields, and the headers of each part."""


def body_limit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Respond with 413 by the Content-Length, before the body is parsed or anything is stored."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= MAX_PHOTOS * settings.MAX_UPLOAD_BYTES + FORM_OVERHEAD:
            return get_response(request)
        return too_large(request)

    return middleware


def too_large(request: HttpRequest) -> HttpResponse:
    """The message for an upload over the limit, in the format of all API errors."""
    limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
    detail = f"The upload is larger than {MAX_PHOTOS} photos of {limit} MB. Reduce their size and try again."
    if not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", ""):
        from django.shortcuts import render

        return render(request, "413.html", {"detail": detail}, status=413)
    errors = [{"code": "too_large", "detail": detail, "attr": "photo"}]
    return JsonResponse({"type": "client_error", "errors": errors}, status=413)
