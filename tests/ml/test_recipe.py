"""The recipe: defaults, limits, JSON round trip."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.engine_registry import engine_names
from ml.errors import ReconstructionError
from ml.recipe import LIMITS, QUALITIES, Recipe


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_quality_fills_in_its_own_numbers(quality: str) -> None:
    recipe, own = Recipe(quality=quality).resolved(), QUALITIES[quality]
    assert (recipe.grid, recipe.faces, recipe.texture_size) == (own.grid, own.faces, own.texture_size)
    assert (recipe.frame_size, recipe.frame_count) == (own.frame_size, 30)


def test_an_explicit_number_overrides_the_quality() -> None:
    assert Recipe(quality="high", faces=1234).resolved().faces == 1234


@given(
    engine=st.sampled_from(engine_names()),
    quality=st.sampled_from(sorted(QUALITIES)),
    grid=st.none() | st.integers(32, 384),
    ratio=st.floats(0.5, 0.95),
)
def test_a_recipe_survives_a_json_round_trip(engine: str, quality: str, grid: int | None, ratio: float) -> None:
    recipe = Recipe(engine, quality, grid=grid, foreground_ratio=ratio)
    assert Recipe.from_dict(json.loads(recipe.to_json())) == recipe


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("side", [0, 1])
def test_a_number_out_of_bounds_is_rejected(name: str, side: int) -> None:
    beyond = LIMITS[name][side] + (-0.001 if side == 0 else 1)
    with pytest.raises(ReconstructionError, match=name) as refused:
        Recipe.from_dict({name: beyond})
    assert refused.value.code == "invalid_recipe"


@pytest.mark.parametrize(
    "values",
    [
        {"engine": "steam"},
        {"quality": ""},
        {"grid": "64"},
        {"grid": True},
        {"faces": 1000.5},
        {"elevation": float("nan")},
        {"color": 1},
    ],
)
def test_contradictory_values_are_rejected(values: dict[str, Any]) -> None:
    with pytest.raises(ReconstructionError) as refused:
        Recipe.from_dict(values)
    assert refused.value.code == "invalid_recipe"


def test_it_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        Recipe().grid = 3  # type: ignore[misc]
