"""How other sites show a model: HTML to copy, and answers to oEmbed requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve, reverse
from django.utils.html import format_html

from jobs.core import access
from jobs.models import Job
from jobs.pages.social_picture import SIZE as PICTURE_SIZE

WIDTH, HEIGHT = 640, 480
"""Size of the frame in CSS pixels, unless the other site asks for less."""


@dataclass(frozen=True)
class Embeddable:
    """A model that other sites may show, and its URLs."""

    job: Job
    embed_url: str
    picture_url: str


def shared(job: Job, token: str) -> Embeddable:
    """A model with a share link."""
    return Embeddable(job, _absolute("jobs:embed", token), _absolute("jobs:shared_picture", token))


def published(job: Job) -> Embeddable:
    """A published model."""
    return Embeddable(job, _absolute("jobs:public_embed", job.pk), _absolute("jobs:public_picture", job.pk))


def embeddable_at(url: str) -> Embeddable | None:
    """The model of a page of this site; None for any other URL, and for a model that strangers may not see."""
    try:
        page = urlsplit(url)
        match = resolve(page.path)
    except (ValueError, Resolver404):  # ValueError: the URL is malformed
        return None
    if page.netloc != urlsplit(settings.SITE_URL).netloc or page.scheme not in ("http", "https"):
        return None
    if match.view_name in ("jobs:shared", "jobs:embed"):
        job = access.job_by_share(match.kwargs["token"])
        return shared(job, match.kwargs["token"]) if job else None
    if match.view_name in ("jobs:public", "jobs:public_embed"):
        job = access.job_for_public(match.kwargs["job_id"])
        return published(job) if job else None
    return None


def frame_html(model: Embeddable, width: int = WIDTH, height: int = HEIGHT) -> str:
    """HTML that shows the viewer; as wide as the page allows, and loaded when it comes into view."""
    return format_html(
        '<iframe src="{}" title="{}" width="{}" height="{}" style="max-width:100%;border:0" loading="lazy" '
        'allow="fullscreen"></iframe>',
        model.embed_url,
        f"3D model: {model.job.title}",
        width,
        height,
    )


def oembed(model: Embeddable, max_width: int | None, max_height: int | None) -> dict[str, Any]:
    """The answer of type "rich" of https://oembed.com/, no larger than asked."""
    width, height = min(WIDTH, max_width or WIDTH), min(HEIGHT, max_height or HEIGHT)
    return {
        "version": "1.0",
        "type": "rich",
        "title": model.job.title,
        "provider_name": "Reconsite",
        "provider_url": settings.SITE_URL,
        "html": frame_html(model, width, height),
        "width": width,
        "height": height,
        "thumbnail_url": model.picture_url,
        "thumbnail_width": PICTURE_SIZE[0],
        "thumbnail_height": PICTURE_SIZE[1],
    }


def _absolute(name: str, argument: object) -> str:
    return str(settings.SITE_URL + reverse(name, args=[argument]))
