"""Errors to Sentry and traces to an OpenTelemetry collector, for a site that asks for them.

Both are packages of `requirements-observability.txt`, which a site without them does not install.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from reconsite.core.log_secrets import mask

ADVICE = "needs more packages. Run: pip install -r requirements-observability.txt"


def report_errors() -> None:
    """Send what is logged as an error to SENTRY_DSN, if it is set. Raises SystemExit without its package."""
    if settings.SENTRY_DSN:
        _or_exit("SENTRY_DSN", lambda: _start_sentry(settings.SENTRY_DSN))


def trace_requests() -> None:
    """Send a span per request to OTEL_ENDPOINT, if it is set; before Django loads its middleware.

    Raises SystemExit without its packages.
    """
    if settings.OTEL_ENDPOINT:
        _or_exit("OTEL_ENDPOINT", lambda: _start_traces(settings.OTEL_ENDPOINT))


def _or_exit(setting: str, begin: Callable[[], None]) -> None:
    try:
        begin()
    except ImportError as error:
        raise SystemExit(f"{setting} {ADVICE}") from error


def _start_sentry(dsn: str) -> None:
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=settings.VERSION,
        send_default_pii=False,  # no addresses, cookies or bodies: a photo is private
        max_request_body_size="never",
        include_local_variables=False,  # they may hold photos, passwords and tokens
        before_send=lambda event, hint: masked(event),
    )


def masked(value: Any) -> Any:
    """An event of Sentry without the secrets that addresses hold, however deep they lie."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def _start_traces(endpoint: str) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": "reconsite", "service.version": settings.VERSION})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(response_hook=_mask_span)


def _mask_span(span: Any, request: Any, response: Any) -> None:
    for name, value in dict(span.attributes or {}).items():
        span.set_attribute(name, masked(value))
