"""The name of a result file in a URL."""

from __future__ import annotations

from django.urls import register_converter

from ml.files import NAME_PATTERN


class FileName:
    """The name of a result file."""

    regex = NAME_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FileName, "file_name")
