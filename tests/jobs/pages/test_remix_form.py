"""The remix form: from a recipe to the form and back."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from jobs.pages.remix_form import RemixForm, quality_choices
from ml.recipe import QUALITIES, Recipe

PARENT = Recipe(quality="draft", grid=64, frame_count=8, sides=("back",))
UNCHANGED = {"quality": "draft", "height_mm": "100", "formats": ["glb"], "frames_show": "mesh"}
UNCHANGED |= {"transparent": "on", "relight": "on"}


def remixed(**changes: Any) -> Recipe:
    form = RemixForm({**UNCHANGED, **changes})
    assert form.is_valid(), form.errors
    return form.apply_to(PARENT)


def test_the_form_shows_the_parents_settings() -> None:
    form = RemixForm.from_recipe(replace(PARENT, faces=9000, background="#ff8800"))
    assert (form["quality"].value(), form["faces"].value(), form["height_mm"].value()) == ("draft", 9000, "100")
    assert (form["transparent"].value(), form["color"].value()) == (False, "#ff8800")


def test_each_form_has_a_new_idempotency_key() -> None:
    first, second = RemixForm.from_recipe(PARENT), RemixForm.from_recipe(PARENT)
    assert first["idempotency_key"].value() != second["idempotency_key"].value()


def test_settings_without_a_field_keep_the_parents_values() -> None:
    recipe = remixed(faces="2000")
    assert recipe == replace(PARENT, faces=2000, formats=("glb",))


def test_another_quality_resets_what_depends_on_it() -> None:
    recipe = remixed(quality="high")
    assert (recipe.grid, recipe.frame_count, recipe.sides) == (None, None, ("back",))


@pytest.mark.parametrize(
    ("fields", "background"),
    [
        ({"transparent": "on", "color": "#ff8800"}, "transparent"),
        ({"transparent": "", "color": "#ff8800"}, "#ff8800"),
        ({"transparent": "", "color": ""}, "transparent"),
    ],
)
def test_the_background_is_transparent_or_a_colour(fields: dict[str, str], background: str) -> None:
    assert remixed(**fields).background == background


def test_relighting_is_a_checkbox() -> None:
    assert remixed().relight
    assert not remixed(relight="").relight
    assert RemixForm.from_recipe(PARENT)["relight"].value() is True


def test_the_largest_part_alone_is_a_checkbox() -> None:
    assert not remixed().largest_part
    assert remixed(largest_part="on").largest_part


def test_the_depth_changes_only_within_its_limits() -> None:
    assert remixed(depth="1.3").depth == 1.3
    assert not RemixForm({**UNCHANGED, "depth": "1.7"}).is_valid()


@pytest.mark.parametrize("name", ["quality", "height_mm", "formats", "frames_show"])
def test_a_required_field_is_missed(name: str) -> None:
    form = RemixForm({**UNCHANGED, name: []})
    assert not form.is_valid()
    assert list(form.errors) == [name]


def test_each_quality_brings_its_defaults() -> None:
    choices = {choice["name"]: json.loads(choice["defaults_json"]) for choice in quality_choices()}
    assert choices == {name: asdict(quality) for name, quality in QUALITIES.items()}
