"""The recipe on the command line: an option for each of its fields, or the recipe out of an earlier report."""

from __future__ import annotations

import json
from argparse import SUPPRESS, ArgumentParser, Namespace
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ml.engine_registry import engine_names
from ml.errors import ReconstructionError
from ml.formats import format_names
from ml.recipe import LIMITS, OF_THE_SCENE, QUALITIES, RENDERERS, SIDES, UNWRAPS, WHOLE, Recipe

NUMBERS = {
    "foreground_ratio": "how much of the picture's side the object fills for the network",
    "grid": "cells along each axis of the grid that the surface is taken from",
    "threshold": "density at which the surface lies",
    "faces": "most triangles of the mesh",
    "texture_size": "side of the texture in pixels",
    "frame_size": "side of a view in pixels",
    "frame_count": "views in one turn",
    "elevation": "height of the camera of the views in degrees",
    "height_mm": "height of the printed object in millimetres",
}
NOT_A_REPORT = "{path} is not the report.json of an earlier result."
SCENE_STAYS = "A new version keeps the scene of the earlier result, so {names} cannot be changed."


def add_to(parser: ArgumentParser) -> None:
    """Add every recipe option. One that is not given leaves no trace; values are checked by `Recipe`, not here."""
    _add(parser, "engine", "which network", _one_of(engine_names()))
    _add(parser, "quality", "what the numbers below are unless given", _one_of(QUALITIES))
    _switch(parser, "--keep-background", "store_false", "the whole picture is the object")
    _switch(parser, "--remove-background", "store_true", "cut the object out (the default)")
    sides = f"one per photo, comma separated: {', '.join(SIDES)}, or degrees"
    _add(parser, "sides", sides, "SIDE,…", type=_sides)
    for name, meaning in NUMBERS.items():
        low, high = LIMITS[name]
        _add(parser, name, f"{meaning}, {low:g} to {high:g}", "N" if name in WHOLE else "X", type=_number)
    _add(parser, "renderer", "how the views are made", _one_of(RENDERERS))
    _add(parser, "background", "of the views: transparent or #rrggbb", "COLOR", type=str.lower)
    _add(parser, "formats", f"comma separated: {', '.join(format_names())}", "FORMAT,…", type=_names)


@dataclass(frozen=True)
class Earlier:
    """What an earlier result's report.json says of how it was made, and with which weights."""

    recipe: dict[str, Any] = field(default_factory=dict)
    unwrap: str = "auto"
    weights_hash: str | None = None


def recipe_of(options: Namespace, earlier: Earlier) -> Recipe:
    """The recipe of the options, the rest as in `earlier` or as `Recipe` has it.

    With the report's photos and its `unwrap` this makes the same mesh files again, byte for byte: on the same machine,
    with the same weights and versions, for other processors and libraries round differently. A quality that is given
    brings its own numbers along. Raises ReconstructionError(`invalid_recipe`).
    """
    chosen, kept = given(options), earlier.recipe
    if "quality" in chosen:
        kept = {name: value for name, value in kept.items() if name not in WHOLE}
    return Recipe.from_dict(kept | chosen)


def read(path: Path | None) -> Earlier:
    """What the report.json at `path` says, nothing where there is none. Raises ReconstructionError, OSError."""
    if path is None:
        return Earlier()
    try:
        report = json.loads(path.read_bytes())
        earlier = Earlier(dict(report["recipe"]), report["unwrap"], report["weights_hash"])
    except (ValueError, KeyError, TypeError):
        raise ReconstructionError("invalid_recipe", NOT_A_REPORT.format(path=path)) from None
    if earlier.unwrap not in UNWRAPS:
        raise ReconstructionError("invalid_recipe", NOT_A_REPORT.format(path=path))
    return earlier


def given(options: Namespace) -> dict[str, Any]:
    """The recipe fields that were named on the command line."""
    return {each.name: getattr(options, each.name) for each in fields(Recipe) if hasattr(options, each.name)}


def check_remix(options: Namespace) -> None:
    """Raise ReconstructionError(`invalid_recipe`) when a choice was given that a remix cannot change."""
    names = [name for name in OF_THE_SCENE if name in given(options)]
    if names:
        raise ReconstructionError("invalid_recipe", SCENE_STAYS.format(names=", ".join(names)))


def _add(parser: ArgumentParser, name: str, meaning: str, metavar: str, type: Any = str) -> None:
    option = "--" + name.replace("_", "-")
    parser.add_argument(option, dest=name, metavar=metavar, type=type, default=SUPPRESS, help=meaning)


def _switch(parser: ArgumentParser, option: str, action: str, meaning: str) -> None:
    parser.add_argument(option, dest="remove_background", action=action, default=SUPPRESS, help=meaning)


def _one_of(choices: Any) -> str:
    return "{" + ",".join(choices) + "}"


def _number(text: str) -> int | float | str:
    """The number that `text` is; other text as it is, for `Recipe` to refuse in its own words."""
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
