"""The remix form: the settings of a finished model that can change without running the network again."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, replace
from typing import Any

from django import forms

from jobs.core.recipe_labels import LABELS
from jobs.core.services import IDEMPOTENCY_KEY_LENGTH
from jobs.pages.recipe_fields import (
    BASE_CHOICES,
    QUALITY_CHOICES,
    RENDERER_CHOICES,
    SIZE_AXIS_CHOICES,
    formats_field,
    number_field,
    quality_defaults,
    texture_size_field,
)
from ml.recipe import LIMITS, TRANSPARENT, Recipe

QUALITY_ONLY = ("grid", "frame_size", "frame_count")
"""Settings that depend on the quality and have no field of their own here."""


class RemixForm(forms.Form):
    """A blank field means the default of the quality or of the scene."""

    quality = forms.ChoiceField(choices=QUALITY_CHOICES)
    faces = number_field("faces", show_range=False)
    texture_size = texture_size_field()
    threshold = number_field("threshold", show_range=False)
    height_mm = number_field("height_mm", required=True, show_range=False)
    size_axis = forms.ChoiceField(required=False, choices=SIZE_AXIS_CHOICES, label=LABELS["size_axis"])
    base = forms.ChoiceField(required=False, choices=BASE_CHOICES, label=LABELS["base"])
    depth = forms.FloatField(
        required=False,
        label=LABELS["depth"],
        min_value=LIMITS["depth"][0],
        max_value=LIMITS["depth"][1],
        widget=forms.NumberInput({"type": "range", "step": "0.05", "class": "form-range", "data-depth": ""}),
    )
    relight = forms.BooleanField(required=False, label=LABELS["relight"])
    largest_part = forms.BooleanField(required=False, label=LABELS["largest_part"])
    formats = formats_field(required=True)
    frames_show = forms.ChoiceField(choices=RENDERER_CHOICES, label=LABELS["renderer"])
    transparent = forms.BooleanField(required=False)
    color = forms.RegexField(r"^#[0-9a-f]{6}$", required=False)
    idempotency_key = forms.CharField(max_length=IDEMPOTENCY_KEY_LENGTH, required=False, widget=forms.HiddenInput)

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> RemixForm:
        """Filled in from a recipe, with a new idempotency key so that a double click creates one model."""
        opaque = recipe.background != TRANSPARENT
        initial = asdict(recipe) | {
            "formats": list(recipe.formats),
            "frames_show": recipe.renderer,
            "height_mm": f"{recipe.height_mm:g}",
            "transparent": not opaque,
            "color": recipe.background if opaque else "#ffffff",
            "idempotency_key": uuid.uuid4(),
        }
        return cls(initial=initial)

    def apply_to(self, recipe: Recipe) -> Recipe:
        """The parent's `recipe` with the values of a valid form. Raises ReconstructionError(`invalid_recipe`)."""
        values: dict[str, Any] = self.cleaned_data
        names = ("quality", "faces", "texture_size", "threshold", "height_mm", "relight", "largest_part")
        changes: dict[str, Any] = {name: values[name] for name in names}
        changes |= {"renderer": values["frames_show"], "formats": tuple(values["formats"])}
        changes |= {name: values[name] for name in ("size_axis", "base") if values[name]}
        if values["depth"] is not None:
            changes["depth"] = values["depth"]
        changes["background"] = TRANSPARENT if values["transparent"] or not values["color"] else values["color"]
        # Settings without a field keep the parent's values, unless the quality they depend on has changed.
        if values["quality"] != recipe.quality:
            changes |= dict.fromkeys(QUALITY_ONLY)
        return replace(recipe, **changes)


def quality_choices() -> list[dict[str, Any]]:
    """Each quality with its label and, as JSON for the panel's script, its default numbers."""
    return [
        {"name": name, "label": label, "defaults_json": json.dumps(quality_defaults(name))}
        for name, label in QUALITY_CHOICES
    ]
