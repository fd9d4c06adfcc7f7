"""Everything that the site stores about and for a person, as one ZIP."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse

from accounts.models import ApiToken, User
from jobs.http.zip_stream import Entry, deliver_bundle
from jobs.models import AbuseReport, Collection, Job

JOB_FIELDS = (
    "id",
    "title",
    "parent_id",
    "recipe",
    "engine",
    "state",
    "attempt",
    "created_at",
    "queued_at",
    "started_at",
    "finished_at",
    "stage_seconds",
    "report",
    "failure_code",
    "failure_message",
    "published_at",
    "hidden_at",
)

CONNECTED_FIELDS = ("provider", "uid", "extra_data", "date_joined", "last_login")


def deliver_export(user: User) -> StreamingHttpResponse:
    """account.json, jobs.json, and a folder per job with its photos and results. Nothing is written to disk."""
    return deliver_bundle(entries_of(user), "reconsite-data.zip")


def entries_of(user: User) -> list[Entry]:
    """The contents of the ZIP, the two lists first."""
    jobs = list(_jobs_of(user))
    lists = [Entry("account.json", _json(_account(user))), Entry("jobs.json", _json([_job(job) for job in jobs]))]
    return lists + [entry for job in jobs for entry in _files(job)]


def _jobs_of(user: User) -> QuerySet[Job]:
    related = ("photos", "artifacts", "events", "tags", "share_links")
    return Job.objects.filter(owner=user, deleted_at=None).order_by("created_at").prefetch_related(*related)


def _files(job: Job) -> list[Entry]:
    """None of a hidden job; only the photos of an active one, because its early files can disappear."""
    if job.hidden_at is not None:
        return []
    photos = [Entry(f"{job.pk}/{_photo_name(str(photo.file))}", photo) for photo in job.photos.all()]
    results = job.artifacts.all() if job.is_terminal else []
    return photos + [Entry(f"{job.pk}/{artifact.name}", artifact) for artifact in results]


def _photo_name(key: str) -> str:
    return key.rpartition("/")[2]


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False).encode()


def _values(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(rows.values(*fields))


def _fields(row: Model, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _account(user: User) -> dict[str, Any]:
    """The person, without credentials: no password, no token."""
    fields = ("email", "display_name", "date_joined", "last_login", "quota_mb", "is_staff")
    reports = AbuseReport.objects.filter(reporter=user)
    return {
        **_fields(user, fields),
        "addresses": _values(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        "tokens": _values(ApiToken.objects.filter(user=user), "name", "scope", "created", "last_used_at", "expiry"),
        "sessions": _values(UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at"),
        "second_factors": _values(Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
        "connected_accounts": _values(SocialAccount.objects.filter(user=user), *CONNECTED_FIELDS),
        "webhooks": _values(user.webhooks.all(), "url", "events", "is_active", "created_at"),
        "collections": [_collection(row) for row in user.collections.prefetch_related("items")],
        "tags": list(user.tags.values_list("name", flat=True)),
        "reports": _values(reports, "job_id", "collection_id", "reason", "text", "created_at", "closed_at"),
    }


def _collection(collection: Collection) -> dict[str, Any]:
    fields = (
        "id",
        "title",
        "description",
        "visibility",
        "token",
        "created_at",
        "updated_at",
        "published_at",
        "hidden_at",
    )
    item = ("job_id", "position", "follows_collection", "added_at")
    return {**_fields(collection, fields), "models": [_fields(row, item) for row in collection.items.all()]}


def _job(job: Job) -> dict[str, Any]:
    event = ("seq", "at", "kind", "state", "stage", "progress", "code")
    photo = ("position", "original_name", "size", "width", "height", "notes")
    return {
        **_fields(job, JOB_FIELDS),
        "tags": [tag.name for tag in job.tags.all()],
        "photos": [{"file": _photo_name(str(row.file)), **_fields(row, photo)} for row in job.photos.all()],
        "files": [_fields(row, ("name", "size", "sha256")) for row in job.artifacts.all()],
        "share_links": [_fields(row, ("token", "created_at", "revoked_at")) for row in job.share_links.all()],
        "events": [_fields(row, event) for row in job.events.all()],
    }
