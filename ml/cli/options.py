"""The recipe on the command line: an option for each field, or the recipe of an earlier report."""

from __future__ import annotations

import json
from argparse import SUPPRESS, ArgumentParser, Namespace
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ml.engine_registry import engine_names
from ml.errors import ReconstructionError
from ml.formats import format_names
from ml.recipe import (
    BASES,
    INTEGER_FIELDS,
    LIMITS,
    MASKS,
    QUALITIES,
    RENDERERS,
    SCENE_FIELDS,
    SIDES,
    SIZE_AXES,
    UNWRAPS,
    Recipe,
)

NUMBERS = {
    "foreground_ratio": "fraction of the network's input that the object's longer side fills",
    "grid": "grid resolution: cells per axis for extracting the surface",
    "threshold": "density of the surface",
    "faces": "maximum number of triangles",
    "texture_size": "texture size in pixels",
    "frame_size": "size of a turntable frame in pixels",
    "frame_count": "frames per turn",
    "elevation": "elevation of the turntable camera in degrees",
    "height_mm": "size of the model in millimetres",
    "depth": "factor of the depth along the photo's view",
}
"""Help texts of the numeric fields."""
NOT_A_REPORT = "{path} is not the report.json of a result."
SCENE_STAYS = "--remix reuses the scene of the earlier result, so {names} cannot be changed."


def add_recipe_options(parser: ArgumentParser) -> None:
    """Add an option for each recipe field. Values are checked by `Recipe`; options not given are not set at all."""
    _add(parser, "engine", "the network to use", _one_of(engine_names()))
    _add(parser, "quality", "defaults for the options below", _one_of(QUALITIES))
    _switch(parser, "--keep-background", "remove_background", False, "treat the whole picture as the object")
    _switch(parser, "--remove-background", "remove_background", True, "cut the object out (default)")
    _switch(
        parser, "--no-relight", "relight", False, "keep shading, highlights and shadows of the photo in the colours"
    )
    _switch(parser, "--relight", "relight", True, "take them out of the colours (default)")
    _switch(parser, "--largest-part", "largest_part", True, "drop parts that are not joined to the largest one")
    _switch(parser, "--all-parts", "largest_part", False, "keep all parts but very small ones (default)")
    mask = "cut out by the picture's transparency (alpha), by background removal (remove), or as it fits (auto)"
    _add(parser, "mask", mask, _one_of(MASKS))
    subject = "a point of the object in the main photo, in fractions of its width and height, if there are several"
    _add(parser, "subject", subject, "X,Y", type=_sides)
    sides = f"the side each photo shows, comma-separated: {', '.join(SIDES)}, or an azimuth in degrees"
    _add(parser, "sides", sides, "SIDE,…", type=_sides)
    for name, meaning in NUMBERS.items():
        low, high = LIMITS[name]
        _add(parser, name, f"{meaning}, {low:g} to {high:g}", "N" if name in INTEGER_FIELDS else "X", type=_number)
    _add(parser, "size_axis", "what --height-mm measures: the longest side or the height", _one_of(SIZE_AXES))
    _add(parser, "base", "what the model stands on", _one_of(BASES))
    _add(
        parser,
        "renderer",
        "what the turntable shows: mesh, or nerf for the scene itself",
        _one_of(RENDERERS),
    )
    _add(parser, "background", "turntable background: transparent or #rrggbb", "COLOR", type=str.lower)
    _add(parser, "formats", f"files to write, comma-separated: {', '.join(format_names())}", "FORMAT,…", type=_names)


@dataclass(frozen=True)
class EarlierRun:
    """The part of an earlier result's report.json that is needed to reproduce it."""

    recipe: dict[str, Any] = field(default_factory=dict)
    unwrap: str = "auto"
    weights_hash: str | None = None


def build_recipe(options: Namespace, earlier: EarlierRun) -> Recipe:
    """The options, completed from `earlier` and then from the defaults of `Recipe`.

    With the same photos and the report's `unwrap` this reproduces the mesh files byte for byte, but only on the same
    machine with the same weights and library versions: others round differently. `--quality` replaces the earlier
    numbers by its own. Raises ReconstructionError(`invalid_recipe`).
    """
    chosen, kept = given_fields(options), earlier.recipe
    if "quality" in chosen:
        kept = {name: value for name, value in kept.items() if name not in INTEGER_FIELDS}
    return Recipe.from_dict(kept | chosen)


def read_report(path: Path | None) -> EarlierRun:
    """Read the report.json at `path`; empty if `path` is None. Raises ReconstructionError, OSError."""
    if path is None:
        return EarlierRun()
    try:
        report = json.loads(path.read_bytes())
        earlier = EarlierRun(dict(report["recipe"]), report["unwrap"], report["weights_hash"])
    except (ValueError, KeyError, TypeError):
        raise ReconstructionError("invalid_recipe", NOT_A_REPORT.format(path=path)) from None
    if earlier.unwrap not in UNWRAPS:
        raise ReconstructionError("invalid_recipe", NOT_A_REPORT.format(path=path))
    return earlier


def given_fields(options: Namespace) -> dict[str, Any]:
    """The recipe fields given on the command line."""
    return {entry.name: getattr(options, entry.name) for entry in fields(Recipe) if hasattr(options, entry.name)}


def check_remix(options: Namespace) -> None:
    """Raise ReconstructionError(`invalid_recipe`) if a field was given that a remix cannot change."""
    names = [name for name in SCENE_FIELDS if name in given_fields(options)]
    if names:
        raise ReconstructionError("invalid_recipe", SCENE_STAYS.format(names=", ".join(names)))


def _add(parser: ArgumentParser, name: str, meaning: str, metavar: str, type: Any = str) -> None:
    option = "--" + name.replace("_", "-")
    parser.add_argument(option, dest=name, metavar=metavar, type=type, default=SUPPRESS, help=meaning)


def _switch(parser: ArgumentParser, option: str, name: str, value: bool, meaning: str) -> None:
    parser.add_argument(option, dest=name, action="store_const", const=value, default=SUPPRESS, help=meaning)


def _one_of(choices: Any) -> str:
    return "{" + ",".join(choices) + "}"


def _number(text: str) -> int | float | str:
    """The number in `text`; any other text unchanged, for `Recipe` to reject."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _sides(text: str) -> tuple[int | float | str, ...]:
    return tuple(_number(name) for name in _names(text))
