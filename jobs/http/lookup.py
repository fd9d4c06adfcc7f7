"""From the result of an access check to a 404, for pages and the API."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404

Row = TypeVar("Row")


def get_or_404(row: Row | None, name: str = "job") -> Row:
    """The row that an access check returned. Raises Http404, the same for a wrong id and for another user's row."""
    if row is None:
        raise Http404(f"There is no such {name}.")
    return row
