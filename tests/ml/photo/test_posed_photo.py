"""The posed photo and its entry in the report."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ml.core.camera import Camera
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto

CUTOUT = Cutout(np.zeros((512, 512, 4), np.uint8), (0, 0, 512, 512), "none")


def test_an_entry_survives_json() -> None:
    photo = PosedPhoto(CUTOUT, Camera(elevation=5.0, azimuth=90.0, target=(0.1, 0.2, 0.3)), number=1, side="right")
    entry = json.loads(json.dumps(photo.to_dict()))
    assert entry["file"] == "cutout_1.png"
    assert PosedPhoto.from_dict(entry, CUTOUT) == photo


@pytest.mark.parametrize("change", [{"file": "../secret.png"}, {"camera": {"height": 1.0}}, {"camera": None}])
def test_an_invalid_entry_is_rejected(change: dict[str, object]) -> None:
    entry = PosedPhoto(CUTOUT, Camera()).to_dict() | change
    with pytest.raises((KeyError, TypeError, ValueError)):
        PosedPhoto.from_dict(entry, CUTOUT)
