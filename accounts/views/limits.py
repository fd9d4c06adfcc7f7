"""The response when a rate limit of allauth is exceeded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_SECONDS = 60
"""Most limits of allauth are per minute."""


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """A 429 page in the site's design, with a Retry-After header."""
    response = render(request, "429.html", {"retry_seconds": RETRY_SECONDS}, status=429)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response
