"""The choices of a recipe as an app sends them; every limit comes from ml.engine_registry import engine_names
from ml.formats import format_names
from ml.recipe."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from ml.engine_registry import engine_names
from ml.formats import format_names
from ml.recipe import LIMITS, MAX_PHOTOS, QUALITIES, RENDERERS, SIDES


def _whole(name: str) -> serializers.IntegerField:
    """A whole number that the quality decides where it is null."""
    low, high = LIMITS[name]
    return serializers.IntegerField(min_value=int(low), max_value=int(high), required=False, allow_null=True)


def _number(name: str, *, allow_null: bool = False) -> serializers.FloatField:
    low, high = LIMITS[name]
    return serializers.FloatField(min_value=low, max_value=high, required=False, allow_null=allow_null)


class FormBoolean(serializers.BooleanField):
    """A form that does not name it leaves it open; DRF would take that for an empty checkbox."""

    default_empty_html = empty


@extend_schema_field({"oneOf": [{"enum": list(SIDES)}, {"type": "number", "minimum": -360, "maximum": 360}]})
class SideField(serializers.CharField):
    """A side's name, or an azimuth in degrees."""

    def to_internal_value(self, data: Any) -> Any:
        """The name as it is, a number as a number."""
        text = super().to_internal_value(data)
        if text in SIDES:
            return text
        try:
            return float(text)
        except ValueError:
            names = ", ".join(SIDES)
            raise serializers.ValidationError(f"A side is one of {names}, or degrees.", code="invalid_choice") from None


class RemixSerializer(serializers.Serializer[Any]):
    """The choices that need no network. What is not sent stays as it is; null leaves a number to the quality."""

    refuses_unknown = True

    quality = serializers.ChoiceField(choices=list(QUALITIES), required=False)
    grid = _whole("grid")
    threshold = _number("threshold", allow_null=True)
    faces = _whole("faces")
    texture_size = _whole("texture_size")
    frame_size = _whole("frame_size")
    frame_count = _whole("frame_count")
    elevation = _number("elevation")
    height_mm = _number("height_mm")
    renderer = serializers.ChoiceField(choices=RENDERERS, required=False)
    background = serializers.CharField(required=False, help_text="`transparent`, or a colour such as `#ffffff`.")
    formats = serializers.ListField(child=serializers.ChoiceField(choices=format_names()), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a name that would change nothing; somebody expects it to."""
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown and self.refuses_unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, "This cannot be changed without the photo."))
        return attrs


class SubmitSerializer(RemixSerializer):
    """Photos and every choice that shapes the result; what is not sent is as the quality has it."""

    refuses_unknown = False

    photo = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),  # the core says so in its own words
        help_text=f"1 to {MAX_PHOTOS} photos of one object: repeat the field. The first is the main one.",
    )
    title = serializers.CharField(max_length=100, required=False, allow_blank=True)
    engine = serializers.ChoiceField(choices=engine_names(), required=False)
    remove_background = FormBoolean(required=False)
    foreground_ratio = _number("foreground_ratio")
    sides = serializers.ListField(
        child=SideField(),
        required=False,
        help_text="What each photo shows, in their order: repeat the field.",
    )


def recipe_choices(wanted: dict[str, Any]) -> dict[str, Any]:
    """The part of valid input that goes into a Recipe."""
    plain = {name: value for name, value in wanted.items() if name not in ("photo", "title")}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
