"""Small bar charts of the dashboard: numbers for SVG, without scripts or styles in the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

HEIGHT, STEP, WIDTH = 48, 12, 9
"""Of the chart, from bar to bar, and of a bar, in SVG units."""


@dataclass(frozen=True)
class Bar:
    """One bar, and what it says when pointed at."""

    x: int
    y: float
    height: float
    label: str


@dataclass(frozen=True)
class Chart:
    """A title with the sum, and the bars."""

    title: str
    total: int
    width: int
    height: int
    bar_width: int
    bars: list[Bar]


def bar_chart(title: str, values: Sequence[tuple[datetime, int]]) -> Chart:
    """The highest bar fills the chart; an hour without anything has none."""
    highest = max((value for _, value in values), default=0) or 1
    bars = [_bar(index, at, value, highest) for index, (at, value) in enumerate(values)]
    return Chart(title, sum(value for _, value in values), STEP * len(values), HEIGHT, WIDTH, bars)


def _bar(index: int, at: datetime, value: int, highest: int) -> Bar:
    height = HEIGHT * value / highest
    return Bar(STEP * index, round(HEIGHT - height, 1), round(height, 1), f"{at:%H:%M}: {value}")
