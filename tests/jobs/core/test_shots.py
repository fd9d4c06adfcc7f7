"""The cameras of the photos, moved and scaled like the files."""

from __future__ import annotations

import pytest

from jobs.core.shots import shots_of
from jobs.models import Job

CAMERA = {"elevation": 10.0, "azimuth": 5.0, "distance": 2.0, "fov": 40.0, "target": [0.1, 0.2, 0.3]}
PLACEMENT = {"mm_per_unit": 50.0, "origin": [0.1, 0.0, -0.5]}


def test_a_camera_is_in_metres_from_the_origin_of_the_files() -> None:
    (shot,) = shots_of(Job(report={"shots": [{"file": "cutout.png", "camera": CAMERA}], "placement": PLACEMENT}))
    assert shot["camera"]["distance"] == pytest.approx(0.1)
    assert shot["camera"]["target"] == pytest.approx([0.0, 0.01, 0.04])
    assert (shot["file"], shot["camera"]["azimuth"]) == ("cutout.png", 5.0)


def test_a_result_of_an_earlier_version_is_in_scene_units() -> None:
    (shot,) = shots_of(Job(report={"shots": [{"camera": CAMERA}]}))
    assert shot["camera"] == CAMERA


def test_without_a_result_there_are_none() -> None:
    assert shots_of(Job()) == []
