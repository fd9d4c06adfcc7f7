"""The engine: cutouts go in, triplane scenes come out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from ml.core.memory import free_memory, out_of_memory
from ml.core.weights import models_folder
from ml.engine_registry import ENGINES
from ml.engines.triposr import checkpoint, network
from ml.engines.triposr.precision import best_device
from ml.engines.triposr.scene import TriplaneScene, decoder_layers
from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout

FILE = Path(ENGINES["triposr"].weights).name
PHOTO_MEMORY = 400 << 20
"""Bytes that one more photo in a pass takes at most, beside the weights."""
MAX_BATCH = 8
"""Photos in one pass: more are not faster."""


def weights_file() -> Path:
    """Path of the converted weights."""
    return models_folder() / ENGINES["triposr"].weights


def installed() -> bool:
    """Whether the weights have been fetched."""
    return weights_file().is_file()


def installed_engine() -> TripoSREngine:
    """The engine with the fetched weights, loaded once per process. Raises as `TripoSREngine`."""
    return _loaded(weights_file())


@lru_cache(maxsize=1)
def _loaded(weights: Path) -> TripoSREngine:
    return TripoSREngine(weights)


class TripoSREngine:
    """The published network with its weights loaded. Loading takes well under a second: the file is mapped."""

    name = "triposr"

    def __init__(self, path: Path | None = None) -> None:
        """Raises ReconstructionError(`engine_unavailable`) when there are no weights, or not the right ones."""
        self._device = best_device()
        try:
            self._model = checkpoint.load(path or weights_file(), self._device)
        except (OSError, ValueError) as error:
            message = f"The TripoSR weights cannot be used. {error}"
            raise ReconstructionError("engine_unavailable", message) from error
        self._layers = decoder_layers(self._decoder())

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
        """One scene for each cutout, in passes as large as memory allows; one by one if a pass runs out of memory.

        Raises ReconstructionError(`out_of_memory`).
        """
        count = min(max(free_memory() // PHOTO_MEMORY, 1), MAX_BATCH)
        scenes: list[TriplaneScene] = []
        while len(scenes) < len(cutouts):
            some = cutouts[len(scenes) : len(scenes) + count]
            try:
                scenes += self._pass(some)
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                if count == 1:
                    raise ReconstructionError("out_of_memory") from error
                count = 1
        return scenes

    def _pass(self, cutouts: Sequence[Cutout]) -> list[TriplaneScene]:
        pictures = torch.stack([_picture(cutout) for cutout in cutouts]).to(self._device)
        codes = network.scene_codes(self._model.weights, self._model.sizes, pictures).half()
        return [TriplaneScene(planes, self._layers) for planes in codes]

    def _decoder(self) -> dict[str, Tensor]:
        return {name: tensor for name, tensor in self._model.weights.items() if name.startswith("decoder.")}


def _picture(cutout: Cutout) -> Tensor:
    """(H, W, 3) float32 in [0, 1]: the object on middle grey, as the network was trained."""
    return torch.from_numpy(cutout.on_grey()).float() / 255.0
