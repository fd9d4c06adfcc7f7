"""The one registry of engines. The web process reads names and labels from it, so it imports no engine: an entry names
its functions as `module:name`, which are imported on first use (`docs/extending.md` shows how to add an engine)."""

from __future__ import annotations

from dataclasses import dataclass

AUTO = "auto"
AUTO_LABEL = "Best available"


@dataclass(frozen=True)
class EngineSpec:
    """One engine. Functions are written as `module:name`.

    `make() -> Engine` may be slow the first time. `scene_kind` is the `kind` in the `scene.npz` that the engine's
    scenes save, `load_scene(path) -> Scene` reads it back. `is_installed() -> bool` is left out where nothing has to be
    fetched; `fetch(file: Path | None) -> Path` fetches it (`manage.py fetch_models NAME`). `auto` picks the installed
    engine with the highest `auto_rank`; 0 means never.
    """

    label: str
    make: str
    scene_kind: str
    load_scene: str
    is_installed: str | None = None
    fetch: str | None = None
    auto_rank: int = 0


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
        fetch="ml.engines.triposr.fetch:fetch",
        auto_rank=2,
    ),
}


def engine_names() -> tuple[str, ...]:
    """What a recipe may name: `auto`, then every engine."""
    return (AUTO, *ENGINES)


def engine_choices() -> list[tuple[str, str]]:
    """Name and label of everything that a recipe may name, for a form."""
    return [(AUTO, AUTO_LABEL), *((name, spec.label) for name, spec in ENGINES.items())]
