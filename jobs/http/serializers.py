"""The JSON of a job: one shape for the API, the socket and the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.core import estimates, sharing, tagging, worker_heartbeat
from jobs.core.notes import notes_of
from jobs.core.shots import shots_of
from jobs.models import Artifact, Collection, Job, ShareLink, State
from ml import files
from ml.notes import notes_to_json
from reconsite.core.errors import TRANSIENT_FAILURES
from reconsite.core.problems import advice_of

_TITLES = {file.name: file.title for file in files.result_files()}
_DOWNLOADS = {file.name for file in files.result_files() if file.download}


def share_url(link: ShareLink) -> str:
    """Absolute URL of a share link."""
    return f"{settings.SITE_URL}{link.get_absolute_url()}"


def collection_url(collection: Collection) -> str:
    """Absolute URL of a collection's page for visitors."""
    return f"{settings.SITE_URL}{reverse('jobs:shared_collection', args=[collection.token])}"


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    """One result file."""

    title = serializers.SerializerMethodField()
    content_type = serializers.SerializerMethodField()
    download = serializers.SerializerMethodField(help_text="True if the file belongs in a download menu.")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Artifact
        fields = ("name", "title", "content_type", "size", "sha256", "download", "url")

    def get_title(self, artifact: Artifact) -> str:
        """Human-readable description of the file."""
        name = files.CUTOUT if artifact.name in files.CUTOUTS else artifact.name
        return _TITLES.get(name, "A turntable frame")

    def get_content_type(self, artifact: Artifact) -> str:
        """MIME type."""
        return files.content_type(artifact.name)

    def get_download(self, artifact: Artifact) -> bool:
        """Whether the download menu lists the file."""
        return artifact.name in _DOWNLOADS

    def get_url(self, artifact: Artifact) -> str:
        """Path on this host."""
        return reverse("api:job-file", args=[artifact.job_id, artifact.name])


class FailureSerializer(serializers.Serializer[Any]):
    """Why a job failed."""

    code = serializers.CharField(source="failure_code")
    message = serializers.CharField(source="failure_message")
    advice = serializers.SerializerMethodField()
    retryable = serializers.SerializerMethodField()

    def get_advice(self, job: Job) -> str:
        """What to do about it; the end of the message."""
        return advice_of(job.failure_message)

    def get_retryable(self, job: Job) -> bool:
        """True if the same job may succeed when it is retried, without any change."""
        return job.failure_code in TRANSIENT_FAILURES


class CameraSerializer(serializers.Serializer[Any]):
    """A camera in the frame of the GLB: angles in degrees, distance and the point that it looks at in metres."""

    elevation = serializers.FloatField()
    azimuth = serializers.FloatField()
    distance = serializers.FloatField()
    fov = serializers.FloatField()
    target = serializers.ListField(child=serializers.FloatField(), min_length=3, max_length=3)


class ShotSerializer(serializers.Serializer[Any]):
    """One photo of the object and the camera that took it."""

    file = serializers.CharField()
    side = serializers.CharField()
    camera = CameraSerializer()


class NoteSerializer(serializers.Serializer[Any]):
    """A note on the photos or the result. The codes are listed in docs/api.md."""

    code = serializers.CharField()
    message = serializers.CharField()


class UrlsSerializer(serializers.Serializer[Any]):
    """Links to the job."""

    self = serializers.CharField()
    page = serializers.CharField()
    files = serializers.CharField()


class LinksSerializer(serializers.Serializer[Any]):
    """What can be read and done now: paths on this host, null for what is not possible in the job's state."""

    self = serializers.CharField()
    page = serializers.CharField()
    files = serializers.CharField()
    archive = serializers.CharField(allow_null=True)
    events = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # the name is part of the API
    cancel = serializers.CharField(allow_null=True)
    retry = serializers.CharField(allow_null=True)
    remix = serializers.CharField(allow_null=True)


def context_of(jobs: Sequence[Job]) -> dict[str, Any]:
    """What `JobSerializer` reads once for several jobs instead of for each."""
    workers = 0 if all(job.is_terminal for job in jobs) else worker_heartbeat.online_count()
    return {"positions": estimates.queue_positions(jobs), "workers": workers}


class JobSerializer(serializers.ModelSerializer[Job]):
    """The current state of a job. `seq` increases with every change: ignore a response with a lower one.

    `share_url` is only present for the owner.
    """

    # The context may have `fields` (which to send; all if empty) and, for several jobs, that of `context_of`.

    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    quality = serializers.CharField(read_only=True)
    cancel_requested = serializers.SerializerMethodField()
    failure = serializers.SerializerMethodField()
    queue_position = serializers.SerializerMethodField()
    estimate_seconds = serializers.SerializerMethodField()
    eta_seconds = serializers.SerializerMethodField()
    worker_online = serializers.SerializerMethodField()
    tags = serializers.SerializerMethodField()
    share_url = serializers.SerializerMethodField()
    shots = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()
    links = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id",
            "parent",
            "family",
            "version",
            "title",
            "tags",
            "state",
            "stage",
            "progress",
            "seq",
            "attempt",
            "engine",
            "quality",
            "recipe",
            "created_at",
            "updated_at",
            "queued_at",
            "started_at",
            "finished_at",
            "cancel_requested",
            "failure",
            "queue_position",
            "estimate_seconds",
            "eta_seconds",
            "worker_online",
            "archived_at",
            "published_at",
            "share_url",
            "shots",
            "notes",
            "urls",
            "links",
            "files",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """All fields, or those that the context names."""
        fields = super().get_fields()
        wanted = self.context.get("fields")
        return {name: field for name, field in fields.items() if name in wanted} if wanted else fields

    def get_cancel_requested(self, job: Job) -> bool:
        """True from the cancel request until the job has stopped."""
        return job.cancel_requested_at is not None and not job.is_terminal

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_failure(self, job: Job) -> dict[str, Any] | None:
        """Error code and message; null unless the job failed."""
        return dict(FailureSerializer(job).data) if job.failure_code else None

    def get_queue_position(self, job: Job) -> int | None:
        """1 for the next job; null if the job is not queued."""
        if "positions" in self.context:
            return dict(self.context["positions"]).get(job.pk)
        return estimates.queue_position(job)

    def get_estimate_seconds(self, job: Job) -> float:
        """Typical processing time of such a job on this server, its wait not included."""
        return estimates.estimate_for(job)

    def get_eta_seconds(self, job: Job) -> float | None:
        """Seconds until the job is likely to be done, its wait included; null without a worker, or if it has ended."""
        if job.is_terminal:
            return None
        return estimates.eta_seconds(job, self.get_queue_position(job), self._workers())

    def _workers(self) -> int:
        workers: int | None = self.context.get("workers")
        return worker_heartbeat.online_count() if workers is None else workers

    def get_worker_online(self, job: Job) -> bool:
        """False if no worker is available to process the job; always true once it has ended."""
        return job.is_terminal or self._workers() > 0

    def get_tags(self, job: Job) -> list[str]:
        """In alphabetical order."""
        return tagging.names_of(job)

    def get_share_url(self, job: Job) -> str | None:
        """Absolute URL of the active share link; null if there is none, and for everyone but the owner."""
        is_owner = getattr(self.context.get("viewer"), "pk", None) == job.owner_id
        link = sharing.active_link(job) if is_owner else None
        return share_url(link) if link else None

    @extend_schema_field(ShotSerializer(many=True))
    def get_shots(self, job: Job) -> list[dict[str, Any]]:
        """The cutout of each photo and the camera that reproduces it; empty until the result is ready."""
        return shots_of(job)

    @extend_schema_field(NoteSerializer(many=True))
    def get_notes(self, job: Job) -> list[dict[str, str]]:
        """Notes on the photos and the result."""
        return notes_to_json(notes_of(job))

    @extend_schema_field(UrlsSerializer)
    def get_urls(self, job: Job) -> dict[str, str]:
        """Paths on this host."""
        return {
            "self": reverse("api:job-detail", args=[job.pk]),
            "page": job.get_absolute_url(),
            "files": reverse("api:job-files", args=[job.pk]),
        }

    @extend_schema_field(LinksSerializer)
    def get_links(self, job: Job) -> dict[str, str | None]:
        """Addresses for what can be done now."""

        def link(name: str, possible: bool = True) -> str | None:
            return reverse(f"api:job-{name}", args=[job.pk]) if possible else None

        return {
            "self": link("detail"),
            "page": job.get_absolute_url(),
            "files": link("files"),
            "archive": link("archive", job.state == State.SUCCEEDED),
            "events": link("events"),
            "parent": reverse("api:job-detail", args=[job.parent_id]) if job.parent_id else None,
            "cancel": link("cancel", not job.is_terminal),
            "retry": link("retry", job.can_retry),
            "remix": link("remix", job.state == State.SUCCEEDED),
        }

    @extend_schema_field(ArtifactSerializer(many=True))
    def get_files(self, job: Job) -> list[dict[str, Any]]:
        """The result files; empty until the first one is ready."""
        return list(ArtifactSerializer(job.artifacts.all(), many=True).data)
