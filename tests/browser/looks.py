"""The four looks of the site that journeys are tried in: a phone and a desk, light and dark."""

from __future__ import annotations

from typing import Any

import pytest

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
LIGHT_PHONE, DARK_PHONE, LIGHT_DESK, DARK_DESK = PHONE | LIGHT, PHONE | DARK, DESK | LIGHT, DESK | DARK

four_looks = pytest.mark.parametrize(
    "look",
    [LIGHT_PHONE, DARK_PHONE, LIGHT_DESK, DARK_DESK],
    ids=["light phone", "dark phone", "light desk", "dark desk"],
)


def other_theme(look: dict[str, Any]) -> dict[str, Any]:
    """The same window, dark instead of light or light instead of dark."""
    return look | (LIGHT if look["color_scheme"] == "dark" else DARK)
