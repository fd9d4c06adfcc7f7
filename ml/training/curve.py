"""The learning curve: `log.jsonl` -> an SVG of the held-out metrics over the samples seen."""

from __future__ import annotations

import json
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 640, 200, 40
"""Size of one plot and its left and right margin, in pixels."""
TITLES = {
    "iou": "volumetric IoU",
    "front": "error of the first surface",
    "elevation": "error of the elevation, degrees",
}
COLORS = {"held_meshes": "#0b7285", "held_shapes": "#d9480f"}


def draw(log: Path, target: Path) -> None:
    """Write one small plot below the other, with a line per held-out set. Does nothing while the log is empty."""
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    if not rows:
        return
    plots = [_plot(rows, key, title, index * HEIGHT) for index, (key, title) in enumerate(TITLES.items())]
    size = f'width="{WIDTH}" height="{HEIGHT * len(plots)}" font-family="sans-serif" font-size="12"'
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(plots)}</svg>\n')


def _plot(rows: list[dict[str, dict[str, float]]], key: str, title: str, top: int) -> str:
    lines = {
        name: [(float(str(row["samples"])), row[name][key]) for row in rows if name in row and key in row[name]]
        for name in COLORS
    }
    points = [point for line in lines.values() for point in line] or [(0.0, 0.0)]
    right, high, low = max(x for x, _ in points) or 1.0, max(y for _, y in points), min(y for _, y in points)
    span = (high - low) or 1.0
    parts = [f'<text x="{MARGIN}" y="{top + 18}">{title}: {low:.3g} to {high:.3g}, {right:.0f} samples</text>']
    for name, line in lines.items():
        path = " ".join(
            f"{MARGIN + x / right * (WIDTH - 2 * MARGIN):.1f},{top + 30 + (high - y) / span * (HEIGHT - 50):.1f}"
            for x, y in line
        )
        parts.append(f'<polyline fill="none" stroke="{COLORS[name]}" stroke-width="2" points="{path}"/>')
    return "".join(parts)
