"""The recipe on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from ml.__main__ import build_parser
from ml.cli import options
from ml.recipe import QUALITIES, Recipe


def recipe_from(*arguments: str) -> Recipe:
    args = build_parser().parse_args(["--out", "o", *arguments])
    return options.build_recipe(args, options.read_report(args.recipe))


def test_without_options_the_recipe_is_the_default() -> None:
    assert recipe_from() == Recipe()


def test_every_field_of_the_recipe_has_an_option() -> None:
    given = ["--engine=compact", "--quality=high", "--keep-background", "--foreground-ratio=.6", "--sides=front,90"]
    given += ["--grid=64", "--threshold=9.5", "--faces=600", "--texture-size=128", "--frame-size=64", "--frame-count=3"]
    given += [
        "--elevation=-5",
        "--height-mm=42",
        "--size-axis=height",
        "--base=flat",
        "--depth=1.2",
        "--no-relight",
        "--largest-part",
        "--renderer=nerf",
        "--background=#FFAA00",
        "--formats=glb,3mf",
        "--mask=remove",
        "--subject=.25,.5",
    ]
    assert recipe_from(*given) == Recipe(
        *("compact", "high", False, 0.6, 64, 9.5, 600, 128, 64, 3, -5, 42, "height", "flat", 1.2, False),
        *(("front", 90), "nerf", "#ffaa00", ("glb", "3mf"), "remove", (0.25, 0.5), True),
    )


def test_an_option_overrides_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    recipe = Recipe(quality="draft", height_mm=42.0).resolved().to_dict()
    report.write_text(json.dumps({"recipe": recipe, "unwrap": "box", "weights_hash": ""}))
    changed = recipe_from("--recipe", str(report), "--faces", "600")
    assert (changed.faces, changed.height_mm, changed.grid) == (600, 42.0, QUALITIES["draft"].grid)
    assert recipe_from("--recipe", str(report), "--quality", "high") == Recipe(quality="high", height_mm=42.0)
