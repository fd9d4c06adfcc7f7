"""Form fields of a recipe, shared by the upload form and the remix form."""

from __future__ import annotations

from dataclasses import asdict

from django import forms

from jobs.core.recipe_labels import (
    BACKGROUND_LABELS,
    BASE_LABELS,
    LABELS,
    MASK_LABELS,
    QUALITY_LABELS,
    RENDERER_LABELS,
    SIDE_LABELS,
    SIZE_AXIS_LABELS,
)
from ml.formats import format_choices, format_names
from ml.recipe import BASES, INTEGER_FIELDS, LIMITS, MASKS, QUALITIES, RENDERERS, SIDES, SIZE_AXES, Recipe

TEXTURE_SIZES = (512, 1024, 2048, 4096)
"""Pixels per side that the forms offer; the API accepts any size within `LIMITS`."""
AUTOMATIC = "Automatic"
"""In a blank field whose default is not a number that is known before the job."""

QUALITY_CHOICES = [(name, QUALITY_LABELS[name]) for name in QUALITIES]
SIDE_CHOICES = [(name, SIDE_LABELS[name]) for name in SIDES]
BASE_CHOICES = [(name, BASE_LABELS[name]) for name in BASES]
SIZE_AXIS_CHOICES = [(name, SIZE_AXIS_LABELS[name]) for name in SIZE_AXES]
RENDERER_CHOICES = [(name, RENDERER_LABELS[name]) for name in RENDERERS]
MASK_CHOICES = [(name, MASK_LABELS[name]) for name in MASKS]
BACKGROUND_CHOICES = list(BACKGROUND_LABELS.items())


def number_field(
    name: str, *, required: bool = False, show_range: bool = True
) -> forms.IntegerField | forms.FloatField:
    """A number within the recipe's limits; `show_range` states them in the help text."""
    low, high = LIMITS[name]
    shown_default = {"data-default": "", "placeholder": default_text(name)}
    hint = f"{low:,g} to {high:,g}" if show_range else ""
    if name in INTEGER_FIELDS:
        return forms.IntegerField(
            required=required,
            label=LABELS[name],
            min_value=int(low),
            max_value=int(high),
            help_text=hint,
            widget=forms.NumberInput(shown_default),
        )
    return forms.FloatField(
        required=required,
        label=LABELS[name],
        min_value=low,
        max_value=high,
        help_text=hint,
        widget=forms.NumberInput(shown_default),
    )


def default_text(name: str) -> str:
    """What a blank field stands for at the default quality; `frontend/lib/quality_defaults.ts` follows another one."""
    value = getattr(Recipe().resolved(), name)
    return AUTOMATIC if value is None else f"{value:g}"


def quality_defaults(quality: str) -> dict[str, int]:
    """The numbers that a quality stands for, for the page's script."""
    return asdict(QUALITIES[quality])


def texture_size_field() -> forms.TypedChoiceField:
    """A texture size in pixels; the empty choice means the quality's default, which it shows."""
    default = default_text("texture_size")
    sizes = [(size, f"{size} × {size} pixels") for size in TEXTURE_SIZES]
    return forms.TypedChoiceField(
        choices=[("", f"Default: {default} × {default} pixels"), *sizes],
        coerce=int,
        empty_value=None,
        required=False,
        label=LABELS["texture_size"],
    )


def formats_field(*, required: bool) -> forms.MultipleChoiceField:
    """The file formats to export, all of them by default."""
    return forms.MultipleChoiceField(
        required=required,
        choices=format_choices,
        initial=format_names,
        widget=forms.CheckboxSelectMultiple,
        label=LABELS["formats"],
    )
