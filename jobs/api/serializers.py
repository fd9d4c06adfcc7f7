"""How a job looks to the outside: one shape for API, socket and pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.core import estimates, services, sharing, tagging, worker_heartbeat
from jobs.core.search import SORTS
from jobs.models import Artifact, Job, ShareLink, State
from ml import files


class PublicSearchSerializer(serializers.Serializer[Any]):
    """How a list is narrowed."""

    q = serializers.CharField(default="", allow_blank=True, help_text="Words that stand in title or tags.")
    tag = serializers.CharField(default="", allow_blank=True, help_text="One whole tag.")


class SearchSerializer(PublicSearchSerializer):
    """How the list of one's own jobs is narrowed and ordered."""

    state = serializers.ChoiceField(choices=State.choices, default="", allow_blank=True)
    sort = serializers.ChoiceField(choices=SORTS, default="newest")


class EditSerializer(serializers.Serializer[Any]):
    """What an owner may change about a job."""

    title = serializers.CharField(max_length=services.TITLE_LENGTH, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="These and no others; lower case, at most 10."
    )


class ShareSerializer(serializers.Serializer[Any]):
    """The link under which anybody sees the result until it is revoked."""

    url = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_url(self, link: ShareLink) -> str:
        """With the host, ready to be sent to somebody."""
        return share_url(link)


def share_url(link: ShareLink) -> str:
    """The absolute address of a link."""
    return f"{settings.SITE_URL}{link.get_absolute_url()}"


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
        name = files.CUTOUT if artifact.name in files.CUTOUTS else artifact.name
        return _TITLES.get(name, "A frame of the turn")

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


class CameraSerializer(serializers.Serializer[Any]):
    """A camera: angles in degrees, distance in the scene's units."""

    elevation = serializers.FloatField()
    azimuth = serializers.FloatField()
    distance = serializers.FloatField()
    fov = serializers.FloatField()


class ShotSerializer(serializers.Serializer[Any]):
    """One photo of the object."""

    file = serializers.CharField()
    side = serializers.CharField()
    camera = CameraSerializer()


class UrlsSerializer(serializers.Serializer[Any]):
    """Where the job is found."""

    self = serializers.CharField()
    page = serializers.CharField()
    files = serializers.CharField()


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as it stands now. `seq` grows with every change: an older one is old news.

    The context's `viewer` is who looks: the secret link is for the owner alone.
    """

    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    quality = serializers.CharField(read_only=True)
    cancel_requested = serializers.SerializerMethodField()
    failure = serializers.SerializerMethodField()
    queue_position = serializers.SerializerMethodField()
    estimate_seconds = serializers.SerializerMethodField()
    worker_online = serializers.SerializerMethodField()
    tags = serializers.SerializerMethodField()
    share_url = serializers.SerializerMethodField()
    shots = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id",
            "parent",
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
            "queued_at",
            "started_at",
            "finished_at",
            "cancel_requested",
            "failure",
            "queue_position",
            "estimate_seconds",
            "worker_online",
            "published_at",
            "share_url",
            "shots",
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
        is_remix = not job.photos.all()
        return estimates.seconds_for(job.quality, str(job.recipe.get("engine", "auto")), remix=is_remix)

    def get_worker_online(self, job: Job) -> bool:
        """False when nobody would take the job now; not asked for a job that has ended."""
        return job.is_terminal or worker_heartbeat.worker_online()

    def get_tags(self, job: Job) -> list[str]:
        """In alphabetical order."""
        return tagging.names_of(job)

    def get_share_url(self, job: Job) -> str | None:
        """The open secret link with its host; null for all but the owner."""
        is_owner = getattr(self.context.get("viewer"), "pk", None) == job.owner_id
        link = sharing.open_link(job) if is_owner else None
        return share_url(link) if link else None

    @extend_schema_field(ShotSerializer(many=True))
    def get_shots(self, job: Job) -> list[dict[str, Any]]:
        """Each photo's cutout, and the camera from which the model looks like it; empty before the result is there."""
        return list(job.report.get("shots", []))

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
