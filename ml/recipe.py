"""The recipe: every choice that shapes a result. Frozen, checked, with a JSON round trip."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ml.engine_registry import AUTO, engine_names
from ml.errors import ReconstructionError
from ml.formats import format_names

SIDES: dict[str, float | None] = {"front": 0.0, "right": 90.0, "back": 180.0, "left": 270.0, "auto": None}
"""Azimuth in degrees of the camera that sees this side (canonical frame, front = 0); `auto` is searched for."""
MAX_PHOTOS = 5
"""Photos of one object: the four sides and one more."""
RENDERERS = ("mesh", "nerf")
"""How views are rendered: ray casting of the textured mesh, or volume rendering of the scene."""
MASKS = ("auto", "alpha", "remove")
"""Which mask cuts the object out: the picture's transparency where it follows an object (`auto`) or in any case
(`alpha`), or background removal in any case (`remove`)."""
TRANSPARENT = "transparent"
LONGEST, HEIGHT = "longest", "height"
SIZE_AXES = (LONGEST, HEIGHT)
"""What `height_mm` measures: the longest side of the model, or its height."""
AUTO_BASE, NO_BASE, FLAT, PLATE = "auto", "none", "flat", "plate"
BASES = (AUTO_BASE, NO_BASE, FLAT, PLATE)
"""What a model stands on: a small flat cut if it needs one and stands with it, nothing, such a cut in any case, or a
round plate under it."""
UNWRAPS = ("auto", "xatlas", "box")
"""How a texture can be unwrapped (`ml.texture.unwrap`). Not a choice: the report states it, to reproduce a result."""
SCENE_FIELDS = ("engine", "sides", "remove_background", "foreground_ratio", "mask", "subject")
"""Settings that shape the scene: a remix of that scene cannot change them."""
_COLOR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Quality:
    """Defaults of a quality: grid cells per axis, triangles, sides of texture and frame in pixels, frames in a turn."""

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

INTEGER_FIELDS = frozenset(entry.name for entry in fields(Quality))
"""Settings that are whole numbers."""
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
    "depth": (0.6, 1.6),
}


@dataclass(frozen=True)
class Recipe:
    """The settings of a job. `None` means the default of the quality, or of the scene. Angles in degrees.

    `mask` is one of `MASKS`; `subject` is empty, or a point of the object in fractions of the main photo's width and
    height. `sides` names each photo's side in order (a name of `SIDES`, or an azimuth in degrees); photos beyond its
    end are `auto`, but for the first, which is the front. `height_mm` is the size of the model in every file, and
    `size_axis` says what it measures (`SIZE_AXES`). `depth` stretches the scene along the photo's view. `relight`
    takes the photo's light out of the colours and reads roughness and fine relief off it. `largest_part` drops every
    part that is not joined to the largest one. `background` of the views is `transparent` or `#rrggbb`.
    """

    engine: str = AUTO
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
    size_axis: str = LONGEST
    base: str = AUTO_BASE
    depth: float = 1.0
    relight: bool = True
    sides: tuple[str | float, ...] = ()
    renderer: str = "mesh"
    background: str = TRANSPARENT
    formats: tuple[str, ...] = field(default_factory=format_names)
    mask: str = "auto"
    subject: tuple[float, ...] = ()
    largest_part: bool = False

    def __post_init__(self) -> None:
        _check_choice("engine", self.engine, engine_names())
        _check_choice("quality", self.quality, tuple(QUALITIES))
        _check_choice("renderer", self.renderer, RENDERERS)
        _check_choice("size_axis", self.size_axis, SIZE_AXES)
        _check_choice("base", self.base, BASES)
        _check_choice("mask", self.mask, MASKS)
        _check_flag("relight", self.relight)
        _check_flag("largest_part", self.largest_part)
        _check_subject(self.subject)
        _check_sides(self.sides)
        _check_background(self.background)
        _check_formats(self.formats)
        for name, (low, high) in LIMITS.items():
            _check_range(name, getattr(self, name), low, high)

    def resolved(self) -> Recipe:
        """The same recipe with the quality's own numbers filled in."""
        own = asdict(QUALITIES[self.quality])
        return replace(self, **{name: value for name, value in own.items() if getattr(self, name) is None})

    def with_scene_of(self, made: Recipe) -> Recipe:
        """The same recipe with the choices that went into a scene as they were `made`."""
        return replace(self, **{name: getattr(made, name) for name in SCENE_FIELDS})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `from_dict` gives the same recipe back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def to_json(self) -> str:
        """Compact JSON with sorted keys."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Build from plain values. Raises ReconstructionError(`invalid_recipe`) for an unknown name or a bad value."""
        unknown = set(values) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ReconstructionError("invalid_recipe", f"Unknown setting: {', '.join(sorted(unknown))}.")
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**plain)


def point_from_text(text: str) -> tuple[float, ...]:
    """The numbers of `x,y`; `Recipe` checks them. Raises ValueError."""
    return tuple(float(part) for part in text.split(","))


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ReconstructionError("invalid_recipe", f"{name} must be one of: {', '.join(choices)}.")


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ReconstructionError("invalid_recipe", f"{name} must be true or false.")


def _check_range(name: str, value: object, low: float, high: float) -> None:
    if value is None:
        return
    kind = int if name in INTEGER_FIELDS else int | float
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        raise ReconstructionError(
            "invalid_recipe", f"{name} must be {'a whole number ' if kind is int else ''}between {low:g} and {high:g}."
        )


def _check_sides(sides: object) -> None:
    """At most one per photo; names of SIDES or azimuths in degrees."""
    if not isinstance(sides, tuple) or len(sides) > MAX_PHOTOS:
        raise ReconstructionError("invalid_recipe", f"sides must be a list of at most {MAX_PHOTOS}.")
    for side in sides:
        if isinstance(side, str):
            _check_choice("sides", side, tuple(SIDES))
        else:
            _check_range("sides", side, -360.0, 360.0)


def _check_subject(subject: object) -> None:
    """Nothing, or a point in fractions of the main photo's width and height."""
    if not isinstance(subject, tuple) or len(subject) not in (0, 2):
        raise ReconstructionError("invalid_recipe", "subject must be x and y, each from 0 to 1.")
    for value in subject:
        _check_range("subject", value, 0.0, 1.0)


def _check_background(background: object) -> None:
    if background != TRANSPARENT and not (isinstance(background, str) and _COLOR.fullmatch(background)):
        raise ReconstructionError("invalid_recipe", "background must be transparent or a colour such as #ffffff.")


def _check_formats(formats: object) -> None:
    if not isinstance(formats, tuple):
        raise ReconstructionError("invalid_recipe", "formats must be a list.")
    for name in formats:
        _check_choice("formats", name, format_names())
