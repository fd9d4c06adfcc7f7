"""Houses, towers, castles, trees, rocks, mushrooms, fences, bridges."""

from __future__ import annotations

import numpy as np

from ml.training.shapes.parts import Part, Rng, box, ellipsoid, lathe, pair, palette, prism, rod, rotated, tube


def house(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, wall = rng.uniform(0.4, 0.8), rng.uniform(0.4, 1.0), rng.uniform(0.4, 1.2)
    peak, over = wall + rng.uniform(0.2, 0.7), rng.uniform(0.0, 0.15)
    roof = prism(b, [(x + over, wall), (0, peak), (-x - over, wall)], 2 * y + 2 * over)
    parts = [
        box(a, (2 * x, 2 * y, wall), (0, 0, wall / 2)),
        roof if rng.random() < 0.8 else box(b, (2.2 * x, 2.2 * y, 0.1), (0, 0, wall)),
    ]
    parts.append(box(c, (0.05, 0.25, 0.4), (x, rng.uniform(-0.5, 0.5) * y, 0.2)))
    for level in np.arange(0.35, wall - 0.1, 0.4):
        for place in np.linspace(-0.7, 0.7, int(rng.integers(2, 4))):
            parts.append(box(c, (2 * x + 0.04, 0.18, 0.2), (0, place * y, level + 0.1)))
    if rng.random() < 0.5:
        parts.append(box(a, (0.15, 0.15, 0.5), (x * 0.4, y * rng.uniform(-0.6, 0.6), peak)))
    if rng.random() < 0.3:
        parts.append(box(a, (x, y, wall * 0.6), (x * 1.2, y * 0.4, wall * 0.3)))
    return parts


def tower(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, height, sides = rng.uniform(0.2, 0.4), rng.uniform(1.0, 2.2), int(rng.choice([4, 6, 8, 20]))
    parts = [lathe(a, [r * rng.uniform(1, 1.4), r, r], [0, height * 0.3, height], sides)]
    parts.append(lathe(a, [r, r * 1.25, r * 1.25], [height - 0.15, height, height + 0.15], sides))
    if rng.random() < 0.6:
        parts.append(lathe(b, [r * 1.4, 0.02], [height + 0.15, height + rng.uniform(0.4, 1.0)], sides))
    else:
        for turn in np.arange(8) * np.pi / 4:
            parts.append(box(a, (0.12, 0.12, 0.15), (r * 1.1 * np.cos(turn), r * 1.1 * np.sin(turn), height + 0.2)))
    return [*parts, box(c, (0.1, 0.2, 0.35), (r, 0, 0.2)), box(c, (0.1, 0.1, 0.2), (r * 0.95, 0, height * 0.7))]


def castle(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    x, wall = rng.uniform(0.6, 0.9), rng.uniform(0.4, 0.7)
    parts = [*pair(box(a, (2 * x, 0.15, wall), (0, x, wall / 2))), box(a, (0.15, 2 * x, wall), (x, 0, wall / 2))]
    parts.append(box(a, (0.15, 2 * x, wall), (-x, 0, wall / 2)))
    tall, r = wall * rng.uniform(1.2, 1.9), rng.uniform(0.15, 0.25)
    for px in (x, -x):
        parts += pair(lathe(a, [r, r], [0, tall], 14, (px, x, 0)))
        parts += pair(lathe(b, [r * 1.3, 0.02], [tall, tall + 0.4], 14, (px, x, 0)))
    if rng.random() < 0.6:
        parts.append(box(a, (x * 0.7, x * 0.7, wall * 2), (0, 0, wall)))
    return parts


def tree(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    if rng.random() < 0.6:
        a, b = np.array([0.2, 0.45, 0.15], np.float32) * rng.uniform(0.5, 1.6), np.array([0.4, 0.26, 0.15], np.float32)
    trunk, r = rng.uniform(0.3, 1.0), rng.uniform(0.05, 0.14)
    parts = [rod(b, (0, 0, 0), (0, 0, trunk + 0.3), r, r * 0.6)]
    kind = rng.random()
    if kind < 0.4:
        count, width = int(rng.integers(1, 5)), rng.uniform(0.35, 0.6)
        for i in range(count):
            size, low = width * (1 - 0.6 * i / count), trunk + 0.4 * i
            parts.append(lathe(a, [size, 0.02], [low, low + rng.uniform(0.5, 0.8)], int(rng.choice([6, 8, 16]))))
    elif kind < 0.85:
        for _ in range(int(rng.integers(1, 9))):
            size, at = rng.uniform(0.2, 0.5), rng.normal(0, 0.25, 3) + np.array([0, 0, trunk + 0.5])
            parts.append(ellipsoid(a, (size, size, size * rng.uniform(0.6, 1.2)), tuple(at), 12))
    else:
        for turn in np.arange(7) * 2 * np.pi / 7 + rng.random():
            leaf = np.array([np.cos(turn), np.sin(turn), 0])
            parts.append(
                tube(
                    a,
                    [
                        (0, 0, trunk + 0.3),
                        leaf * 0.35 + [0, 0, trunk + 0.5],
                        leaf * 0.7 + [0, 0, trunk + 0.2],
                    ],
                    [0.05, 0.1, 0.02],
                    6,
                )
            )
    return parts


def rock(rng: Rng) -> list[Part]:
    a, _, _ = palette(rng)
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        part = ellipsoid(
            a, tuple(rng.uniform(0.3, 0.9, 3)), tuple(rng.normal(0, 0.3, 3) * [1, 1, 0.2]), int(rng.choice([6, 8, 14]))
        )
        waves = rng.normal(size=(3, 5)) * 2.5
        bump = 1.0 + 0.1 * np.sin(part.vertices @ waves + rng.uniform(0, 6, 5)).sum(axis=1, keepdims=True) / 2
        parts.append(Part((part.vertices * bump).astype(np.float32), part.faces, a))
    return parts


def mushroom(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    height, r, cap = rng.uniform(0.4, 1.0), rng.uniform(0.1, 0.25), rng.uniform(0.4, 0.8)
    angle = np.linspace(0, np.pi / 2, 8)
    dome = lathe(
        a,
        np.concatenate([[r], cap * np.cos(angle).clip(0.02)]),
        height + np.concatenate([[0.03], cap * rng.uniform(0.4, 1.0) * np.sin(angle)]),
    )
    return [lathe(b, [r * rng.uniform(1, 1.5), r, r * 0.9], [0, height * 0.3, height + 0.05]), dome]


def fence(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    y, height, count = rng.uniform(0.6, 1.2), rng.uniform(0.5, 0.9), int(rng.integers(3, 9))
    width = 2 * y / count * rng.uniform(0.3, 0.8)
    parts = [box(a, (0.06, width, height), (0, place, height / 2)) for place in np.linspace(-y, y, count)]
    return parts + [box(b, (0.05, 2 * y + width, 0.09), (-0.05, 0, height * z)) for z in (0.3, 0.75)]


def bridge(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    length, rise, y = rng.uniform(0.8, 1.2), rng.uniform(0.1, 0.5), rng.uniform(0.2, 0.5)
    x = np.linspace(-1, 1, 9)
    z = 0.3 + rise * (1 - x**2)
    parts: list[Part] = []
    for i in range(8):
        middle = ((x[i] + x[i + 1]) / 2 * length, 0, (z[i] + z[i + 1]) / 2)
        slope = float(np.degrees(np.arctan2(z[i + 1] - z[i], (x[i + 1] - x[i]) * length)))
        parts.append(rotated(box(a, (length / 3.6, 2 * y, 0.08), middle), -slope, "y", middle))
    rail = [(px * length, y, pz + 0.3) for px, pz in zip(x, z, strict=True)]
    parts += pair(tube(b, rail, 0.03))
    for i in range(0, 9, 2):
        parts += pair(rod(b, (x[i] * length, y, z[i]), (x[i] * length, y, z[i] + 0.3), 0.025))
    for px in (-0.9, 0.9):
        parts += pair(box(a, (0.12, 0.12, 0.35), (px * length, y * 0.8, 0.17)))
    return parts
