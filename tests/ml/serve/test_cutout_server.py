"""The cutout before the job: its pictures, its facts, and the process that makes them."""

from __future__ import annotations

import io
import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.errors import ReconstructionError
from ml.serve.cutout_server import SIDE, answer, quick_cut
from tests.ml.conftest import encoded, mushroom, on_meadow


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_large_photo_comes_back_small_and_says_its_scale(u2netp: Path) -> None:
    cut = quick_cut(encoded(on_meadow().resize((4000, 3000)), "JPEG"))
    assert cut.size == (SIDE, 768)
    assert (cut.original_size, cut.scale) == ((4000, 3000), SIDE / 4000)
    assert opened(cut.photo).size == opened(cut.cutout).size == cut.size


def test_the_background_is_transparent_and_the_object_is_not(u2netp: Path) -> None:
    alpha = np.asarray(opened(quick_cut(encoded(on_meadow())).cutout).getchannel("A"))
    drawn = np.asarray(mushroom().getchannel("A")) > 127
    assert ((alpha > 127) & drawn).sum() / ((alpha > 127) | drawn).sum() > 0.9


def test_a_pictures_own_transparency_is_taken_as_it_is() -> None:
    cut = quick_cut(encoded(mushroom()))
    assert cut.method == "transparency"
    assert np.array_equal(np.asarray(opened(cut.cutout)), np.asarray(mushroom()))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ReconstructionError) as error:
        quick_cut(b"no picture")
    assert error.value.code == "unsupported_type"


def test_a_limit_on_pixels_holds() -> None:
    (message,) = answer(encoded(mushroom()), 1000)
    assert json.loads(message)["refused"]["code"] == "too_large"


def test_the_process_answers_one_photo_after_another_and_ends_with_its_owner() -> None:
    ours, theirs = multiprocessing.Pipe()
    with theirs:
        command = [sys.executable, "-m", "ml.serve.cutout_server", str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    for _ in range(2):
        ours.send_bytes(b"1000000")
        ours.send_bytes(encoded(mushroom()))
        assert json.loads(ours.recv_bytes())["done"]["method"] == "transparency"
        assert [opened(ours.recv_bytes()).format for _ in range(2)] == ["JPEG", "PNG"]
    ours.close()
    assert process.wait(timeout=60) == 0


def test_it_loads_no_torch() -> None:
    code = "import sys, ml.serve.cutout_server; ml.serve.cutout_server.warm_up(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
