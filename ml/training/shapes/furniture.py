"""Chairs, tables, sofas, beds, shelves, stools."""

from __future__ import annotations

import numpy as np

from ml.training.shapes.parts import Part, Rng, box, ellipsoid, four_corners, lathe, pair, palette, rod, round_box, tube


def _leg(rng: Rng, color: np.ndarray, x: float, y: float, height: float) -> Part:
    width, splay = rng.uniform(0.025, 0.07), rng.uniform(1.0, 1.25) if rng.random() < 0.5 else 1.0
    if rng.random() < 0.5:
        return rod(color, (x * splay, y * splay, 0), (x, y, height), width * rng.uniform(0.4, 1.0), width)
    return box(color, (2 * width, 2 * width, height), (x, y, height / 2))


def _base(rng: Rng, color: np.ndarray, x: float, y: float, height: float) -> list[Part]:
    """Four legs, or a column on a foot."""
    if rng.random() < 0.8:
        return four_corners(_leg(rng, color, x * 0.9, y * 0.9, height))
    column = rod(color, (0, 0, 0.04), (0, 0, height), rng.uniform(0.04, 0.1))
    return [column, lathe(color, [x * 0.8, x * 0.8, x * 0.2], [0, 0.04, 0.1])]


def _seat(rng: Rng, color: np.ndarray, x: float, y: float, height: float) -> Part:
    thick = rng.uniform(0.05, 0.25)
    at = (0, 0, height)
    if rng.random() < 0.5:
        return round_box(color, (2 * x, 2 * y, thick), at, rng.uniform(3, 10))
    return box(color, (2 * x, 2 * y, thick), at)


def _back(rng: Rng, color: np.ndarray, x: float, y: float, low: float, high: float) -> list[Part]:
    """A board, vertical bars, or horizontal bars between two posts; leaning back a little."""
    lean, thick, kind = rng.uniform(0, 0.25), rng.uniform(0.03, 0.12), rng.random()
    if kind < 0.45:
        board = round_box(color, (thick, 2 * y, high - low), (-x, 0, (low + high) / 2), rng.uniform(3, 10))
        tilt = np.array([-lean, 0, 0], np.float32) * ((board.vertices[:, 2:] - low) / (high - low))
        return [Part(board.vertices + tilt, board.faces, color)]
    posts = pair(rod(color, (-x, y * 0.92, low - 0.05), (-x - lean, y * 0.92, high), thick * 0.5))
    if kind < 0.7:
        positions = np.linspace(-0.7, 0.7, int(rng.integers(2, 6))) * y
        rails = [rod(color, (-x, p, low), (-x - lean * 0.95, p, high * 0.97), thick * 0.35) for p in positions]
        return [*posts, *rails, rod(color, (-x - lean, -y, high), (-x - lean, y, high), thick * 0.6)]
    heights = np.linspace(0.35, 0.95, int(rng.integers(1, 4)))
    bars = [box(color, (thick * 0.7, 2 * y, 0.12), (-x - lean * h, 0, low + (high - low) * h)) for h in heights]
    return [*posts, *bars]


def chair(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    x, y, height = rng.uniform(0.3, 0.5), rng.uniform(0.32, 0.55), rng.uniform(0.55, 0.95)
    top = height + rng.uniform(0.5, 1.2)
    parts = [_seat(rng, a, x, y, height), *_base(rng, b, x, y, height), *_back(rng, a, x * 0.95, y, height, top)]
    if rng.random() < 0.35:
        arm = height + rng.uniform(0.22, 0.4)
        parts += pair(tube(b, [(-x, y, arm), (x * 0.6, y, arm), (x * 0.8, y, height)], rng.uniform(0.025, 0.06)))
    return parts


def stool(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    x, height = rng.uniform(0.3, 0.5), rng.uniform(0.5, 1.4)
    round_top = lathe(a, [x * 0.9, x, x, x * 0.85], np.array([0, 0.03, 0.1, 0.13]) + height)
    top = round_top if rng.random() < 0.6 else _seat(rng, a, x, x, height)
    return [top, *_base(rng, b, x * 0.8, x * 0.8, height)]


def table(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    x, y, height = rng.uniform(0.4, 1.0), rng.uniform(0.5, 1.4), rng.uniform(0.4, 1.0)
    thick = rng.uniform(0.04, 0.12)
    if rng.random() < 0.3:
        top = lathe(a, [y, y], [height, height + thick], 32)
        return [top, *_base(rng, b, y * 0.7, y * 0.7, height)]
    parts = [box(a, (2 * x, 2 * y, thick), (0, 0, height)), *_base(rng, b, x, y, height)]
    if rng.random() < 0.4:
        parts.append(box(b, (1.7 * x, 1.7 * y, thick), (0, 0, height * rng.uniform(0.2, 0.85))))
    return parts


def desk(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, height = rng.uniform(0.35, 0.6), rng.uniform(0.7, 1.2), rng.uniform(0.65, 0.9)
    width = y * rng.uniform(0.4, 0.7)
    drawers = box(b, (1.8 * x, width, height), (0, y - width / 2, height / 2))
    parts = [box(a, (2 * x, 2 * y, 0.06), (0, 0, height)), drawers]
    count = int(rng.integers(2, 5))
    for i in range(count):
        z = height * (i + 0.5) / count
        parts.append(box(c, (0.05, width * 0.8, height / count * 0.8), (x * 0.92, y - width / 2, z)))
    return [*parts, box(b, (1.8 * x, 0.06, height), (0, -y + 0.05, height / 2))]


def sofa(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, seat = rng.uniform(0.4, 0.55), rng.uniform(0.6, 1.5), rng.uniform(0.3, 0.45)
    power, back, arm = rng.uniform(4, 12), rng.uniform(0.7, 1.1), rng.uniform(0.1, 0.25)
    parts = [round_box(a, (2 * x, 2 * y, seat), (0, 0, seat / 2 + 0.1), power)]
    parts.append(round_box(a, (rng.uniform(0.2, 0.35), 2 * y, back), (-x * 0.9, 0, back / 2 + 0.1), power))
    parts += pair(round_box(a, (2 * x, arm, seat + rng.uniform(0.1, 0.35)), (0, y, seat * 0.75 + 0.1), power))
    count = max(1, round(y * 2))
    for place in (np.arange(count) + 0.5) / count * 2 - 1:
        width = 1.9 * y / count
        parts.append(round_box(b, (1.6 * x, width, 0.18), (0.08, place * (y - arm / 2), seat + 0.15), 5))
    return parts + four_corners(rod(c, (x * 0.8, y * 0.9, 0), (x * 0.8, y * 0.9, 0.15), 0.04))


def bed(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, height = rng.uniform(0.9, 1.1), rng.uniform(0.45, 0.9), rng.uniform(0.2, 0.4)
    parts = [
        box(a, (2 * x, 2 * y, 0.15), (0, 0, height)),
        round_box(b, (1.95 * x, 1.95 * y, 0.25), (0, 0, height + 0.15), 8),
    ]
    head = rng.uniform(0.5, 1.0)
    parts.append(box(a, (0.08, 2 * y, head), (-x, 0, head / 2)))
    parts.append(box(a, (0.08, 2 * y, height + 0.2), (x, 0, height / 2 + 0.1)))
    for place in (-0.5, 0.5) if y > 0.6 else (0.0,):
        parts.append(round_box(c, (0.35, y * 0.8, 0.14), (-x * 0.75, place * y, height + 0.33), 3))
    return parts + four_corners(box(a, (0.08, 0.08, height), (x * 0.95, y * 0.92, height / 2)))


def shelf(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, height = rng.uniform(0.15, 0.4), rng.uniform(0.3, 0.8), rng.uniform(0.8, 2.0)
    count = int(rng.integers(2, 6))
    parts = [box(a, (2 * x, 2 * y, 0.05), (0, 0, z)) for z in np.linspace(0.05, height, count + 1)]
    parts += pair(box(a, (2 * x, 0.05, height), (0, y, height / 2)))
    if rng.random() < 0.6:
        parts.append(box(b, (0.03, 2 * y, height), (-x, 0, height / 2)))
    for level in range(count):
        if rng.random() < 0.4:
            size = rng.uniform(0.3, 0.8) * height / count
            parts.append(box(c, (x, rng.uniform(0.2, 1.2) * y, size), (0, 0, 0.08 + height * level / count + size / 2)))
    return parts


def cabinet(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, height = rng.uniform(0.25, 0.5), rng.uniform(0.3, 0.9), rng.uniform(0.5, 1.8)
    parts = [box(a, (2 * x, 2 * y, height), (0, 0, height / 2 + 0.1))]
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    for z in (np.arange(rows) + 0.5) / rows:
        for p in (np.arange(columns) + 0.5) / columns * 2 - 1:
            parts.append(box(b, (0.05, 1.7 * y / columns, height / rows * 0.85), (x, p * y, 0.1 + z * height)))
            parts.append(ellipsoid(c, (0.03, 0.03, 0.03), (x + 0.04, p * y, 0.1 + z * height), 8))
    return parts + four_corners(box(c, (0.07, 0.07, 0.12), (x * 0.85, y * 0.9, 0.06)))
