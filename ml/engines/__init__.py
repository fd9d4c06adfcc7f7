"""Engines: each turns a cutout into a `Scene`. `choose` makes one by its name in `ml.engine_registry`."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np

from ml.engine_registry import AUTO, ENGINES, EngineSpec
from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout
from ml.scene.protocol import Scene


class Engine(Protocol):
    """What the pipeline needs of an engine."""

    @property
    def name(self) -> str:
        """Its name in the registry; the report states it."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights in use, empty where there are none."""

    def infer(self, cutout: Cutout) -> Scene:
        """The scene that the cutout shows. Raises ReconstructionError."""


def choose(name: str) -> Engine:
    """The engine of that name; `auto` is the installed one with the highest `auto_rank`.

    Raises ReconstructionError: `engine_unavailable`, or `invalid_recipe` for an unknown name.
    """
    spec = _best_installed() if name == AUTO else ENGINES.get(name)
    if spec is None:
        raise ReconstructionError("invalid_recipe", f"There is no engine called {name}.")
    if not _is_installed(spec):
        raise ReconstructionError("engine_unavailable")
    engine: Engine = resolve_name(spec.make)()
    return engine


def load_scene(path: Path) -> Scene:
    """Read a scene that an engine saved, whichever engine that was. Raises OSError or ValueError when it is not one."""
    kind = _scene_kind(path)
    spec = next((spec for spec in ENGINES.values() if spec.scene_kind == kind), None)
    if spec is None:
        raise ValueError(f"{path} holds a scene of a kind that this version does not know: {kind}")
    scene: Scene = resolve_name(spec.load_scene)(path)
    return scene


def _scene_kind(path: Path) -> str:
    try:
        archive: Any = np.load(path)
        with archive:
            return str(archive["kind"])
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"{path} holds no scene: {error}") from error


def _best_installed() -> EngineSpec:
    ranked = sorted(ENGINES.values(), key=lambda spec: spec.auto_rank, reverse=True)
    return next(spec for spec in ranked if spec.auto_rank > 0 and _is_installed(spec))


def _is_installed(spec: EngineSpec) -> bool:
    return spec.is_installed is None or bool(resolve_name(spec.is_installed)())
