"""How long a job takes on the reference machine, before a server has jobs of its own to learn from.

From `python -m scripts.measure_reference_times` (docs/measures.md). A server multiplies them by its own speed:
the time that CALIBRATION takes there, divided by the time here.
"""

from __future__ import annotations

from pathlib import Path

from ml.engine_registry import AUTO, installed_engines
from ml.recipe import Recipe

CALIBRATION = Recipe(engine="compact", quality="draft", formats=("glb",))
"""What a new server makes of one of our samples, to find out how fast it is."""
CALIBRATION_SECONDS = 3.5
FALLBACK = "compact"
"""The engine whose times stand for those of an engine without a row."""
SECONDS: dict[str, dict[str, float]] = {
    "compact": {"draft": 3.4, "standard": 4.3, "high": 9.0},
    "triposr": {"draft": 12.8, "standard": 13.7, "high": 18.4},
}
"""Seconds of a job by engine and quality. TripoSR's are those of compact and the 9.4 s by which its network is slower
(docs/engines.md): a job with its published weights could not be measured."""
REMIX_SECONDS = {"draft": 1.5, "standard": 2.8, "high": 6.9}
"""Seconds of a remix by quality: no network runs."""


def seconds(quality: str, engine: str, models: Path, *, remix: bool = False) -> float:
    """Seconds of a job with these settings on the reference machine; `models` holds the installed weights."""
    if remix:
        return REMIX_SECONDS[quality]
    name = installed_engines(models)[0] if engine == AUTO else engine
    return SECONDS.get(name, SECONDS[FALLBACK])[quality]
