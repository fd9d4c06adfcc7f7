"""Which pixels are the object: rembg where its weights are installed, GrabCut as the last resort.

Weights are never downloaded here: `python -m ml.cli.fetch_background` puts them in place beforehand.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.weights import models_folder

if TYPE_CHECKING:
    from rembg.sessions.base import BaseSession

DEFAULT_MODEL = "u2netp"
GRABCUT_NOTE = "No network for background removal is installed: the background was guessed from the picture's edge."

_PREDICT_SIDE = 1024
"""rembg's networks look at 320 to 1024 pixels; a larger picture would only be resized once more."""
_GRABCUT_SIDE = 384


def model_name() -> str:
    """The rembg model to use: `BACKGROUND_MODEL` from the environment, else the small one made for CPUs."""
    return os.environ.get("BACKGROUND_MODEL") or DEFAULT_MODEL


def background_folder() -> Path:
    """Where rembg finds its weights (its own setting U2NET_HOME)."""
    return models_folder() / "u2net"


def weights_file(model: str) -> Path:
    """The file that has to be there before `model` can run."""
    return background_folder() / f"{model}.onnx"


def remove_by_rembg(picture: NDArray[np.uint8], model: str) -> NDArray[np.float32]:
    """Opacity in [0, 1] of every pixel, (H, W), of an RGB picture (H, W, 3)."""
    small = Image.fromarray(picture)
    small.thumbnail((_PREDICT_SIDE, _PREDICT_SIDE), reducing_gap=2.0)
    session = _session(model, str(background_folder()))
    mask = _rembg().remove(small, session=session, only_mask=True)
    return _resized(np.asarray(mask.convert("L"), dtype=np.float32) / 255.0, picture.shape[:2])


def warm_up() -> None:
    """Load the configured network if its weights are installed, so that the first photo need not wait for it."""
    model = model_name()
    if weights_file(model).exists():
        remove_by_rembg(np.zeros((64, 64, 3), np.uint8), model)


def _rembg() -> Any:
    """rembg. It imports pymatting, whose functions would be compiled for 40 s on a fresh machine; none is used."""
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
    import rembg

    return rembg


@lru_cache(maxsize=1)
def _session(model: str, folder: str) -> BaseSession:
    from onnxruntime import SessionOptions

    os.environ["U2NET_HOME"] = folder
    options = SessionOptions()
    options.enable_cpu_mem_arena = False  # an arena would hold 250 MB for the rest of the job and is no faster here
    session: BaseSession = _rembg().new_session(model, sess_opts=options)
    return session


def remove_by_grabcut(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Opacity, 0 or 1, (H, W), of an RGB picture whose object stays clear of the picture's edge.

    Method: Rother et al. 2004, "GrabCut", as in OpenCV.
    """
    import cv2

    small = Image.fromarray(picture)
    small.thumbnail((_GRABCUT_SIDE, _GRABCUT_SIDE))
    bgr = np.ascontiguousarray(np.asarray(small)[..., ::-1])
    height, width = bgr.shape[:2]
    margin = max(2, min(height, width) // 25)
    inside = (margin, margin, width - 2 * margin, height - 2 * margin)
    labels = np.zeros((height, width), np.uint8)
    cv2.setRNGSeed(0)
    cv2.grabCut(bgr, labels, inside, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_RECT)
    mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return _resized(mask, picture.shape[:2])


def _resized(mask: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if mask.shape == shape:
        return mask
    resized = Image.fromarray(mask).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32).clip(0.0, 1.0)
