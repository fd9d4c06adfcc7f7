"""Following jobs: streams of server-sent events, and tickets for sockets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.core import socket_tickets
from accounts.core.identity import Identity
from accounts.models import ApiToken, User
from jobs.api.base import ApiView
from jobs.api.file_download import FileActions
from jobs.api.queries import FieldsSerializer, read_query
from jobs.live.event_stream import EventStream
from jobs.models import Job

PROGRESS_FIELDS = frozenset(
    {"id", "title", "state", "stage", "progress", "seq", "queue_position", "eta_seconds", "updated_at"}
)
"""What a stream of all jobs sends of each unless `fields` says otherwise: little, for it comes with every step."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nothing between server and client may collect events before it passes them on."""
EVENT_STREAM_SCHEMA: dict[str, Any] = {
    "parameters": [
        FieldsSerializer,
        OpenApiParameter(
            "Last-Event-ID", int, OpenApiParameter.HEADER, description="Send what happened after this event."
        ),
    ],
    "responses": {
        (200, "text/event-stream"): OpenApiTypes.ANY,
        204: OpenApiResponse(description="The job has ended and the client knows it: do not connect again."),
    },
}


class TicketSerializer(serializers.Serializer[Any]):
    """Opens one socket: `/ws/jobs/<id>/?ticket=…`."""

    ticket = serializers.CharField()
    expires_at = serializers.DateTimeField()


class Events(FileActions):
    """All of your jobs."""

    action = "file"

    @extend_schema(operation_id="events_stream", **EVENT_STREAM_SCHEMA)
    def get(self, request: Request) -> HttpResponseBase:
        """Follow all of your jobs by server-sent events (`change`, `job`, `end`), see docs/api.md."""
        return stream(request, None, PROGRESS_FIELDS)


class Ticket(ApiView):
    """A ticket for a socket."""

    @extend_schema(operation_id="events_ticket", request=None, responses={201: TicketSerializer})
    def post(self, request: Request) -> Response:
        """Get a ticket that opens one socket within a minute, where no header can be sent."""
        ticket, expires_at = socket_tickets.issue(identity_of(request))
        return Response(TicketSerializer({"ticket": ticket, "expires_at": expires_at}).data, status=201)


def stream(request: Request, job: Job | None, default_fields: frozenset[str] = frozenset()) -> HttpResponseBase:
    """The events of a job that an access check returned, or of all jobs of the user."""
    fields = read_query(FieldsSerializer, request)["fields"] or default_fields
    last_id = _last_event_id(request)
    if job is not None and last_id is not None and _has_seen_the_end(job, last_id):
        return HttpResponse(status=204)
    address = get_adapter().get_client_ip(request._request)
    job_id: UUID | None = job.pk if job else None
    frames = EventStream(identity_of(request), address, job_id, last_id, fields).frames()
    return StreamingHttpResponse(frames, content_type="text/event-stream", headers=HEADERS)


def identity_of(request: Request) -> Identity:
    """The user, and the token or the session that proves it."""
    assert isinstance(request.user, User)
    if isinstance(request.auth, ApiToken):
        return Identity(request.user.pk, token_digest=request.auth.digest)
    return Identity(request.user.pk, session_key=request._request.session.session_key or "")


def _has_seen_the_end(job: Job, last_id: int) -> bool:
    return job.is_terminal and not job.events.filter(pk__gt=last_id).exists()


def _last_event_id(request: Request) -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(2**62))):
        raise ValidationError({"Last-Event-ID": "This is not the id of an event."})
    return int(text)
