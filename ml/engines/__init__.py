"""Engines: each makes a `Scene` from a cutout. `choose` picks one by the recipe's word."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout
from ml.scene.protocol import Scene


class Engine(Protocol):
    """What the pipeline needs of an engine."""

    @property
    def name(self) -> str:
        """The word that the result names it by: `compact` or `triposr`."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights that ran, empty where none are needed."""

    def infer(self, cutout: Cutout) -> Scene:
        """The scene that the cutout shows. Raises ReconstructionError."""


def choose(name: str) -> Engine:
    """The engine for `auto`, `compact` or `triposr`; auto takes triposr where its weights are installed.

    Raises ReconstructionError: `engine_unavailable`, or `invalid_recipe` for another word.
    """
    if name not in ("auto", "compact", "triposr"):
        raise ReconstructionError("invalid_recipe", f"There is no engine called {name}.")
    if name != "compact":
        engine = _triposr()
        if engine is not None:
            return engine
    if name == "triposr":
        raise ReconstructionError("engine_unavailable")
    from ml.engines.compact.engine import CompactEngine

    return CompactEngine()


def _triposr() -> Engine | None:
    try:
        from ml.engines.triposr.engine import installed, weights_file
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("ml.engines.triposr"):
            return None
        raise
    return _loaded_triposr(weights_file()) if installed() else None


@lru_cache(maxsize=1)
def _loaded_triposr(weights: Path) -> Engine:
    """Loaded once: a process that makes one model after the other keeps its networks."""
    from ml.engines.triposr.engine import TripoSREngine

    return TripoSREngine(weights)
