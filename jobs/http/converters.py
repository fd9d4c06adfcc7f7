"""How the name of a result file is written in an address."""

from __future__ import annotations

from django.urls import register_converter

from ml.files import NAME_PATTERN


class FileName:
    """The name of a result file, as the contract spells them."""

    regex = NAME_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FileName, "file_name")
