"""Labels and fields of a recipe: complete, and within the recipe's limits."""

from __future__ import annotations

import pytest
from django import forms
from django.core.exceptions import ValidationError

from jobs.core import recipe_labels
from jobs.pages import recipe_fields
from jobs.pages.recipe_fields import formats_field, number_field, texture_size_field
from ml.formats import format_names
from ml.recipe import LIMITS, QUALITIES, RENDERERS, SIDES, Recipe

NUMBERS = ["faces", "grid", "height_mm", "threshold", "frame_count", "frame_size"]


def test_every_setting_has_a_label() -> None:
    assert set(recipe_labels.LABELS) == set(Recipe().to_dict())


def test_every_choice_has_a_label() -> None:
    assert set(recipe_labels.QUALITY_LABELS) == set(recipe_labels.QUALITY_HINTS) == set(QUALITIES)
    assert set(recipe_labels.SIDE_LABELS) == set(SIDES)
    assert set(recipe_labels.RENDERER_LABELS) == set(RENDERERS)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_limited_like_the_recipe(name: str) -> None:
    field = number_field(name)
    low, high = LIMITS[name]
    assert (field.clean(str(low)), field.clean(str(high)), field.clean("")) == (low, high, None)
    for outside in (low - 1, high + 1):
        with pytest.raises(ValidationError):
            field.clean(str(outside))


def test_a_count_must_be_an_integer() -> None:
    with pytest.raises(ValidationError):
        number_field("faces").clean("1000.5")


def test_the_help_text_states_the_range_unless_it_is_switched_off() -> None:
    assert number_field("faces").help_text == "500 to 500,000"
    assert number_field("faces", show_range=False).help_text == ""


def test_the_offered_texture_sizes_are_valid() -> None:
    field = texture_size_field()
    low, high = LIMITS["texture_size"]
    assert all(low <= size <= high for size in recipe_fields.TEXTURE_SIZES)
    assert (field.clean("1024"), field.clean("")) == (1024, None)


def test_all_formats_are_selected_at_first() -> None:
    form = type("FormatsForm", (forms.Form,), {"formats": formats_field(required=True)})()
    assert list(form["formats"].value()) == list(format_names())
