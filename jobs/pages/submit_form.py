"""The form of the upload page: photos with their sides, engine and quality, and what is folded away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.utils.datastructures import MultiValueDict

from ml.recipe import ENGINES, FORMATS, LIMITS, MAX_PHOTOS, QUALITIES, SIDES, Recipe

QUALITY_LABELS = {"draft": "Draft", "standard": "Standard", "high": "High"}
QUALITY_HINTS = {"draft": "a quick look", "standard": "good for most", "high": "finest, slowest"}
ENGINE_LABELS = {"auto": "Best available", "compact": "Compact: built in, quick", "triposr": "TripoSR: larger, finer"}
SIDE_LABELS = {"front": "Front", "right": "Right", "back": "Back", "left": "Left", "auto": "Find out"}
BACKGROUNDS = {"transparent": "Transparent", "#ffffff": "White", "#808080": "Grey", "#000000": "Black"}
TEXTURE_SIZES = (512, 1024, 2048, 4096)
AS_QUALITY = "As the quality has it"
OPTIONS = (
    "height_mm",
    "faces",
    "grid",
    "threshold",
    "frame_count",
    "frame_size",
    "texture_size",
    "background",
    "formats",
    "keep_background",
)
"""Folded away on the page, in this order."""


class PhotosInput(forms.FileInput):
    """A file input that takes several."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: MultiValueDict[str, Any], name: str) -> list[Any]:
        """All of them, in the order in which they were sent."""
        return files.getlist(name)


class PhotosField(forms.FileField):
    """1 to 5 photos; what is in them is checked by the core."""

    widget = PhotosInput(attrs={"multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """All the files that were sent."""
        return [super(PhotosField, self).clean(each, initial) for each in data or [None]]


def _number(name: str, label: str, *, whole: bool) -> forms.IntegerField | forms.FloatField:
    low, high = LIMITS[name]
    hint = f"{low:,g} to {high:,g}"
    if whole:
        return forms.IntegerField(required=False, label=label, min_value=int(low), max_value=int(high), help_text=hint)
    step = {"step": "any"}
    widget = forms.NumberInput(attrs=step)
    return forms.FloatField(required=False, label=label, min_value=low, max_value=high, help_text=hint, widget=widget)


class SubmitForm(forms.Form):
    """An empty field means: as the quality, or the scene, has it."""

    photo = PhotosField(allow_empty_file=True)
    side = forms.MultipleChoiceField(required=False, choices=[(name, SIDE_LABELS[name]) for name in SIDES])
    quality = forms.ChoiceField(required=False, choices=[(name, QUALITY_LABELS[name]) for name in QUALITIES])
    engine = forms.ChoiceField(required=False, choices=[(name, ENGINE_LABELS[name]) for name in ENGINES])
    title = forms.CharField(required=False, max_length=100)
    idempotency_key = forms.CharField(required=False, max_length=100)

    height_mm = _number("height_mm", "Height in mm", whole=False)
    faces = _number("faces", "Faces at most", whole=True)
    texture_size = forms.TypedChoiceField(
        choices=[("", AS_QUALITY), *((size, f"{size} × {size} pixels") for size in TEXTURE_SIZES)],
        coerce=int,
        empty_value=None,
        required=False,
        label="Texture",
    )
    grid = _number("grid", "Grid cells a side", whole=True)
    threshold = _number("threshold", "Threshold", whole=False)
    frame_count = _number("frame_count", "Frames", whole=True)
    frame_size = _number("frame_size", "Frame side in px", whole=True)
    background = forms.ChoiceField(
        required=False, choices=list(BACKGROUNDS.items()), label="Background of frames and film"
    )
    formats = forms.MultipleChoiceField(
        required=False,
        choices=[(name, name.upper()) for name in FORMATS],
        initial=list(FORMATS),
        widget=forms.CheckboxSelectMultiple,
        label="Files",
    )
    keep_background = forms.BooleanField(required=False, label="Keep the background: the whole picture is the object")

    @classmethod
    def like(cls, recipe: Recipe) -> SubmitForm:
        """Filled in with the recipe of an earlier job."""
        as_it_was = {name: value for name, value in recipe.to_dict().items() if value is not None}
        return cls(initial=as_it_was | {"keep_background": not recipe.remove_background})

    def options(self) -> list[BoundField]:
        """The fields that are folded away."""
        return [self[name] for name in OPTIONS]

    def recipe(self) -> Recipe:
        """What a valid form asks for. Raises ReconstructionError(`invalid_recipe`)."""
        wanted = self.cleaned_data
        names = ("engine", "quality", *(name for name in OPTIONS if name != "keep_background"))
        given = {name: wanted[name] for name in names if wanted[name] not in (None, "", [])}
        sides = self._sides(wanted["side"], len(wanted["photo"]))
        return Recipe.from_dict({**given, "sides": sides, "remove_background": not wanted["keep_background"]})

    @staticmethod
    def _sides(named: Sequence[str], photos: int) -> list[str]:
        """One for each photo that has one; a single photo's front goes without saying."""
        sides = list(named[: min(photos, MAX_PHOTOS)])
        return [] if sides in (["front"], ["auto"]) else sides

    def sentences(self) -> list[str]:
        """Every mistake, with the field's name where the sentence alone would not say which."""
        named = [(self.fields[name].label if name in OPTIONS else None, each) for name, each in self.errors.items()]
        return [f"{label}: {error}" if label else str(error) for label, errors in named for error in errors]
