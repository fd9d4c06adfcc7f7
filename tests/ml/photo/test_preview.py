"""The quick cutout before the job."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.core.masks import iou
from ml.errors import ReconstructionError
from ml.photo.preview import SIDE, preview_cutout
from tests.ml.conftest import encoded, mushroom, on_meadow


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_large_photo_is_scaled_down_and_its_scale_is_reported(u2netp: Path) -> None:
    preview = preview_cutout(encoded(on_meadow().resize((4000, 3000)), "JPEG"))
    assert preview.size == (SIDE, 768)
    assert (preview.original_size, preview.scale) == ((4000, 3000), SIDE / 4000)
    assert opened(preview.photo).size == opened(preview.cutout).size == preview.size


def test_the_background_is_transparent_and_the_object_is_not(u2netp: Path) -> None:
    alpha = np.asarray(opened(preview_cutout(encoded(on_meadow())).cutout).getchannel("A"))
    assert iou(alpha > 127, np.asarray(mushroom().getchannel("A")) > 127) > 0.9


def test_existing_transparency_is_kept_unchanged() -> None:
    preview = preview_cutout(encoded(mushroom()))
    assert preview.method == "transparency"
    assert np.array_equal(np.asarray(opened(preview.cutout)), np.asarray(mushroom()))


def test_a_file_that_is_not_a_picture_is_rejected() -> None:
    with pytest.raises(ReconstructionError) as error:
        preview_cutout(b"no picture")
    assert error.value.code == "unsupported_type"


def test_a_photo_with_too_many_pixels_is_rejected() -> None:
    with pytest.raises(ReconstructionError) as error:
        preview_cutout(encoded(mushroom()), max_pixels=1000)
    assert error.value.code == "too_large"


def test_importing_the_preview_does_not_load_torch() -> None:
    code = "import sys, ml.photo.preview; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
