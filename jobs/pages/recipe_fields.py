"""Labels and form fields of a recipe, shared by the upload form, the remix form and the result page."""

from __future__ import annotations

from dataclasses import asdict

from django import forms

from ml.formats import format_choices, format_names
from ml.recipe import BASES, INTEGER_FIELDS, LIMITS, MASKS, QUALITIES, RENDERERS, SIDES, SIZE_AXES, Recipe

LABELS = {
    "engine": "Engine",
    "quality": "Quality",
    "remove_background": "Remove background",
    "foreground_ratio": "Object size in frame",
    "mask": "Cut out by",
    "subject": "Chosen object",
    "grid": "Grid resolution",
    "threshold": "Threshold",
    "faces": "Maximum faces",
    "texture_size": "Texture size",
    "frame_size": "Frame size (px)",
    "frame_count": "Turntable frames",
    "elevation": "Camera elevation (°)",
    "height_mm": "Size (mm)",
    "size_axis": "Measured along",
    "base": "Base",
    "depth": "Depth",
    "relight": "Remove the photo’s lighting",
    "largest_part": "Keep only the largest part",
    "sides": "Sides",
    "renderer": "Turntable shows",
    "background": "Turntable background",
    "formats": "File formats",
}
"""One label for each setting."""
QUALITY_LABELS = {"draft": "Draft", "standard": "Standard", "high": "High"}
QUALITY_HINTS = {"draft": "quick preview", "standard": "best for most photos", "high": "most detail, slowest"}
SIDE_LABELS = {"front": "Front", "right": "Right", "back": "Back", "left": "Left", "auto": "Auto-detect"}
RENDERER_LABELS = {"mesh": "Textured mesh", "nerf": "Scene (volume rendering)"}
SIZE_AXIS_LABELS = {"longest": "The longest side", "height": "The height"}
BASE_LABELS = {
    "auto": "Flat if that makes it stand",
    "none": "None",
    "flat": "Flat cut",
    "plate": "Plate",
}
BACKGROUND_LABELS = {"transparent": "Transparent", "#ffffff": "White", "#808080": "Grey", "#000000": "Black"}
TEXTURE_SIZES = (512, 1024, 2048, 4096)
"""Pixels per side that the forms offer; the API accepts any size within `LIMITS`."""
AUTOMATIC = "Automatic"
"""In a blank field whose default is not a number that is known before the job."""

QUALITY_CHOICES = [(name, QUALITY_LABELS[name]) for name in QUALITIES]
SIDE_CHOICES = [(name, SIDE_LABELS[name]) for name in SIDES]
BASE_CHOICES = [(name, BASE_LABELS[name]) for name in BASES]
SIZE_AXIS_CHOICES = [(name, SIZE_AXIS_LABELS[name]) for name in SIZE_AXES]
RENDERER_CHOICES = [(name, RENDERER_LABELS[name]) for name in RENDERERS]
MASK_LABELS = {
    "auto": "Automatic",
    "alpha": "The picture’s transparency",
    "remove": "Background removal",
}
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
