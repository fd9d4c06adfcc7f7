"""Cars, trucks, buses, aeroplanes, boats, bicycles, trains, helicopters."""

from __future__ import annotations

import numpy as np

from ml.training.materials import random_color
from ml.training.shapes.parts import Part, Rng, arc, box, ellipsoid, pair, palette, prism, rod, round_box, tube, wheel

DARK = np.array([0.08, 0.08, 0.09], np.float32)
"""sRGB, nearly black."""


def _wheels(rng: Rng, x: list[float], y: float, radius: float) -> list[Part]:
    hub, width = random_color(rng), rng.uniform(0.12, 0.25)
    parts: list[Part] = []
    for place in x:
        parts += pair(wheel(DARK, (place, y, radius), radius, width))
        parts += pair(wheel(hub, (place, y + 0.02, radius), radius * 0.55, width))
    return parts


def car(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    length, y, r = rng.uniform(0.9, 1.2), rng.uniform(0.38, 0.5), rng.uniform(0.16, 0.24)
    hood, roof = rng.uniform(0.42, 0.6), rng.uniform(0.7, 1.0)
    low = r * rng.uniform(0.6, 1.0)
    body = [(0, low), (length, low), (length, hood * 0.8), (length * 0.85, hood), (-length, hood), (-length, low)]
    front, back = rng.uniform(0.1, 0.55) * length, -rng.uniform(0.3, 0.98) * length
    slope = rng.uniform(0.1, 0.35)
    cabin = [(0, hood), (front + slope, hood), (front, roof), (back, roof), (max(back - slope, -length), hood)]
    parts = [prism(a, body, 2 * y), prism(b if rng.random() < 0.5 else a, cabin, 1.75 * y)]
    parts.append(prism(DARK, [(x * 0.97 + 0.02, hood + (z - hood) * 0.85) for x, z in cabin], 1.78 * y))
    parts += pair(box(c, (0.05, 0.15, 0.1), (length, y * 0.7, hood * 0.7)))
    if rng.random() < 0.2:
        parts.append(box(c, (0.15, 0.3, 0.1), ((front + back) / 2, 0, roof + 0.05)))
    return parts + _wheels(rng, [-0.6 * length, 0.62 * length], y * 0.93, r)


def truck(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    length, y, r = rng.uniform(0.9, 1.4), rng.uniform(0.35, 0.5), rng.uniform(0.16, 0.26)
    cab, height = rng.uniform(0.3, 0.6), rng.uniform(0.7, 1.1)
    parts = [box(DARK, (2 * length, 1.6 * y, 0.1), (0, 0, r * 1.1))]
    parts.append(round_box(a, (cab, 2 * y, height), (length - cab / 2, 0, r + height / 2), 10))
    parts.append(box(c, (0.03, 1.7 * y, height * 0.35), (length, 0, r + height * 0.7)))
    load, start = rng.uniform(0.3, 1.3), 2 * length - cab - 0.05
    parts.append(box(b, (start, 2 * y, load), (-length + start / 2, 0, r * 1.2 + load / 2)))
    return parts + _wheels(
        rng, [-0.75 * length, -0.4 * length, length - cab / 2][int(rng.integers(0, 2)) :], y * 0.9, r
    )


def bus(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    length, y, height, r = rng.uniform(0.9, 1.5), rng.uniform(0.3, 0.42), rng.uniform(0.6, 1.1), rng.uniform(0.12, 0.2)
    parts = [round_box(a, (2 * length, 2 * y, height), (0, 0, r + height / 2), rng.uniform(6, 16))]
    count, z = int(rng.integers(3, 8)), r + height * 0.65
    for place in (np.arange(count) + 0.5) / count * 2 - 1:
        parts += pair(box(b, (1.5 * length / count, 0.03, height * 0.35), (place * length * 0.93, y, z)))
    parts.append(box(b, (0.03, 1.6 * y, height * 0.4), (length, 0, z)))
    parts.append(box(c, (2 * length * 0.98, 2.03 * y, height * 0.1), (0, 0, r + height * 0.3)))
    return parts + _wheels(rng, [-0.65 * length, 0.65 * length], y * 0.92, r)


def aeroplane(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    length, r, span = rng.uniform(0.8, 1.2), rng.uniform(0.1, 0.22), rng.uniform(0.6, 1.3)
    z, sweep, chord = rng.uniform(0.3, 0.6), rng.uniform(-0.1, 0.5), rng.uniform(0.25, 0.5)
    x = np.array([-1, -0.6, 0, 0.6, 0.9, 1]) * length
    parts = [tube(a, [(step, 0, z) for step in x], r * np.array([0.3, 0.8, 1, 1, 0.6, 0.1]), 14)]
    parts += pair(_wing(b, chord, sweep, span, z))
    parts += pair(_wing(b, chord * 0.5, sweep * 0.5, span * 0.35, z + r * 0.5, -length * 0.85))
    fin = [(-0.75 * length, z), (-length, z), (-length * 1.05, z + 0.4), (-length * 0.9, z + 0.4)]
    parts.append(prism(c, fin, 0.04))
    if rng.random() < 0.5:
        for y in (0.35, 0.6)[: int(rng.integers(1, 3))]:
            parts += pair(rod(c, (-0.1, y * span, z - 0.08), (0.2, y * span, z - 0.08), 0.07))
    else:
        parts.append(box(c, (0.03, 0.06, rng.uniform(0.4, 0.7)), (length * 1.02, 0, z)))
    return parts


def _wing(color: np.ndarray, chord: float, sweep: float, span: float, z: float, x: float = 0.0) -> Part:
    root = [(x - chord / 2, 0, z), (x + chord / 2, 0, z), (x + chord / 2, 0, z + 0.05), (x - chord / 2, 0, z + 0.05)]
    tip = [(px * 0.6 + x * 0.4 - sweep, span, pz + 0.05) for px, _, pz in root]
    part = box(color, (1, 1, 1))
    order = np.array([root[1], tip[1], tip[0], root[0], root[2], tip[2], tip[3], root[3]], np.float32)
    volume = np.einsum("fi,fi->f", order[part.faces][:, 0], np.cross(order[part.faces][:, 1], order[part.faces][:, 2]))
    return Part(order, part.faces if volume.sum() > 0 else part.faces[:, ::-1], color)


def boat(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    length, y, height = rng.uniform(0.8, 1.3), rng.uniform(0.25, 0.45), rng.uniform(0.3, 0.5)
    x = np.linspace(-1, 1, 9)
    hull = tube(
        a, [(step * length, 0, height) for step in x], y * np.sqrt(np.clip(1.02 - np.clip(x, -0.6, 1) ** 2, 0, 1)), 16
    )
    squash = np.where(hull.vertices[:, 2] > height, 0.05, height / y)[:, None]
    vertices = hull.vertices.copy()
    vertices[:, 2:] = height + (vertices[:, 2:] - height) * squash
    parts = [Part(vertices, hull.faces, a)]
    if rng.random() < 0.5:
        tall = rng.uniform(0.9, 1.6)
        parts.append(rod(b, (0, 0, height), (0, 0, height + tall), 0.03))
        parts.append(prism(c, [(-0.05, height + 0.2), (-0.6 * length, height + 0.2), (-0.05, height + tall)], 0.02))
    else:
        parts.append(box(b, (length * 0.7, y * 1.2, 0.3), (-0.2 * length, 0, height + 0.15), 0.9))
        parts.append(rod(c, (-0.3, 0, height + 0.3), (-0.3, 0, height + 0.6), 0.08))
    return parts


def bicycle(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    r, half, t = rng.uniform(0.32, 0.42), rng.uniform(0.5, 0.62), rng.uniform(0.018, 0.035)
    parts = [tube(DARK, arc((s * half, 0, r), (r, r), 0, 360, "xz", 25), t) for s in (1, -1)]
    for s in (1, -1):
        for angle in np.radians(np.arange(0, 180, 45)):
            dx, dz = r * np.cos(angle), r * np.sin(angle)
            parts.append(rod(b, (s * half - dx, 0, r - dz), (s * half + dx, 0, r + dz), t * 0.3, sides=5))
    pedal, seat, head = (
        (-0.05, 0, r * 0.9),
        (-0.2, 0, r + rng.uniform(0.4, 0.55)),
        (half * 0.7, 0, r + rng.uniform(0.4, 0.55)),
    )
    for start, end in ((pedal, seat), (pedal, head), (seat, head), (pedal, (-half, 0, r)), (seat, (-half, 0, r))):
        parts.append(rod(a, start, end, t))
    parts += [
        rod(a, (half, 0, r), (half * 0.66, 0, head[2] + 0.15), t),
        round_box(b, (0.25, 0.1, 0.06), (-0.22, 0, seat[2] + 0.06), 3),
    ]
    return [*parts, rod(b, (half * 0.66, -0.25, head[2] + 0.16), (half * 0.66, 0.25, head[2] + 0.16), t)]


def helicopter(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, length = rng.uniform(0.25, 0.4), rng.uniform(0.8, 1.2)
    parts = [ellipsoid(a, (r * 1.5, r, r), (0.2, 0, 0.5)), tube(a, [(0, 0, 0.55), (-length, 0, 0.65)], [r * 0.4, 0.05])]
    parts += [box(b, (0.12, 0.03, 0.4), (-length, 0, 0.7)), rod(b, (0.1, 0, 0.8), (0.1, 0, 0.98), 0.04)]
    for _ in range(2):
        turn = rng.uniform(0, np.pi)
        out = np.array([np.cos(turn), np.sin(turn), 0]) * length
        parts.append(tube(c, [np.array([0.1, 0, 0.98]) - out, np.array([0.1, 0, 0.98]) + out], 0.03, 6))
    for s in (1, -1):
        parts.append(rod(b, (-0.3, s * r, 0.05), (0.6, s * r, 0.05), 0.03))
        parts += [rod(b, (x, s * r, 0.05), (x, s * r * 0.5, 0.35), 0.02) for x in (0.0, 0.35)]
    return parts


def train_engine(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    length, r = rng.uniform(0.8, 1.2), rng.uniform(0.25, 0.35)
    parts = [
        box(DARK, (2 * length, 2 * r, 0.12), (0, 0, 0.3)),
        rod(a, (-0.2, 0, 0.4 + r), (length, 0, 0.4 + r), r, sides=20),
    ]
    parts.append(box(b, (length * 0.7, 2.2 * r, 1.1), (-length * 0.6, 0, 0.9)))
    parts.append(box(c, (length * 0.85, 2.5 * r, 0.08), (-length * 0.6, 0, 1.48)))
    parts.append(
        rod(c, (length * 0.75, 0, 0.4 + 2 * r), (length * 0.75, 0, 0.8 + 2 * r), 0.08, rng.uniform(0.06, 0.18))
    )
    return parts + _wheels(rng, [-0.7 * length, -0.1 * length, 0.45 * length], r * 0.95, rng.uniform(0.18, 0.26))
