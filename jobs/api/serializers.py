"""How a job looks to the outside: one shape for API, socket and pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs import estimates, presence
from jobs.models import Artifact, Job, State
from ml import files
from ml.recipe import ENGINES, QUALITIES


class SubmitSerializer(serializers.Serializer[Any]):
    """What makes a job."""

    photo = serializers.FileField(
        error_messages={"empty": "The file is empty. Choose the photo again and upload it once more."},
        allow_empty_file=True,  # the core says so in its own words
    )
    quality = serializers.ChoiceField(choices=list(QUALITIES), default="standard")
    engine = serializers.ChoiceField(choices=ENGINES, default="auto")
    title = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    """One file of a result."""

    title = serializers.SerializerMethodField()
    content_type = serializers.SerializerMethodField()
    download = serializers.SerializerMethodField(help_text="True for what belongs in a download menu.")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Artifact
        fields = ("name", "title", "content_type", "size", "sha256", "download", "url")

    def get_title(self, artifact: Artifact) -> str:
        """What the file is, in words."""
        return _TITLES.get(artifact.name, "A frame of the turn")

    def get_content_type(self, artifact: Artifact) -> str:
        """MIME type."""
        return files.content_type(artifact.name)

    def get_download(self, artifact: Artifact) -> bool:
        """Whether the download menu offers it."""
        return artifact.name in _DOWNLOADS

    def get_url(self, artifact: Artifact) -> str:
        """Address under this host."""
        return reverse("api:job-file", args=[artifact.job_id, artifact.name])


_TITLES = {each.name: each.title for each in files.FILES}
_DOWNLOADS = {each.name for each in files.FILES if each.download}


class RefusalItemSerializer(serializers.Serializer[Any]):
    """One reason: a code for programs, a sentence for people, the field it is about."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class RefusalSerializer(serializers.Serializer[Any]):
    """A request that was not carried out; nothing was stored."""

    type = serializers.CharField()
    errors = RefusalItemSerializer(many=True)  # type: ignore[assignment]  # the name is the contract's


class FailureSerializer(serializers.Serializer[Any]):
    """Why a job failed."""

    code = serializers.CharField(source="failure_code")
    message = serializers.CharField(source="failure_message")


class UrlsSerializer(serializers.Serializer[Any]):
    """Where the job is found."""

    self = serializers.CharField()
    page = serializers.CharField()
    files = serializers.CharField()


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as it stands now. `seq` grows with every change: an older one is old news."""

    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    quality = serializers.CharField(read_only=True)
    cancel_requested = serializers.SerializerMethodField()
    failure = serializers.SerializerMethodField()
    queue_position = serializers.SerializerMethodField()
    estimate_seconds = serializers.SerializerMethodField()
    worker_online = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id",
            "title",
            "state",
            "stage",
            "progress",
            "seq",
            "attempt",
            "engine",
            "quality",
            "created_at",
            "queued_at",
            "started_at",
            "finished_at",
            "cancel_requested",
            "failure",
            "queue_position",
            "estimate_seconds",
            "worker_online",
            "notes",
            "urls",
            "files",
        )
        read_only_fields = fields

    def get_cancel_requested(self, job: Job) -> bool:
        """True from the wish to cancel until the job stands still."""
        return job.cancel_requested_at is not None and not job.is_terminal

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_failure(self, job: Job) -> dict[str, Any] | None:
        """Code and sentence, null unless the job failed."""
        return dict(FailureSerializer(job).data) if job.failure_code else None

    def get_queue_position(self, job: Job) -> int | None:
        """1 for the job that comes next, null when it does not wait."""
        return estimates.queue_position(job)

    def get_estimate_seconds(self, job: Job) -> float | None:
        """Usual seconds of work for this quality on this server; null once ended or without experience."""
        if job.is_terminal:
            return None
        return estimates.seconds_for(job.quality, str(job.recipe.get("engine", "auto")))

    def get_worker_online(self, job: Job) -> bool:
        """False when nobody would take the job now; not asked for a job that has ended."""
        return job.is_terminal or presence.worker_online()

    def get_notes(self, job: Job) -> list[str]:
        """Sentences about the photo and the result."""
        about_photos = [note for photo in job.photos.all() for note in photo.notes]
        return [*about_photos, *job.report.get("notes", [])]

    @extend_schema_field(UrlsSerializer)
    def get_urls(self, job: Job) -> dict[str, str]:
        """Addresses under this host."""
        return {
            "self": reverse("api:job-detail", args=[job.pk]),
            "page": job.get_absolute_url(),
            "files": reverse("api:job-files", args=[job.pk]),
        }

    @extend_schema_field(ArtifactSerializer(many=True))
    def get_files(self, job: Job) -> list[dict[str, Any]]:
        """The result; empty before it is there."""
        return list(ArtifactSerializer(job.artifacts.all(), many=True).data)
