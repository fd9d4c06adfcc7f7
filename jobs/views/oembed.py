"""oEmbed (https://oembed.com/): other sites ask what to show for a link to a model."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from jobs.pages import embedding


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """`?url=&maxwidth=&maxheight=&format=json`: 404 for what strangers may not see, 501 for another format."""
    if request.GET.get("format", "json") != "json":
        return JsonResponse({"detail": "Only the format json is available."}, status=501)
    model = embedding.embeddable_at(request.GET.get("url", ""))
    if model is None:
        return JsonResponse({"detail": "There is no shared or published model at this URL."}, status=404)
    limits = (_pixels(request, name) for name in ("maxwidth", "maxheight"))
    return JsonResponse(embedding.oembed(model, *limits), headers={"Access-Control-Allow-Origin": "*"})


def _pixels(request: HttpRequest, name: str) -> int | None:
    """A positive number of pixels; None if it is missing or none."""
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) <= 5 and int(value) else None
