"""What every request passes."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from ml.recipe import MAX_PHOTOS

FORM_OVERHEAD = 64 * 1024
"""Bytes that a form may add around the photos themselves."""


def body_limit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 413 from the announced length, before the body is parsed or anything is stored."""

    def middleware(request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdigit() and int(announced) <= MAX_PHOTOS * settings.MAX_UPLOAD_BYTES + FORM_OVERHEAD:
            return get_response(request)
        return too_large(request)

    return middleware


def too_large(request: HttpRequest) -> HttpResponse:
    """The sentence for photos over the limit, in the shape that all API errors have."""
    limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
    detail = f"This is larger than {MAX_PHOTOS} photos of {limit} MB. Make them smaller and upload them again."
    if not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", ""):
        from django.shortcuts import render

        return render(request, "413.html", {"detail": detail}, status=413)
    errors = [{"code": "too_large", "detail": detail, "attr": "photo"}]
    return JsonResponse({"type": "client_error", "errors": errors}, status=413)
