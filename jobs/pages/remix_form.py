"""The form of the remix panel: what can be changed about a finished model without the network."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, replace
from typing import Any

from django import forms

from ml.recipe import FORMATS, LIMITS, QUALITIES, RENDERERS, Recipe

QUALITY_LABELS = {"draft": "Draft", "standard": "Standard", "high": "High"}
RENDERER_LABELS = {"mesh": "The textured mesh", "nerf": "The scene itself (volume rendering)"}
TEXTURE_SIZES = (512, 1024, 2048, 4096)
OF_THE_QUALITY = ("grid", "frame_size", "frame_count")
AS_QUALITY = "As the quality has it"


def _whole(name: str) -> forms.IntegerField:
    low, high = LIMITS[name]
    return forms.IntegerField(required=False, min_value=int(low), max_value=int(high))


def _number(name: str, *, required: bool = False) -> forms.FloatField:
    low, high = LIMITS[name]
    return forms.FloatField(required=required, min_value=low, max_value=high)


class RemixForm(forms.Form):
    """Empty fields mean: as the quality, or the scene, has it."""

    quality = forms.ChoiceField(choices=list(QUALITY_LABELS.items()))
    faces = _whole("faces")
    texture_size = forms.TypedChoiceField(
        choices=[("", AS_QUALITY), *((size, f"{size} × {size} pixels") for size in TEXTURE_SIZES)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    threshold = _number("threshold")
    height_mm = _number("height_mm", required=True)
    formats = forms.MultipleChoiceField(
        choices=[(name, name.upper()) for name in FORMATS], widget=forms.CheckboxSelectMultiple
    )
    frames_show = forms.ChoiceField(choices=[(name, RENDERER_LABELS[name]) for name in RENDERERS])
    transparent = forms.BooleanField(required=False)
    color = forms.RegexField(r"^#[0-9a-f]{6}$", required=False)
    idempotency_key = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, recipe: Recipe) -> RemixForm:
        """Filled in with a recipe, and with a key of its own so that a double click makes one model."""
        opaque = recipe.background != "transparent"
        initial = asdict(recipe) | {
            "formats": list(recipe.formats),
            "frames_show": recipe.renderer,
            "height_mm": f"{recipe.height_mm:g}",
            "transparent": not opaque,
            "color": recipe.background if opaque else "#ffffff",
            "idempotency_key": uuid.uuid4(),
        }
        return cls(initial=initial)

    def recipe(self, made: Recipe) -> Recipe:
        """`made` with the wishes of a valid form. Raises ReconstructionError(`invalid_recipe`)."""
        wanted: dict[str, Any] = self.cleaned_data
        names = ("quality", "faces", "texture_size", "threshold", "height_mm")
        changed: dict[str, Any] = {name: wanted[name] for name in names}
        changed |= {"renderer": wanted["frames_show"], "formats": tuple(wanted["formats"])}
        changed["background"] = "transparent" if wanted["transparent"] or not wanted["color"] else wanted["color"]
        # What has no field here follows another quality, and stays as it was with the same one.
        if wanted["quality"] != made.quality:
            changed |= dict.fromkeys(OF_THE_QUALITY)
        return replace(made, **changed)


def quality_choices() -> list[dict[str, Any]]:
    """Each quality with its label and its own numbers, for the panel."""
    return [
        {"name": name, "label": QUALITY_LABELS[name], "own_json": json.dumps(asdict(QUALITIES[name]))}
        for name in QUALITIES
    ]
