"""Separates the object from the background: with rembg if its weights are installed, else with GrabCut.

Weights are never downloaded here; `python -m ml.cli.fetch_background` installs them.
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
    from onnxruntime import InferenceSession, SessionOptions
    from rembg.sessions.base import BaseSession

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime 1.32 reports its use to its maker unless this is set

DEFAULT_MODEL = "u2netp"

_U2NETS = ("u2net", "u2netp")
"""Networks that run here exactly as in rembg (U²-Net, Qin et al. 2020): importing it takes 0.5 s and 80 MB."""
_U2NET_SIDE = 320
"""Side of their input in pixels."""
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
"""Where they run, if this ONNX Runtime can."""
_PREDICT_SIDE = 1024
"""Longer side in pixels: rembg's networks see 320 to 1024, so a larger picture would only be resized twice."""
_GRABCUT_SIDE = 384
"""Longer side in pixels: GrabCut gets slow on larger pictures."""
_GRABCUT_MARGIN = 25
"""1 / 25 of the shorter side, at each edge, is known to be background."""
_GRABCUT_ITERATIONS = 5
"""As in OpenCV's own example; the mask hardly changes after that."""


def model_name() -> str:
    """The rembg model: `BACKGROUND_MODEL` from the environment, else a small one that is fast on CPUs."""
    return os.environ.get("BACKGROUND_MODEL") or DEFAULT_MODEL


def background_folder() -> Path:
    """The folder that rembg loads its weights from (its setting U2NET_HOME)."""
    return models_folder() / "u2net"


def weights_file(model: str) -> Path:
    """The file that `model` needs."""
    return background_folder() / f"{model}.onnx"


def remove_by_rembg(picture: NDArray[np.uint8], model: str) -> NDArray[np.float32]:
    """Opacity (H, W) in [0, 1] of an RGB picture (H, W, 3)."""
    small = Image.fromarray(picture)
    small.thumbnail((_PREDICT_SIDE, _PREDICT_SIDE), reducing_gap=2.0)
    mask = _u2net_mask(small, weights_file(model)) if model in _U2NETS else _rembg_mask(small, model)
    return _resized(np.asarray(mask.convert("L"), dtype=np.float32) / 255.0, picture.shape[:2])


def warm_up() -> None:
    """Load the configured network if its weights are installed, so that the first photo does not wait for it."""
    model = model_name()
    if weights_file(model).exists():
        remove_by_rembg(np.zeros((64, 64, 3), np.uint8), model)


def _u2net_mask(picture: Image.Image, weights: Path) -> Image.Image:
    """What rembg's session of the network returns."""
    session = _u2net_session(weights)
    output = session.run(None, {session.get_inputs()[0].name: _u2net_input(picture)})[0][0, 0]
    low, high = output.min(), output.max()
    mask = ((output - low) / (high - low) * 255).astype(np.uint8)
    return Image.fromarray(mask).resize(picture.size, Image.Resampling.LANCZOS)


def _u2net_input(picture: Image.Image) -> NDArray[np.float32]:
    """(1, 3, S, S): the picture scaled to its brightest value, then by ImageNet's mean and deviation."""
    small = np.asarray(picture.resize((_U2NET_SIDE, _U2NET_SIDE), Image.Resampling.LANCZOS))
    scaled = small / max(small.max(), 1e-6)
    return np.asarray(((scaled - _IMAGENET_MEAN) / _IMAGENET_STD).transpose(2, 0, 1)[None], dtype=np.float32)


@lru_cache(maxsize=1)
def _u2net_session(weights: Path) -> InferenceSession:
    from onnxruntime import InferenceSession, get_available_providers

    options = session_options()
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads:
        options.intra_op_num_threads = options.inter_op_num_threads = int(threads)
    providers = [name for name in _PROVIDERS if name in get_available_providers()]
    return InferenceSession(str(weights), options, providers=providers)


def _rembg_mask(picture: Image.Image, model: str) -> Image.Image:
    session = _rembg_session(model, str(background_folder()))
    mask: Image.Image = _rembg().remove(picture, session=session, only_mask=True)
    return mask


def _rembg() -> Any:
    """Import rembg without compiling pymatting, which takes 40 s on a fresh machine and is not used."""
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
    import rembg

    return rembg


@lru_cache(maxsize=1)
def _rembg_session(model: str, folder: str) -> BaseSession:
    os.environ["U2NET_HOME"] = folder
    session: BaseSession = _rembg().new_session(model, sess_opts=session_options())
    return session


def session_options() -> SessionOptions:
    """How networks run in ONNX Runtime."""
    from onnxruntime import SessionOptions

    options = SessionOptions()
    options.enable_cpu_mem_arena = False  # an arena keeps 250 MB for the rest of the job and is no faster here
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a thread that waits leaves its core free
    return options


def remove_by_grabcut(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Opacity (H, W), 0 or 1, of an RGB picture (H, W, 3) whose object does not touch its edges.

    Method: Rother et al. 2004, "GrabCut", implemented in OpenCV.
    """
    import cv2

    small = Image.fromarray(picture)
    small.thumbnail((_GRABCUT_SIDE, _GRABCUT_SIDE))
    bgr = np.ascontiguousarray(np.asarray(small)[..., ::-1])
    height, width = bgr.shape[:2]
    margin = max(2, min(height, width) // _GRABCUT_MARGIN)
    inside = (margin, margin, width - 2 * margin, height - 2 * margin)
    labels = np.zeros((height, width), np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))  # the size that OpenCV prescribes for its colour models
    cv2.setRNGSeed(0)
    cv2.grabCut(bgr, labels, inside, *models, _GRABCUT_ITERATIONS, cv2.GC_INIT_WITH_RECT)
    mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return _resized(mask, picture.shape[:2])


def _resized(mask: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if mask.shape == shape:
        return mask
    resized = Image.fromarray(mask).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32).clip(0.0, 1.0)
