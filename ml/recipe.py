"""The recipe: every choice that shapes a result. Frozen, checked, with a JSON round trip."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ml.errors import ReconstructionError

ENGINES = ("auto", "compact", "triposr")


@dataclass(frozen=True)
class Quality:
    """Defaults behind one word: grid cells per axis, faces, texture and frame side in pixels."""

    grid: int
    faces: int
    texture_size: int
    frame_size: int
    frame_count: int = 30


QUALITIES: dict[str, Quality] = {
    "draft": Quality(grid=96, faces=10_000, texture_size=512, frame_size=256),
    "standard": Quality(grid=256, faces=40_000, texture_size=1024, frame_size=256),
    "high": Quality(grid=320, faces=150_000, texture_size=2048, frame_size=512),
}

LIMITS: dict[str, tuple[float, float]] = {
    "foreground_ratio": (0.5, 0.95),
    "grid": (32, 384),
    "threshold": (0.01, 1000.0),
    "faces": (500, 500_000),
    "texture_size": (128, 4096),
    "frame_size": (64, 1024),
    "frame_count": (1, 120),
    "elevation": (-60.0, 80.0),
    "height_mm": (1.0, 2000.0),
}


@dataclass(frozen=True)
class Recipe:
    """What the user asked for. `None` means: as the quality (or the scene) has it. Angles in degrees."""

    engine: str = "auto"
    quality: str = "standard"
    remove_background: bool = True
    foreground_ratio: float = 0.85
    grid: int | None = None
    threshold: float | None = None
    faces: int | None = None
    texture_size: int | None = None
    frame_size: int | None = None
    frame_count: int | None = None
    elevation: float = 15.0
    height_mm: float = 100.0

    def __post_init__(self) -> None:
        _check_choice("engine", self.engine, ENGINES)
        _check_choice("quality", self.quality, tuple(QUALITIES))
        for name, (low, high) in LIMITS.items():
            _check_range(name, getattr(self, name), low, high)

    def resolved(self) -> Recipe:
        """The same recipe with the quality's own numbers filled in."""
        own = asdict(QUALITIES[self.quality])
        return replace(self, **{name: value for name, value in own.items() if getattr(self, name) is None})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `from_dict` gives the same recipe back."""
        return asdict(self)

    def to_json(self) -> str:
        """Compact JSON with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Build from plain values. Raises ReconstructionError(`invalid_recipe`) for an unknown name or a bad value."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ReconstructionError("invalid_recipe", f"Unknown setting: {', '.join(sorted(unknown))}.")
        return cls(**values)


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ReconstructionError("invalid_recipe", f"{name} must be one of: {', '.join(choices)}.")


def _check_range(name: str, value: object, low: float, high: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ReconstructionError("invalid_recipe", f"{name} must be between {low:g} and {high:g}.")
