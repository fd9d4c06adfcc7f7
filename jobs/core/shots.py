"""The photos of a finished job with their cameras, as the files show the model."""

from __future__ import annotations

from typing import Any

from jobs.models import Job

UNPLACED = {"mm_per_unit": 1000.0, "origin": [0.0, 0.0, 0.0]}
"""Results of earlier versions have one scene unit a metre, around the origin of the scene."""


def shots_of(job: Job) -> list[dict[str, Any]]:
    """The report's `shots`, distance and target of the cameras in metres from the origin of the files."""
    placement = job.report.get("placement", UNPLACED)
    return [shot | {"camera": _placed(shot["camera"], **placement)} for shot in job.report.get("shots", [])]


def _placed(camera: dict[str, Any], mm_per_unit: float, origin: list[float]) -> dict[str, Any]:
    scale = mm_per_unit / 1000.0
    target = camera.get("target", [0.0, 0.0, 0.0])
    moved = [(value - start) * scale for value, start in zip(target, origin, strict=True)]
    return camera | {"distance": camera["distance"] * scale, "target": moved}
