"""`/metrics`, for Prometheus."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest

from jobs.core.metrics import SiteCollector

registry = CollectorRegistry()
ProcessCollector(registry=registry)  # memory, processor time and open files of this web process
PlatformCollector(registry=registry)
registry.register(SiteCollector())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Metrics for whoever has METRICS_TOKEN; for everybody else, and while it is not set, there is no such page."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not constant_time_compare(request.headers.get("Authorization", ""), expected):
        raise Http404
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
