"""The upload form: photos with their sides, quality, size, print, and the options behind “Advanced settings”."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.utils.datastructures import MultiValueDict

from jobs.core.recipe_labels import LABELS
from jobs.core.services import IDEMPOTENCY_KEY_LENGTH, TITLE_LENGTH
from jobs.pages.recipe_fields import (
    BACKGROUND_CHOICES,
    BASE_CHOICES,
    MASK_CHOICES,
    QUALITY_CHOICES,
    SIDE_CHOICES,
    SIZE_AXIS_CHOICES,
    formats_field,
    number_field,
    texture_size_field,
)
from ml.engine_registry import engine_choices
from ml.formats import format_names
from ml.recipe import AUTO_BASE, FLAT, MAX_PHOTOS, PLATE, Recipe, point_from_text

BASICS = ("height_mm", "size_axis", "largest_part")
"""The recipe's fields that everyone sees, besides quality and photos."""
OPTIONS = (
    "engine",
    "base",
    "faces",
    "grid",
    "threshold",
    "frame_count",
    "frame_size",
    "texture_size",
    "background",
    "formats",
    "mask",
    "keep_background",
)
"""The fields behind “Advanced settings”, in this order."""
PRINT_FORMATS = ("stl", "3mf")
"""What slicers read."""


def _printable(settings: dict[str, Any]) -> dict[str, Any]:
    """What “For printing” changes: one part, which stands, in the files that slicers read."""
    base = settings.get("base", AUTO_BASE)
    formats = settings.get("formats", format_names())
    missing = [name for name in PRINT_FORMATS if name not in formats]
    return {"largest_part": True, "base": FLAT if base == AUTO_BASE else base, "formats": [*formats, *missing]}


class PhotosInput(forms.FileInput):
    """A file input that accepts several files."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: MultiValueDict[str, Any], name: str) -> list[Any]:
        """All uploaded files, in the order they were sent."""
        return files.getlist(name)


class PhotosField(forms.FileField):
    """One or more photos; the core checks their number and content."""

    widget = PhotosInput(attrs={"multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """All uploaded files, each checked like a single one."""
        return [super(PhotosField, self).clean(file, initial) for file in data or [None]]


class SubmitForm(forms.Form):
    """A blank field means the default of the quality or of the scene."""

    photo = PhotosField(allow_empty_file=True)
    side = forms.MultipleChoiceField(required=False, choices=SIDE_CHOICES)
    quality = forms.ChoiceField(required=False, choices=QUALITY_CHOICES)
    engine = forms.ChoiceField(required=False, choices=engine_choices, label=LABELS["engine"])
    title = forms.CharField(required=False, max_length=TITLE_LENGTH)
    idempotency_key = forms.CharField(required=False, max_length=IDEMPOTENCY_KEY_LENGTH)
    again = forms.UUIDField(required=False, widget=forms.HiddenInput)

    height_mm = number_field("height_mm", show_range=False)
    for_printing = forms.BooleanField(required=False, label="For printing")
    largest_part = forms.BooleanField(required=False, label=LABELS["largest_part"])
    size_axis = forms.ChoiceField(required=False, choices=SIZE_AXIS_CHOICES, label=LABELS["size_axis"])
    base = forms.ChoiceField(required=False, choices=BASE_CHOICES, label=LABELS["base"])
    faces = number_field("faces")
    texture_size = texture_size_field()
    grid = number_field("grid")
    threshold = number_field("threshold")
    frame_count = number_field("frame_count")
    frame_size = number_field("frame_size")
    background = forms.ChoiceField(required=False, choices=BACKGROUND_CHOICES, label=LABELS["background"])
    formats = formats_field(required=False)
    mask = forms.ChoiceField(required=False, choices=MASK_CHOICES, label=LABELS["mask"])
    subject = forms.CharField(required=False)
    keep_background = forms.BooleanField(required=False, label="Keep the background (use the whole picture)")

    @classmethod
    def from_recipe(cls, recipe: Recipe, again: UUID | None = None) -> SubmitForm:
        """Filled in with the recipe of an earlier job, whose next version is made if `again` is its id."""
        settings = {name: value for name, value in recipe.to_dict().items() if value is not None}
        printing = recipe.base in (FLAT, PLATE) and recipe.largest_part
        return cls(
            initial=settings
            | {"height_mm": f"{recipe.height_mm:g}", "for_printing": printing}
            | {"keep_background": not recipe.remove_background, "again": again}
        )

    def clean_subject(self) -> tuple[float, ...]:
        """The point `x,y`; empty without one."""
        text = self.cleaned_data["subject"]
        try:
            return point_from_text(text) if text else ()
        except ValueError as error:
            raise forms.ValidationError("Choose the object in the photo again.") from error

    def options(self) -> list[BoundField]:
        """The fields behind “Advanced settings”."""
        return [self[name] for name in OPTIONS]

    def to_recipe(self) -> Recipe:
        """The recipe of a valid form. Raises ReconstructionError(`invalid_recipe`)."""
        values = self.cleaned_data
        names = ("quality", "subject", *BASICS, *(name for name in OPTIONS if name != "keep_background"))
        settings = {name: values[name] for name in names if values[name] not in (None, "", [], ())}
        if values["for_printing"]:
            settings |= _printable(settings)
        sides = self._sides(values["side"], len(values["photo"]))
        return Recipe.from_dict({**settings, "sides": sides, "remove_background": not values["keep_background"]})

    @staticmethod
    def _sides(sides: Sequence[str], photo_count: int) -> list[str]:
        """At most one side per photo; empty for a single photo from the front, which is the recipe's default."""
        kept = list(sides[: min(photo_count, MAX_PHOTOS)])
        return [] if kept in (["front"], ["auto"]) else kept

    def error_messages(self) -> list[str]:
        """Every error message, preceded by the field's label for the settings."""
        return [message for name, errors in self.errors.items() for message in self._labelled(name, errors)]

    def _labelled(self, name: str, errors: Sequence[Any]) -> list[str]:
        prefix = f"{self.fields[name].label}: " if name in (*BASICS, *OPTIONS) else ""
        return [f"{prefix}{error}" for error in errors]
