"""Middleware for every request."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse

from ml.recipe import MAX_PHOTOS
from reconsite.core import log_context, problems
from reconsite.core.errors import MESSAGES

UNREADABLE = "The link or the form was malformed. Go back, reload the page and try again."
FORM_OVERHEAD = 64 * 1024
"""Bytes that a form may add to the photos: fields, and the headers of each part."""


REQUEST_ID = "X-Request-ID"


def name_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id for the log, or keep the proxy's; the answer carries it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(REQUEST_ID, "") if settings.BEHIND_PROXY else ""
        with log_context.request(sent) as request_id:
            response = get_response(request)
            response[REQUEST_ID] = request_id
            return response

    return middleware


def max_body_bytes() -> int:
    """Size of the largest upload: all photos and the rest of the form."""
    return MAX_PHOTOS * int(settings.MAX_UPLOAD_BYTES) + FORM_OVERHEAD


def body_limit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Respond with 413 by the Content-Length, before the body is parsed or anything is stored; with 411 without one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "CONTENT_LENGTH" not in request.META and "HTTP_TRANSFER_ENCODING" in request.META:
            return length_required(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length) <= max_body_bytes():
            return get_response(request)
        return too_large(request)

    return middleware


def refuse_odd_addresses(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Respond with 400 to a NUL in an address, which PostgreSQL cannot compare, and to another port than the site's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "") or _has_another_port(request):
            return bad_request(request)
        return get_response(request)

    return middleware


def _has_another_port(request: HttpRequest) -> bool:
    """Whether the Host header names the host of an https site, but a port that it does not have."""
    site = urlsplit(settings.SITE_URL)
    try:
        asked = urlsplit(f"//{request.META.get('HTTP_HOST', '')}")
        return site.scheme == "https" and asked.hostname == site.hostname and asked.port not in (None, site.port or 443)
    except ValueError:  # no address
        return True


def no_store(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Nothing private stays in a cache: answers of the API, account pages, shared pages, and all pages of a user."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control") and (
            request.path.startswith(("/api/", "/accounts/", "/s/", "/c/", "/admin/")) or request.user.is_authenticated
        ):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


def length_required(request: HttpRequest) -> HttpResponse:
    """The message for a chunked body, which Django would read as an empty one."""
    detail = "The request has no Content-Length. Send it with its length instead of in chunks."
    return problem_response(411, "length_required", detail)


def too_large(request: HttpRequest) -> HttpResponse:
    """The message for an upload over the limit, in the format of all API errors."""
    limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
    detail = f"The upload is larger than {MAX_PHOTOS} photos of {limit} MB. Reduce their size and try again."
    if not is_api(request) and "text/html" in request.headers.get("Accept", ""):
        from django.shortcuts import render

        return render(request, "413.html", {"detail": detail}, status=413)
    return problem_response(413, "too_large", detail, "photo")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler of status 400: JSON for programs, a page for people, and for too many files the reason."""
    from django.shortcuts import render

    code = "too_many_photos" if isinstance(exception, TooManyFilesSent) else "parse_error"
    detail = MESSAGES["too_many_photos"] if code == "too_many_photos" else UNREADABLE
    if not is_api(request) and "text/html" in request.headers.get("Accept", ""):
        return render(request, "400.html", {"detail": detail}, status=400)
    return problem_response(400, code, detail, "photo" if code == "too_many_photos" else None)


def is_api(request: HttpRequest) -> bool:
    """Whether the client is a program, which gets its errors as JSON."""
    return request.path.startswith("/api/")


def problem_response(status: int, code: str, detail: str, attr: str | None = None) -> JsonResponse:
    """An error of the API that occurs outside of its views."""
    body = problems.problem(status, [problems.error(code, detail, attr)])
    return JsonResponse(body, status=status, content_type=problems.CONTENT_TYPE)
