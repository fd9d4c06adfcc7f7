"""A user's job, its photos, result files and events, and who may see it."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from ml.files import POSTER
from ml.recipe import Recipe


class State(models.TextChoices):
    """State of a job.

    queued -> running -> succeeded | failed | cancelled
    queued -> cancelled        failed | cancelled -> queued (retry, attempt + 1)
    running -> queued (its worker or engine died; run + 1)
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (State.QUEUED, State.RUNNING)
TERMINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


class JobQuerySet(models.QuerySet["Job"]):
    """Filters that several modules use."""

    def visible(self) -> JobQuerySet:
        """Neither deleted by the owner nor hidden by a moderator."""
        return self.filter(deleted_at=None, hidden_at=None)

    def published(self) -> JobQuerySet:
        """What anyone may see: finished, published by its owner, and the owner not banned."""
        banned = get_user_model().objects.filter(is_active=False)  # a few: a join would look up every owner
        published = self.visible().filter(state=State.SUCCEEDED, published_at__isnull=False)
        return published.exclude(owner__in=banned.values("pk"))

    def in_bin(self) -> JobQuerySet:
        """Deleted by the owner, who can still restore them."""
        return self.filter(deleted_at__isnull=False, purge_at__gt=timezone.now(), hidden_at=None)

    def to_purge(self) -> JobQuerySet:
        """Deleted for good; their files and rows have to go."""
        due = Q(purge_at=None) | Q(purge_at__lte=timezone.now())
        return self.filter(due, deleted_at__isnull=False).exclude(state=State.RUNNING)

    def active(self) -> JobQuerySet:
        """Queued or running."""
        return self.filter(state__in=ACTIVE, finished_at=None)  # without the time, SQLite would not use the index


class Job(models.Model):
    """One reconstruction. This row is the source of truth; Redis only carries its id to a worker."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="remixes",
        help_text="The job whose scene is reused.",
    )
    family = models.UUIDField(
        default=uuid.uuid4, editable=False, db_index=True, help_text="The same for all versions of one model."
    )
    version = models.PositiveSmallIntegerField(default=1, help_text="Number within the family, in order of creation.")
    title = models.CharField(max_length=100, blank=True)
    tags: models.ManyToManyField[Tag, Any] = models.ManyToManyField("Tag", blank=True, related_name="jobs")
    recipe = models.JSONField(default=dict)
    engine = models.CharField(max_length=20, blank=True)
    idempotency_key = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001 (unique)

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    stage = models.CharField(max_length=20, blank=True)
    progress = models.FloatField(default=0.0)
    seq = models.PositiveIntegerField(default=0)
    queue = models.CharField(max_length=10, default="cpu", db_default="cpu", editable=False)
    expected_seconds = models.FloatField(
        default=30.0, db_default=30.0, editable=False, help_text="Run time that was expected when it was queued."
    )
    attempt = models.PositiveSmallIntegerField(default=1)
    run = models.PositiveSmallIntegerField(default=1, help_text="How often it was queued within this attempt.")
    restarts = models.PositiveSmallIntegerField(
        default=0, help_text="How often it began again in this attempt after its worker or engine died."
    )
    low_memory = models.BooleanField(default=False, help_text="Its worker or engine was killed: plan with less memory.")

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stage_seconds = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=dict, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of its photos and result files.")

    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    holder = models.CharField(max_length=100, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    failure_code = models.CharField(max_length=30, blank=True)
    failure_message = models.TextField(blank=True)
    failure_detail = models.TextField(blank=True, help_text="Traceback, for staff only.")

    archived_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since then only its photos, scene and poster are kept; the rest can be remade.",
    )
    remade_at = models.DateTimeField(null=True, blank=True, help_text="When its files were made again last.")
    published_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    purge_at = models.DateTimeField(
        null=True, blank=True, help_text="Until then a deleted job is in the bin; without a time it goes at once."
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(fields=("owner", "idempotency_key"), name="one_job_per_idempotency_key"),
            models.CheckConstraint(
                condition=Q(state__in=ACTIVE, finished_at=None) | Q(state__in=TERMINAL, finished_at__isnull=False),
                name="finished_at_exactly_when_terminal",
            ),
            models.CheckConstraint(
                condition=Q(state=State.FAILED) ^ Q(failure_code=""),
                name="failure_code_exactly_when_failed",
            ),
            models.CheckConstraint(
                condition=Q(state=State.RUNNING) ^ Q(lease_token=None),
                name="lease_exactly_when_running",
            ),
        )
        indexes = (
            models.Index(fields=("owner", "-created_at"), name="job_owner_newest"),
            models.Index(fields=("owner", "state", "deleted_at", "size"), name="job_owner_storage"),
            models.Index(  # all that Explore's count and order need, so that neither reads the rows
                fields=("-published_at", "id", "state", "owner", "hidden_at", "deleted_at"),
                name="job_public",
                condition=Q(published_at__isnull=False, hidden_at=None, deleted_at=None),
            ),
            models.Index(fields=("-finished_at",), name="job_finished", condition=Q(finished_at__isnull=False)),
            models.Index(fields=("state", "queued_at"), name="job_waiting", condition=Q(finished_at=None)),
            models.Index(fields=("started_at",), name="job_started", condition=Q(started_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.title or 'Untitled'} ({self.state})"

    def get_absolute_url(self) -> str:
        """The job's own page."""
        return reverse("jobs:detail", args=[self.pk])

    @property
    def poster_url(self) -> str:
        """The picture on the card of a finished job."""
        return reverse("jobs:file", args=[self.pk, POSTER])

    @property
    def is_terminal(self) -> bool:
        """True once nothing more happens unless the user does something."""
        return self.state in TERMINAL

    @property
    def can_retry(self) -> bool:
        """True when the owner may enqueue it again."""
        return self.state in (State.FAILED, State.CANCELLED)

    @property
    def quality(self) -> str:
        """The quality that the user chose."""
        return str(self.recipe.get("quality", "standard"))

    @property
    def wait_seconds(self) -> float | None:
        """Seconds in the queue, None while it is queued."""
        return (self.started_at - self.queued_at).total_seconds() if self.started_at else None

    @property
    def run_seconds(self) -> float | None:
        """Seconds of work, None before the end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    def recipe_object(self) -> Recipe:
        """The stored recipe, validated. Raises ReconstructionError(`invalid_recipe`)."""
        return Recipe.from_dict(self.recipe)


class Tag(models.Model):
    """A tag by which its owner organises jobs."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=30)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("owner", "name"), name="one_tag_per_name"),)

    def __str__(self) -> str:
        return self.name


class SearchText(models.Model):
    """Title and tags of a job, by which it is found (jobs/core/search_text.py)."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="search_text")
    text = models.TextField()

    def __str__(self) -> str:
        return self.text


def new_share_token() -> str:
    """128 random bits, safe in a URL."""
    return secrets.token_urlsafe(16)


class ShareLink(models.Model):
    """A secret URL under which anyone can view one result, until it is revoked."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="share_links")
    token = models.CharField(max_length=40, unique=True, default=new_share_token, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(fields=("job",), condition=Q(revoked_at=None), name="one_open_share_link_per_job"),
        )

    def __str__(self) -> str:
        return f"{self.job} ({'revoked' if self.revoked_at else 'active'})"

    def get_absolute_url(self) -> str:
        """The path of the shared page, without the host."""
        return reverse("jobs:shared", args=[self.token])


class Collection(models.Model):
    """Models of one owner on one page, in the owner's order."""

    class Visibility(models.TextChoices):
        """Who sees the page, and the models in it that follow it."""

        PRIVATE = "private", "Only you"
        LINK = "link", "Anyone with the link"
        PUBLIC = "public", "Everyone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collections")
    title = models.CharField(max_length=100)
    description = models.TextField(max_length=1000, blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    token = models.CharField(
        max_length=40,
        unique=True,
        default=new_share_token,
        editable=False,
        help_text="Its secret link, unless private.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(visibility="public") ^ Q(published_at=None), name="published_at_exactly_when_public"
            ),
        )
        indexes = (
            models.Index(
                fields=("-published_at",), name="collection_published", condition=Q(published_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.visibility})"

    def get_absolute_url(self) -> str:
        """The owner's page."""
        return reverse("jobs:collection", args=[self.pk])

    @property
    def is_shared(self) -> bool:
        """True if its link works."""
        return self.visibility != self.Visibility.PRIVATE


class CollectionItem(models.Model):
    """A model's place in a collection. Visitors see it if it is published, or if its owner lets it follow."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="collection_items")
    position = models.PositiveIntegerField(default=0)
    follows_collection = models.BooleanField(
        default=False, help_text="Whoever may see the collection may see this model, even if it is private."
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=("collection", "job"), name="one_item_per_model"),)

    def __str__(self) -> str:
        return f"{self.job} in {self.collection}"


class AbuseReport(models.Model):
    """A report that a published or shared model, or a collection, breaks the rules."""

    class Reason(models.TextChoices):
        """What is wrong with it."""

        OFFENSIVE = "offensive", "Offensive or hateful"
        PERSON = "person", "Shows someone without consent"
        COPYRIGHT = "copyright", "Copyright infringement"
        OTHER = "other", "Something else"

    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.CASCADE, related_name="abuse_reports")
    collection = models.ForeignKey(
        Collection, null=True, blank=True, on_delete=models.CASCADE, related_name="abuse_reports"
    )
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    text = models.TextField(max_length=1000, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "report"
        constraints = (
            models.CheckConstraint(
                condition=Q(job=None) ^ Q(collection=None), name="report_about_a_model_or_a_collection"
            ),
        )
        indexes = (models.Index(fields=("-created_at",), name="report_open", condition=Q(closed_at=None)),)

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.subject}"

    @property
    def subject(self) -> Job | Collection:
        """What it is about."""
        subject = self.job or self.collection
        assert subject is not None
        return subject


class AppendOnly(models.QuerySet[Any]):
    """Rows that are created and read."""

    def update(self, **values: Any) -> int:
        """Raises TypeError."""
        raise TypeError("The audit log cannot be changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Raises TypeError."""
        raise TypeError("The audit log cannot be changed.")


class ModerationAct(models.Model):
    """An entry of the audit log: what a moderator did, to what, and why; never changed."""

    class Act(models.TextChoices):
        """What was done."""

        HIDE = "hide", "Hidden"
        UNHIDE = "unhide", "Shown again"
        CANCEL = "cancel", "Cancelled"
        BAN = "ban", "Person banned"
        UNBAN = "unban", "Person unbanned"
        CLOSE = "close", "Report closed"

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="moderation_acts"
    )
    act = models.CharField(max_length=10, choices=Act.choices)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="moderation_acts")
    collection = models.ForeignKey(
        Collection, null=True, blank=True, on_delete=models.SET_NULL, related_name="moderation_acts"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="moderated_by"
    )
    subject = models.CharField(
        max_length=200, help_text="Title or email address, kept after the row itself is deleted."
    )
    reason = models.CharField(max_length=300)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ("-at",)
        verbose_name = "audit log entry"
        verbose_name_plural = "audit log"

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.subject}"

    def save(self, *args: Any, **named: Any) -> None:
        """Append the entry. Raises TypeError for one that is in the log already."""
        if not self._state.adding:
            raise TypeError("The audit log cannot be changed.")
        super().save(*args, **named)

    def delete(self, *args: Any, **named: Any) -> tuple[int, dict[str, int]]:
        """Raises TypeError."""
        raise TypeError("The audit log cannot be changed.")


class Photo(models.Model):
    """One photo of a job, upright and without metadata; the original file is not kept."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField(default=0)
    file = models.FileField(max_length=200)
    original_name = models.CharField(max_length=100, blank=True)
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the uploaded file.")
    file_sha256 = models.CharField(max_length=64, blank=True, db_default="", help_text="SHA-256 of the stored file.")
    size = models.PositiveBigIntegerField(help_text="Bytes of the stored file.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    notes = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("job", "position"), name="one_photo_per_position"),)

    def __str__(self) -> str:
        return self.original_name or str(self.file)


class Artifact(models.Model):
    """One file of a result. The row exists exactly when the file is complete."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=60)
    file = models.FileField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("name",)
        verbose_name = "result file"
        constraints = (models.UniqueConstraint(fields=("job", "name"), name="one_artifact_per_name"),)

    def __str__(self) -> str:
        return self.name


class Conversion(models.Model):
    """A format that a finished job is to get from its scene. The row is deleted when the files are there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="conversions")
    format = models.CharField(max_length=20)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    runs = models.PositiveSmallIntegerField(default=0, help_text="How often a worker has begun.")
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=100, blank=True, editable=False)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ("requested_at",)
        constraints = (models.UniqueConstraint(fields=("job", "format"), name="one_conversion_per_format"),)

    def __str__(self) -> str:
        return f"{self.job} as {self.format}"


class JobEvent(models.Model):
    """A change of a job, numbered in order; never changed."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=[("state", "state"), ("stage", "stage"), ("cancel", "cancel")])
    state = models.CharField(max_length=10, choices=State.choices)
    stage = models.CharField(max_length=20, blank=True)
    progress = models.FloatField(default=0.0)
    code = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ("seq",)
        constraints = (models.UniqueConstraint(fields=("job", "seq"), name="one_event_per_seq"),)

    def __str__(self) -> str:
        return f"{self.seq}: {self.kind} {self.stage or self.state}"


class Cutout(models.Model):
    """A photo that was cut out before the job, to be used in one within the hour. Its files have their own folder."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cutouts")
    original_name = models.CharField(max_length=100, blank=True)
    extension = models.CharField(max_length=4, help_text="Of the stored photo.")
    options = models.JSONField(default=dict, help_text="Settings of the recipe that it was cut out with.")
    details = models.JSONField(default=dict, help_text="Size, scale, method and notes of the preview.")
    is_edited = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.original_name or str(self.pk)


class Upload(models.Model):
    """A photo that arrives in parts, to be used in a job or cutout once it is complete. Its parts have a folder."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    original_name = models.CharField(max_length=100, blank=True)
    length = models.PositiveBigIntegerField(help_text="Bytes of the whole photo, as announced.")
    offset = models.PositiveBigIntegerField(default=0, help_text="Bytes that have arrived.")
    parts = models.JSONField(default=list, help_text="Names of the stored parts, in their order.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(condition=Q(offset__lte=models.F("length")), name="upload_within_its_length"),
        )

    def __str__(self) -> str:
        return self.original_name or str(self.pk)

    @property
    def is_complete(self) -> bool:
        """Whether all bytes have arrived."""
        return self.offset == self.length


def new_webhook_secret() -> str:
    """192 random bits."""
    return f"whsec_{secrets.token_urlsafe(24)}"


class Webhook(models.Model):
    """An address that is told about its owner's jobs. The secret signs what is sent, so it is stored as it is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=60, default=new_webhook_secret, editable=False)
    events = models.JSONField(default=list, blank=True, help_text="Which events are sent; all if empty.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event for one webhook, and what has become of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=20)
    body = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the last attempt.")
    error = models.CharField(max_length=200, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "webhook deliveries"
        indexes = (
            models.Index(fields=("next_attempt_at",), name="delivery_due", condition=Q(next_attempt_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"


class Erasure(models.Model):
    """A job that was deleted with its owner: its files are looked for a while longer. Nothing here is personal."""

    job_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.job_id)


class WorkerHeartbeat(models.Model):
    """When one worker process was last seen, and the resident memory that it, its engine and its work horse used."""

    name = models.CharField(max_length=100, primary_key=True)
    seen_at = models.DateTimeField()
    memory_bytes = models.BigIntegerField(default=0)
    engines = models.CharField(max_length=200, blank=True, db_default="", help_text="Those it runs, with commas.")

    def __str__(self) -> str:
        return self.name


class MachineSpeed(models.Model):
    """One row: how many times longer than on the reference machine (`ml/reference_times.py`) jobs take here."""

    ONLY = 1
    """Its primary key."""

    factor = models.FloatField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.factor:.2g}"


def changed() -> dict[str, Any]:
    """What every UPDATE of a job sets that its owner can notice: the next `seq`, and the time."""
    return {"seq": F("seq") + 1, "updated_at": timezone.now()}
