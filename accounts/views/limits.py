"""What allauth answers to whoever tries too often."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_SECONDS = 60
"""Most of allauth's limits count per minute."""


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429 in the site's look, with the time after which to try again."""
    answer = render(request, "429.html", {"retry_seconds": RETRY_SECONDS}, status=429)
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer
