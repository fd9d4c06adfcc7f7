"""How other sites show a model: HTML to copy, and answers to oEmbed requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import Resolver404, resolve, reverse
from django.utils.html import format_html

from jobs.core import access
from jobs.models import Collection, Job
from jobs.pages.social_picture import SIZE as PICTURE_SIZE

WIDTH, HEIGHT = 640, 480
"""Size of the frame in CSS pixels, unless the other site asks for less."""


@dataclass(frozen=True)
class Embeddable:
    """A model or a collection that other sites may show, and its URLs."""

    title: str
    embed_url: str
    picture_url: str
    kind: str = "3D model"


def shared(job: Job, token: str) -> Embeddable:
    """A model with a share link."""
    return Embeddable(job.title, _absolute("jobs:embed", token), _absolute("jobs:shared_picture", token))


def published(job: Job) -> Embeddable:
    """A published model."""
    return Embeddable(job.title, _absolute("jobs:public_embed", job.pk), _absolute("jobs:public_picture", job.pk))


def collection(row: Collection) -> Embeddable:
    """A collection with a link, beginning with its first model."""
    token = row.token
    urls = _absolute("jobs:collection_embed", token), _absolute("jobs:collection_picture", token)
    return Embeddable(row.title, *urls, kind="3D models")


def in_collection(job: Job, token: str) -> Embeddable:
    """A collection that shows this model first."""
    picture = _absolute("jobs:collection_model_picture", token, job.pk)
    return Embeddable(job.title, f"{_absolute('jobs:collection_embed', token)}?model={job.pk}", picture)


def embeddable_at(url: str) -> Embeddable | None:
    """What a page of this site shows; None for any other URL, and for what strangers may not see."""
    try:
        page = urlsplit(url)
        match = resolve(page.path)
    except (ValueError, Resolver404):  # ValueError: the URL is malformed
        return None
    if page.netloc != urlsplit(settings.SITE_URL).netloc or page.scheme not in ("http", "https"):
        return None
    find = _PAGES.get(match.view_name)
    return find(**match.kwargs) if find else None


def _by_share(token: str) -> Embeddable | None:
    job = access.job_by_share(token)
    return shared(job, token) if job else None


def _by_id(job_id: UUID) -> Embeddable | None:
    job = access.job_for_public(job_id)
    return published(job) if job else None


def _collection_by_token(token: str) -> Embeddable | None:
    row = access.collection_by_token(token)
    return collection(row) if row else None


def _model_in_collection(token: str, job_id: UUID) -> Embeddable | None:
    job = access.job_in_collection(token, job_id)
    return in_collection(job, token) if job else None


_PAGES: dict[str, Callable[..., Embeddable | None]] = {
    "jobs:shared": _by_share,
    "jobs:embed": _by_share,
    "jobs:public": _by_id,
    "jobs:public_embed": _by_id,
    "jobs:shared_collection": _collection_by_token,
    "jobs:collection_embed": _collection_by_token,
    "jobs:collection_model": _model_in_collection,
}
"""What each page shows, by the name of its view."""


def frame_html(model: Embeddable, width: int = WIDTH, height: int = HEIGHT) -> str:
    """HTML that shows the viewer; as wide as the page allows, and loaded when it comes into view."""
    return format_html(
        '<iframe src="{}" title="{}" width="{}" height="{}" style="max-width:100%;border:0" loading="lazy" '
        'allow="fullscreen"></iframe>',
        model.embed_url,
        f"{model.kind}: {model.title}",
        width,
        height,
    )


def oembed(model: Embeddable, max_width: int | None, max_height: int | None) -> dict[str, Any]:
    """The answer of type "rich" of https://oembed.com/, no larger than asked."""
    width, height = min(WIDTH, max_width or WIDTH), min(HEIGHT, max_height or HEIGHT)
    return {
        "version": "1.0",
        "type": "rich",
        "title": model.title,
        "provider_name": "Reconsite",
        "provider_url": settings.SITE_URL,
        "html": frame_html(model, width, height),
        "width": width,
        "height": height,
        "thumbnail_url": model.picture_url,
        "thumbnail_width": PICTURE_SIZE[0],
        "thumbnail_height": PICTURE_SIZE[1],
    }


def _absolute(name: str, *arguments: object) -> str:
    return str(settings.SITE_URL + reverse(name, args=arguments))
