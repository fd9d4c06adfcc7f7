"""The one registry of engines. The web process reads names and labels from it, so it imports no engine: an entry names
its functions as `module:name`, which are imported on first use (`docs/extending.md` shows how to add an engine)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

AUTO = "auto"
AUTO_LABEL = "Best available"
MAX_TRIPOSR_BATCH = 8
"""Photos in one pass of TripoSR's network: more are not faster."""
SHARED_TRIPOSR = "RECONSITE_TRIPOSR"
"""Environment variable: path of the socket of a process that runs TripoSR's network for several others."""


@dataclass(frozen=True)
class EngineSpec:
    """One engine. Functions are written as `module:name`.

    `make() -> Engine` may be slow the first time. `scene_kind` is the `kind` in the `scene.npz` that the engine's
    scenes save, `load_scene(path) -> Scene` reads it back. `is_installed() -> bool` is left out where nothing has to be
    fetched; `weights` is the file in the models folder that it looks for, so that the web process can tell without
    importing the engine; `fetch(file: Path | None) -> Path` fetches it (`manage.py fetch_models NAME`). `auto` picks
    the installed engine with the highest `auto_rank`; 0 means never. Jobs of an engine that `is_heavy` wait in a
    queue of their own, so that workers without a GPU can leave them to others.
    """

    label: str
    make: str
    scene_kind: str
    load_scene: str
    is_installed: str | None = None
    weights: str = ""
    fetch: str | None = None
    auto_rank: int = 0
    is_heavy: bool = False


ENGINES: dict[str, EngineSpec] = {
    "compact": EngineSpec(
        label="Compact: built in, fast",
        make="ml.engines.compact.engine:CompactEngine",
        scene_kind="volume",
        load_scene="ml.scene.volume:VolumeScene.load",
        auto_rank=1,
    ),
    "triposr": EngineSpec(
        label="TripoSR: larger, more detail",
        make="ml.engines.triposr.engine:installed_engine",
        scene_kind="triplane",
        load_scene="ml.engines.triposr.scene:TriplaneScene.load",
        is_installed="ml.engines.triposr.engine:installed",
        weights="triposr/triposr.safetensors",
        fetch="ml.engines.triposr.fetch:fetch",
        auto_rank=2,
        is_heavy=True,
    ),
}


def engine_names() -> tuple[str, ...]:
    """What a recipe may name: `auto`, then every engine."""
    return (AUTO, *ENGINES)


def installed_engines(models: Path) -> list[str]:
    """The engines whose weights are in the folder `models`, best first. `auto` takes the first one."""
    ranked = sorted(ENGINES.items(), key=lambda entry: entry[1].auto_rank, reverse=True)
    return [name for name, spec in ranked if not spec.weights or (models / spec.weights).is_file()]


def engine_choices() -> list[tuple[str, str]]:
    """Name and label of everything that a recipe may name, for a form."""
    return [(AUTO, AUTO_LABEL), *((name, spec.label) for name, spec in ENGINES.items())]
