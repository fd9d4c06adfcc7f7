"""The engine: cutouts go in, triplane scenes come out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.core.memory import free_memory, out_of_memory
from ml.core.weights import models_folder
from ml.engine_registry import ENGINES, MAX_TRIPOSR_BATCH, SHARED_TRIPOSR
from ml.engines.triposr import checkpoint, network
from ml.engines.triposr.checkpoint import Model
from ml.engines.triposr.precision import best_device
from ml.engines.triposr.scene import TriplaneScene, decoder_layers
from ml.engines.triposr.shared import SharedEngine
from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout

FILE = Path(ENGINES["triposr"].weights).name
PHOTO_MEMORY = 400 << 20
"""Bytes that one more photo in a pass takes at most, beside the weights."""
Picture = NDArray[np.uint8]


def weights_file() -> Path:
    """Path of the converted weights."""
    return models_folder() / ENGINES["triposr"].weights


def installed() -> bool:
    """Whether the weights have been fetched."""
    return weights_file().is_file()


def installed_engine() -> TripoSREngine | SharedEngine:
    """The engine with the fetched weights, loaded once per process: here, or in a process that several share.

    Raises as `TripoSREngine`.
    """
    address = os.environ.get(SHARED_TRIPOSR)
    return _shared(weights_file(), address) if address else _loaded(weights_file())


@lru_cache(maxsize=1)
def _loaded(weights: Path) -> TripoSREngine:
    return TripoSREngine(weights)


@lru_cache(maxsize=1)
def _shared(weights: Path, address: str) -> SharedEngine:
    return SharedEngine(_read(weights, torch.device("cpu")), address)


def _read(path: Path, device: torch.device) -> Model:
    """Raises ReconstructionError(`engine_unavailable`) when there are no weights, or not the right ones."""
    try:
        return checkpoint.load(path, device)
    except (OSError, ValueError) as error:
        message = f"The TripoSR weights cannot be used. {error}"
        raise ReconstructionError("engine_unavailable", message) from error


class TripoSREngine:
    """The published network with its weights loaded. Loading takes well under a second: the file is mapped."""

    name = "triposr"

    def __init__(self, path: Path | None = None) -> None:
        """Raises as `_read`."""
        self._device = best_device()
        self._model = _read(path or weights_file(), self._device)
        self._layers = decoder_layers(self._model.weights)

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the published checkpoint that the weights were converted from."""
        return self._model.source_hash

    @property
    def precision(self) -> str:
        """What matrices are multiplied in: `bfloat16`, `float16` or `float32`."""
        return self._model.precision

    def infer(self, cutout: Cutout) -> TriplaneScene:
        """The scene that the cutout shows. Raises ReconstructionError(`out_of_memory`)."""
        return self.infer_many([cutout])[0]

    def infer_many(self, cutouts: Sequence[Cutout]) -> list[TriplaneScene]:
        """One scene for each cutout. Raises as `scene_codes`."""
        codes = self.scene_codes([cutout.on_grey() for cutout in cutouts])
        return [TriplaneScene(planes, self._layers) for planes in codes]

    def scene_codes(self, pictures: Sequence[Picture]) -> list[Tensor]:
        """The float16 planes of each picture, in passes as large as memory allows, half as large when it runs out.

        `pictures`: (H, W, 3) uint8, the object on middle grey. Raises ReconstructionError(`out_of_memory`).
        """
        count = min(max(self._free_memory() // PHOTO_MEMORY, 1), MAX_TRIPOSR_BATCH, max(len(pictures), 1))
        codes: list[Tensor] = []
        while len(codes) < len(pictures):
            try:
                codes += self._pass(pictures[len(codes) : len(codes) + count])
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                if count == 1:
                    raise ReconstructionError("out_of_memory") from error
                count //= 2
        return codes

    def _free_memory(self) -> int:
        """Bytes: the device's own, and never more than the machine's, where the result goes."""
        if self._device.type != "cuda":
            return free_memory()
        return min(free_memory(), torch.cuda.mem_get_info(self._device)[0])

    def _pass(self, pictures: Sequence[Picture]) -> Tensor:
        batch = torch.stack([_tensor(picture) for picture in pictures]).to(self._device)
        return network.scene_codes(self._model.weights, self._model.sizes, batch).half()


def _tensor(picture: Picture) -> Tensor:
    """(H, W, 3) float32 in [0, 1]."""
    return torch.from_numpy(picture).float() / 255.0
