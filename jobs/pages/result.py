"""What the pages of a finished model show, taken from its files and its report: for the owner and for visitors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from jobs.core import access, conversions, sharing
from jobs.core.notes import notes_of
from jobs.core.recipe_labels import LABELS, SIDE_LABELS
from jobs.core.shots import shots_of
from jobs.http import zip_stream
from jobs.http.download_names import download_name, slug_of
from jobs.http.serializers import share_url
from jobs.models import Artifact, Job, ShareLink
from jobs.pages import embedding
from ml import files
from ml.formats import FORMATS, FileFormat
from ml.recipe import MAX_PHOTOS

VIEWER_FILES = {"glb": files.GLB, "obj": files.OBJ}
"""The files that the viewer can load, by the value of `?format=`."""

MIN_GAIN = 0.1
"""Fraction of the surface that a further photo must show for the page to ask for it."""


@dataclass(frozen=True)
class FileLinks:
    """The files of a job that a visitor may download, and their URLs for this visitor."""

    artifacts: Sequence[Artifact]
    file_url: Callable[[str], str]
    bundle_url: str
    is_public: bool
    """True if the URLs need no sign-in, so that the AR app of a phone can fetch them."""

    def url(self, name: str) -> str | None:
        """The file's URL; None if this visitor cannot download it."""
        return self.file_url(name) if any(artifact.name == name for artifact in self.artifacts) else None


def owner_file_links(job: Job) -> FileLinks:
    """Every file, for the owner."""
    return FileLinks(
        list(job.artifacts.all()),
        lambda name: reverse("jobs:file", args=[job.pk, name]),
        reverse("jobs:bundle", args=[job.pk]),
        is_public=False,
    )


def shared_file_links(job: Job, token: str) -> FileLinks:
    """The public files, for anyone with the share link."""
    return FileLinks(
        access.public_files(job),
        lambda name: reverse("jobs:shared_file", args=[token, name]),
        reverse("jobs:shared_bundle", args=[token]),
        is_public=True,
    )


def public_file_links(job: Job) -> FileLinks:
    """The public files of a published model, for everyone."""
    return FileLinks(
        access.public_files(job),
        lambda name: reverse("jobs:public_file", args=[job.pk, name]),
        reverse("jobs:public_bundle", args=[job.pk]),
        is_public=True,
    )


def model_context(job: Job, links: FileLinks, viewer_format: str = "") -> dict[str, Any]:
    """What every visitor sees: viewer, downloads, images and mesh statistics."""
    return {
        "job": job,
        "viewer": _viewer(job, links, viewer_format),
        "downloads": [
            _download(kind, links, slug_of(job.title))
            for kind in files.result_files()
            if kind.download and links.url(kind.name)
        ],
        "bundle": {
            "url": links.bundle_url,
            "size": zip_stream.approximate_size(links.artifacts, slug_of(job.title)),
        },
        "frames": [links.file_url(file.name) for file in links.artifacts if file.name.startswith("render_0")],
        "video_url": links.url(files.VIDEO),
        "poster_url": links.url(files.POSTER),
        "mesh": job.report.get("mesh", {}),
    }


def owner_context(job: Job, viewer_format: str = "") -> dict[str, Any]:
    """The above, and what only the owner sees: photos, recipe, timings, sharing and other versions."""
    prefetch_related_objects([job], "tags")
    links = owner_file_links(job)
    photos = [_posed_photo(photo, links) for photo in shots_of(job) if links.url(photo["file"])]
    versions = list(access.versions_of(job).defer("report", "failure_detail"))
    return {
        **model_context(job, links, viewer_format),
        "cutout_url": links.url(files.CUTOUT),
        "shots": photos,
        "shots_json": json.dumps(photos),
        "report": job.report,
        "missing": _missing_photo(job, len(photos)),
        "notes": notes_of(job),
        "recipe_rows": recipe_rows(job.report.get("recipe", {})),
        "link": sharing.active_link(job),
        "offers": offered_formats(job, links),
        "archive": archive_state(job),
        "versions": versions,
        "can_compare": not job.archived_at and any(not one.archived_at for one in versions if one != job),
    }


def share_context(link: ShareLink) -> dict[str, str]:
    """What the owner copies to share a model: its URL, and HTML that embeds the viewer in another page."""
    return share_texts(embedding.shared(link.job, link.token), share_url(link))


def share_texts(content: embedding.Embeddable, url: str) -> dict[str, str]:
    """A URL to copy, and HTML that embeds what it leads to."""
    code, path = embedding.frame_html(content), content.embed_url.removeprefix(settings.SITE_URL)
    return {"share_url": url, "embed_code": code, "embed_url": content.embed_url, "embed_path": path}


def _missing_photo(job: Job, photo_count: int) -> dict[str, Any] | None:
    """The further photo that would show most of what is predicted; None if none would show much, or for a remix."""
    unseen = job.report.get("unseen", {})
    side, gain = max(unseen.get("sides", {}).items(), key=lambda entry: entry[1], default=("", 0.0))
    if gain < MIN_GAIN or photo_count >= MAX_PHOTOS or not job.photos.exists():
        return None
    url = reverse("jobs:upload", query={"again": job.pk, "add": side})
    return {
        "side": SIDE_LABELS[side].lower(),
        "gain": round(100 * gain),
        "share": round(100 * unseen["share"]),
        "url": url,
    }


def recipe_rows(recipe: dict[str, Any]) -> list[tuple[str, str]]:
    """Label and value of each setting that was used, in the recipe's order."""
    used = ((name, value) for name, value in recipe.items() if value not in (None, [], ""))
    return [(LABELS.get(name, name.capitalize()), _value_text(value)) for name, value in used]


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _viewer(job: Job, links: FileLinks, viewer_format: str) -> dict[str, Any]:
    """What templates/jobs/_viewer.html needs. Shows the GLB if the requested format is not available."""
    requested = links.url(VIEWER_FILES.get(viewer_format, files.GLB))
    glb = links.url(files.GLB)
    return {
        "model_url": requested or glb,
        "format": viewer_format if requested and viewer_format in VIEWER_FILES else "glb",
        "poster_url": links.url(files.POSTER),
        "usdz_url": links.url(files.USDZ),
        "scene_viewer_url": glb if links.is_public else None,
        "size_mm": job.report.get("mesh", {}).get("size_mm"),
        "name": slug_of(job.title),
        "obj_url": links.url(files.OBJ),
    }


def _download(kind: files.ResultFile, links: FileLinks, slug: str) -> dict[str, Any]:
    """One entry of the download menu; `kind.title` reads "GLB: one file with …" and is split at the colon."""
    label, _, purpose = kind.title.partition(": ")
    size = next(file.size for file in links.artifacts if file.name == kind.name)
    url = f"{links.file_url(kind.name)}?download=1"
    return {"name": download_name(kind.name, slug), "label": label, "purpose": purpose, "size": size, "url": url}


@dataclass(frozen=True)
class OfferedFormat:
    """A format that the model does not have yet, and can get from its scene."""

    name: str
    label: str
    purpose: str
    is_pending: bool
    """True while a worker creates it."""
    has_failed: bool


@dataclass(frozen=True)
class ArchiveState:
    """How far the files of an archived model are from being there again."""

    format: str
    """Any of its formats: the page asks the API for its files, until they are there."""
    is_pending: bool
    has_failed: bool


def archive_state(job: Job) -> ArchiveState | None:
    """None for a model that has its files."""
    if job.archived_at is None:
        return None
    conversion = job.conversions.filter(format=conversions.ALL).first()
    failed = conversion is not None and conversion.failed_at is not None
    name = next(iter(job.report.get("recipe", {}).get("formats", ())), "glb")
    return ArchiveState(str(name), is_pending=conversion is not None and not failed, has_failed=failed)


def offered_formats(job: Job, links: FileLinks) -> list[OfferedFormat]:
    """What else the owner can download; nothing without the scene."""
    if not links.url(files.SCENE) or job.archived_at:
        return []
    failed = dict(job.conversions.values_list("format", "failed_at"))
    missing = {name: spec for name, spec in FORMATS.items() if not any(links.url(file.name) for file in spec.files)}
    return [
        _offer(name, spec, is_pending=name in failed and failed[name] is None, has_failed=bool(failed.get(name)))
        for name, spec in missing.items()
    ]


def _offer(name: str, spec: FileFormat, *, is_pending: bool, has_failed: bool) -> OfferedFormat:
    label, _, purpose = spec.files[0].title.partition(": ")
    return OfferedFormat(name, label, purpose, is_pending, has_failed)


def _posed_photo(photo: dict[str, Any], links: FileLinks) -> dict[str, Any]:
    """One photo for the comparison slider: its cutout and the camera that took it."""
    side = str(photo.get("side", ""))
    label = side.capitalize() if side.isalpha() else f"{side}°"
    return {"url": links.file_url(photo["file"]), "label": label, "camera": photo["camera"]}
