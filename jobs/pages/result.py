"""What the pages of a finished model show, gathered from its files and its report: for the owner, and for strangers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.text import slugify

from jobs.core import access, sharing
from jobs.http import zip_stream
from jobs.models import Artifact, Job, ShareLink
from ml import files

FORMATS = {"glb": files.GLB, "obj": files.OBJ}
"""What the viewer can load: `?format=` and the file behind it."""


@dataclass(frozen=True)
class Door:
    """The addresses under which a visitor has a job's files, and the files that they may have."""

    artifacts: Sequence[Artifact]
    file_url: Callable[[str], str]
    bundle_url: str
    open_to_all: bool
    """No sign-in is asked for: an app of the phone can fetch the file by itself."""

    def url(self, name: str) -> str | None:
        """Where the file is, None if there is none for this visitor."""
        return self.file_url(name) if any(each.name == name for each in self.artifacts) else None


def own_door(job: Job) -> Door:
    """The owner's: every file."""
    return Door(
        list(job.artifacts.all()),
        lambda name: reverse("jobs:file", args=[job.pk, name]),
        reverse("jobs:bundle", args=[job.pk]),
        open_to_all=False,
    )


def shared_door(job: Job, token: str) -> Door:
    """For whoever has the secret link: what access gives strangers."""
    return Door(
        access.public_files(job),
        lambda name: reverse("jobs:shared_file", args=[token, name]),
        reverse("jobs:shared_bundle", args=[token]),
        open_to_all=True,
    )


def public_door(job: Job) -> Door:
    """For everybody, of a published model: what access gives strangers."""
    return Door(
        access.public_files(job),
        lambda name: reverse("jobs:public_file", args=[job.pk, name]),
        reverse("jobs:public_bundle", args=[job.pk]),
        open_to_all=True,
    )


def model_context(job: Job, door: Door, wanted_format: str = "") -> dict[str, Any]:
    """Viewer, downloads, pictures and mesh facts: what every visitor of a model's page sees."""
    return {
        "job": job,
        "viewer": _viewer(job, door, wanted_format),
        "downloads": [_download(kind, door) for kind in files.FILES if kind.download and door.url(kind.name)],
        "bundle": {
            "url": door.bundle_url,
            "size": zip_stream.size_of(zip_stream.entries_of(door.artifacts, folder_name(job))),
        },
        "frames": [door.file_url(each.name) for each in door.artifacts if each.name.startswith("render_0")],
        "video_url": door.url(files.VIDEO),
        "poster_url": door.url(files.POSTER),
        "mesh": job.report.get("mesh", {}),
    }


def owner_context(job: Job, wanted_format: str = "") -> dict[str, Any]:
    """All of that, and what is the owner's alone: photo, recipe, timings, relatives and who else may look."""
    prefetch_related_objects([job], "tags")
    door = own_door(job)
    shots = [_shot(shot, door) for shot in job.report.get("shots", []) if door.url(shot["file"])]
    return {
        **model_context(job, door, wanted_format),
        "cutout_url": door.url(files.CUTOUT),
        "shots": shots,
        "shots_json": json.dumps(shots),
        "report": job.report,
        "recipe_facts": recipe_facts(job.report.get("recipe", {})),
        "link": sharing.open_link(job),
        "remixes": list(access.jobs_of(job.owner).filter(parent=job).defer("report")),
        "parent": access.jobs_of(job.owner).filter(pk=job.parent_id).first() if job.parent_id else None,
    }


def share_context(link: ShareLink, site_url: str) -> dict[str, str]:
    """What is copied to share a model: its address, and HTML that puts its viewer into another page."""
    embed = site_url + reverse("jobs:embed", args=[link.token])
    frame = f'<iframe src="{embed}" width="640" height="480" allow="fullscreen" title="3D model"></iframe>'
    return {"share_url": site_url + link.get_absolute_url(), "embed_code": frame}


def recipe_facts(recipe: dict[str, Any]) -> list[tuple[str, str]]:
    """The choices behind a result in words, in the recipe's own order."""
    shown = ((name, value) for name, value in recipe.items() if value not in (None, [], ""))
    return [(name.replace("_mm", " in mm").replace("_", " ").capitalize(), _in_words(value)) for name, value in shown]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        ", ".join(map(str, value))
        if isinstance(value, list)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def folder_name(job: Job) -> str:
    """The title as a name for files."""
    return slugify(job.title) or "model"


def _viewer(job: Job, door: Door, wanted_format: str) -> dict[str, Any]:
    """What templates/jobs/_viewer.html needs; the GLB where the wanted format is not there."""
    wanted = door.url(FORMATS.get(wanted_format, files.GLB))
    glb = door.url(files.GLB)
    return {
        "model_url": wanted or glb,
        "format": wanted_format if wanted and wanted_format in FORMATS else "glb",
        "poster_url": door.url(files.POSTER),
        "usdz_url": door.url(files.USDZ),
        "scene_viewer_url": glb if door.open_to_all else None,
        "size_mm": job.report.get("mesh", {}).get("size_mm"),
        "name": folder_name(job),
        "obj_url": door.url(files.OBJ),
    }


def _download(kind: files.ResultFile, door: Door) -> dict[str, Any]:
    """`kind.title` reads "GLB: one file with …"; the menu shows the two halves apart."""
    label, _, purpose = kind.title.partition(": ")
    size = next(each.size for each in door.artifacts if each.name == kind.name)
    return {"name": kind.name, "label": label, "purpose": purpose, "size": size, "url": _as_download(door, kind.name)}


def _as_download(door: Door, name: str) -> str:
    return f"{door.file_url(name)}?download=1"


def _shot(shot: dict[str, Any], door: Door) -> dict[str, Any]:
    """One photo for the compare slider: its cutout and the camera that took it."""
    side = str(shot.get("side", ""))
    label = side.capitalize() if side.isalpha() else f"{side}°"
    return {"url": door.file_url(shot["file"]), "label": label, "camera": shot["camera"]}
