"""The settings of a recipe as API fields; every limit comes from ml.recipe."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from jobs.core.services import TITLE_LENGTH
from ml.engine_registry import engine_names
from ml.errors import ReconstructionError
from ml.formats import format_names
from ml.recipe import (
    BASES,
    LIMITS,
    MASKS,
    MAX_PHOTOS,
    QUALITIES,
    RENDERERS,
    SIDES,
    SIZE_AXES,
    Recipe,
    point_from_text,
)


def _integer_field(name: str) -> serializers.IntegerField:
    """An integer within its limits; null means the quality's default."""
    low, high = LIMITS[name]
    return serializers.IntegerField(min_value=int(low), max_value=int(high), required=False, allow_null=True)


def _float_field(name: str, *, allow_null: bool = False) -> serializers.FloatField:
    low, high = LIMITS[name]
    return serializers.FloatField(min_value=low, max_value=high, required=False, allow_null=allow_null)


class FormBoolean(serializers.BooleanField):
    """A boolean without a value when a form leaves it out; DRF would read that as an unchecked box, i.e. False."""

    default_empty_html = empty


@extend_schema_field({"oneOf": [{"enum": list(SIDES)}, {"type": "number", "minimum": -360, "maximum": 360}]})
class SideField(serializers.CharField):
    """A side's name, or an azimuth in degrees."""

    def to_internal_value(self, data: Any) -> Any:
        """A side's name unchanged, anything else as a number."""
        text = super().to_internal_value(data)
        if text in SIDES:
            return text
        try:
            return float(text)
        except ValueError:
            names = ", ".join(SIDES)
            raise serializers.ValidationError(
                f"A side must be one of {names}, or an azimuth in degrees.", code="invalid_choice"
            ) from None


class RemixSerializer(serializers.Serializer[Any]):
    """Settings that can change without running the network.

    Settings that are not sent keep the parent's values; null means the quality's default.
    """

    rejects_unknown = True

    quality = serializers.ChoiceField(choices=list(QUALITIES), required=False)
    grid = _integer_field("grid")
    threshold = _float_field("threshold", allow_null=True)
    faces = _integer_field("faces")
    texture_size = _integer_field("texture_size")
    frame_size = _integer_field("frame_size")
    frame_count = _integer_field("frame_count")
    elevation = _float_field("elevation")
    height_mm = _float_field("height_mm")
    size_axis = serializers.ChoiceField(choices=SIZE_AXES, required=False, help_text="What `height_mm` measures.")
    base = serializers.ChoiceField(choices=BASES, required=False, help_text="What the model stands on.")
    depth = serializers.FloatField(
        min_value=LIMITS["depth"][0],
        max_value=LIMITS["depth"][1],
        required=False,
        help_text="Factor of the depth along the photo's view.",
    )
    relight = FormBoolean(
        required=False, help_text="Take shading, highlights and shadows of the photo out of the colours."
    )
    largest_part = FormBoolean(required=False, help_text="Drop parts that are not joined to the largest one.")
    renderer = serializers.ChoiceField(choices=RENDERERS, required=False)
    background = serializers.CharField(required=False, help_text="`transparent` or a colour such as `#ffffff`.")
    formats = serializers.ListField(
        child=serializers.ChoiceField(choices=format_names()), required=False, max_length=len(format_names())
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reject unknown settings instead of ignoring them silently."""
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown and self.rejects_unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, "This setting cannot be changed here."))
        return attrs


class PointField(serializers.CharField):
    """Two numbers with a comma between them."""

    def to_internal_value(self, data: Any) -> tuple[float, ...]:  # type: ignore[override]
        """The numbers; `Recipe` checks them."""
        text = super().to_internal_value(data)
        try:
            return point_from_text(text)
        except ValueError:
            raise serializers.ValidationError("Enter x and y, each from 0 to 1, with a comma between them.") from None


class RecipeJson(serializers.CharField):
    """The settings of a recipe in one JSON object, as `recipe` of a job shows them."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:  # type: ignore[override]
        """The settings, checked as a whole."""
        try:
            settings = json.loads(super().to_internal_value(data))
            recipe = Recipe.from_dict(settings if isinstance(settings, dict) else {"": settings})
        except ReconstructionError as error:
            raise serializers.ValidationError(error.message, code=error.code) from error
        except (ValueError, RecursionError) as error:
            raise serializers.ValidationError("This is not a JSON object.") from error
        return {name: getattr(recipe, name) for name in settings}


class RecipeSerializer(RemixSerializer):
    """All settings. Those that are not sent keep their values, in a new job the defaults of the quality."""

    engine = serializers.ChoiceField(choices=engine_names(), required=False)
    remove_background = FormBoolean(required=False)
    foreground_ratio = _float_field("foreground_ratio")
    mask = serializers.ChoiceField(
        choices=MASKS,
        required=False,
        help_text="Cut out by the picture's transparency (alpha), background removal (remove), or what fits (auto).",
    )
    subject = PointField(
        required=False,
        help_text="x,y: a point of the object to use, in fractions of the main photo's width and height.",
    )
    sides = serializers.ListField(
        child=SideField(),
        required=False,
        max_length=MAX_PHOTOS,
        help_text="The side that each photo shows, in the same order. Repeat the field for each photo.",
    )


class SubmitSerializer(RecipeSerializer):
    """Photos and settings. Settings that are not sent have the default of the quality."""

    rejects_unknown = False

    photo = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),  # the core rejects it with a message of its own
        required=False,
        help_text=f"1 to {MAX_PHOTOS} photos of one object, the main one first. Repeat the field for each photo.",
    )
    upload = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MAX_PHOTOS,
        help_text="Complete uploads, in place of photos. They come before those of `photo`.",
    )
    cutout = serializers.UUIDField(
        required=False,
        help_text="A cutout to use as the main photo, before those of `upload` and `photo`.",
    )
    version_of = serializers.UUIDField(
        required=False,
        help_text="A job of yours: the new one is another version of its model, for example with more photos.",
    )
    title = serializers.CharField(max_length=TITLE_LENGTH, required=False, allow_blank=True)
    recipe = RecipeJson(
        required=False, help_text="Settings as one JSON object. A setting that is also a field has the field's value."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """There is a main photo: a photo, an upload or a cutout."""
        if not attrs.get("photo") and not attrs.get("upload") and "cutout" not in attrs:
            raise serializers.ValidationError({"photo": self.error_messages["required"]}, code="required")
        return super().validate(attrs)


NOT_SETTINGS = frozenset({"photo", "upload", "cutout", "version_of", "title", "recipe"})
"""Fields of a submission that are no settings of a recipe."""


def submitted_recipe(values: dict[str, Any]) -> Recipe:
    """The recipe of a valid submission. Raises ReconstructionError(`invalid_recipe`)."""
    return Recipe(**values.get("recipe", {}) | recipe_settings(values))


def recipe_settings(values: dict[str, Any]) -> dict[str, Any]:
    """The part of valid input that goes into a Recipe."""
    settings = {name: value for name, value in values.items() if name not in NOT_SETTINGS}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
