"""The site as an installed app: its manifest, its service worker, and photos shared from other apps."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from jobs.pages import install
from jobs.views.home import upload_or_entrance

NOT_RECEIVED = "The shared photo did not arrive. Choose it here."


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest, the same for everyone."""
    return JsonResponse(install.manifest(), content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, because it may only control pages below its own address. Browsers look for a new one every day."""
    return HttpResponse(install.service_worker(), content_type="text/javascript")


@require_safe
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """The page that the service worker keeps and shows without a network. It knows nothing of its visitor."""
    return render(None, "offline.html")


@csrf_exempt  # no app that shares a photo has a token
@require_http_methods(["GET", "HEAD", "POST"])
def share_target(request: HttpRequest) -> HttpResponseRedirect:
    """Where a shared photo leads: to the upload page, for visitors by way of sign-up.

    The service worker catches the POST, keeps the photo in the browser and asks for this address. A POST gets here only
    without it. The photo is dropped then: what other sites can send too must not store or change anything.
    """
    if request.method == "POST":
        messages.warning(request, NOT_RECEIVED)
    return redirect(upload_or_entrance(request))
