"""Background removal: the configured model, and masks of the picture's own size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.core.masks import iou
from ml.photo import background_removal
from tests.ml.conftest import mushroom, on_meadow

DRAWN = np.asarray(mushroom().getchannel("A")) > 127


def test_the_environment_selects_the_background_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKGROUND_MODEL", "u2net")
    assert background_removal.model_name() == "u2net"
    monkeypatch.delenv("BACKGROUND_MODEL")
    assert background_removal.model_name() == "u2netp"


def test_the_weights_are_kept_in_the_models_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS_DIR", "/srv/weights")
    assert background_removal.weights_file("u2netp") == Path("/srv/weights/u2net/u2netp.onnx")


def test_without_weights_there_is_nothing_to_warm_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    monkeypatch.delattr(background_removal, "remove_by_rembg")
    background_removal.warm_up()


def test_the_network_returns_opacity_for_every_pixel(u2netp: Path) -> None:
    mask = background_removal.remove_by_rembg(np.asarray(on_meadow()), "u2netp")
    assert mask.shape == (320, 320)
    assert mask.dtype == np.float32
    assert 0.0 <= mask.min() <= mask.max() <= 1.0
    assert iou(mask > 0.5, DRAWN) > 0.85


def test_the_network_runs_exactly_as_in_rembg(u2netp: Path) -> None:
    picture = mushroom().convert("RGB").resize((200, 150))
    theirs = background_removal._rembg_mask(picture, "u2netp")
    assert background_removal._u2net_mask(picture, u2netp) == theirs


def test_another_network_runs_in_rembg(u2netp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_removal, "_U2NETS", ())
    picture = np.asarray(on_meadow())
    by_rembg = background_removal.remove_by_rembg(picture, "u2netp")
    monkeypatch.undo()
    assert np.array_equal(background_removal.remove_by_rembg(picture, "u2netp"), by_rembg)


def test_grabcut_returns_opacity_for_every_pixel() -> None:
    mask = background_removal.remove_by_grabcut(np.asarray(on_meadow()))
    assert mask.shape == (320, 320)
    assert iou(mask > 0.5, DRAWN) > 0.8


def test_grabcut_gives_the_same_mask_every_time() -> None:
    picture = np.asarray(on_meadow())
    assert np.array_equal(background_removal.remove_by_grabcut(picture), background_removal.remove_by_grabcut(picture))


def test_the_first_photo_on_a_fresh_machine_does_not_wait_for_a_compiler(u2netp: Path, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    env["NUMBA_CACHE_DIR"] = str(tmp_path)  # numba would cache here what it compiles on import
    subprocess.run(
        [sys.executable, "-c", "from ml.photo.background_removal import warm_up; warm_up()"], env=env, check=True
    )
    assert not list(tmp_path.rglob("*"))
