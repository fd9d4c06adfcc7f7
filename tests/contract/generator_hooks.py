"""Loaded by schemathesis: content types that hold bytes, and bodies that do create something."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import schemathesis

# A resumable upload holds bytes, as any file does.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

OWN_TOKEN = os.environ["OWN_TOKEN"]
VALID_PHOTO = os.environ.get("VALID_PHOTO", "")
"""A photo: then links are followed, and some bodies are valid, since a link leads on only from what was created."""


def valid_bodies(photo: bytes) -> dict[str, Any]:
    """By operation id."""
    return {
        "jobs_create": {"photo": [photo], "quality": "draft"},
        "cutouts_create": {"photo": photo, "mask": "alpha"},
        "cutouts_mask": {"mask": photo},
        "webhooks_create": {"url": "https://9.9.9.9/"},
    }


FINISHED_JOB = os.environ.get("FINISHED_JOB", "")
BODIES = valid_bodies(Path(VALID_PHOTO).read_bytes()) if VALID_PHOTO else {}


FOLLOWED = Path(os.environ["FOLLOWED_LINKS"])
"""Gets a line for each request about something that an earlier one has created or deleted: both operation ids."""
sources: dict[str, str] = {}
"""The operation that an id comes from."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Send valid bodies, and never revoke the token of this run."""
    name = case.operation.definition.raw["operationId"]
    if VALID_PHOTO:
        _make_valid(case, name)
    if name == "account_tokens_revoke" and case.path_parameters.get("token_key") == OWN_TOKEN:
        case.path_parameters["token_key"] = "another"
    followed = {sources[value] for value in case.path_parameters.values() if value in sources}
    with FOLLOWED.open("a") as file:
        file.writelines(f"{source} {name}\n" for source in followed)


def _make_valid(case: Any, name: str) -> None:
    """Let what creates something succeed."""
    case.body = BODIES.get(name, case.body)
    if name == "jobs_remix" and case.path_parameters.get("id") not in sources:
        case.path_parameters["id"] = FINISHED_JOB
    if name == "uploads_create":
        case.headers["Upload-Length"] = "100"
        case.headers.pop("Tus-Resumable", None)
        case.headers.pop("Upload-Metadata", None)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember where the ids of what was created come from."""
    name = case.operation.definition.raw["operationId"]
    if response.status_code in (200, 201, 202):
        body = _json(response.content)
        if isinstance(body, dict) and "id" in body and case.method == "POST":
            sources[str(body["id"])] = name
    elif response.status_code == 204 and name == "jobs_delete":
        sources[str(case.path_parameters["id"])] = name


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
