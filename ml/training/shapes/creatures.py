"""People, four-legged animals, birds, fish, turtles, robots."""

from __future__ import annotations

import numpy as np

from ml.training.shapes.parts import Part, Rng, box, ellipsoid, lathe, pair, palette, rod, round_box, tube

BLACK = np.array([0.04, 0.04, 0.05], np.float32)
"""sRGB, nearly black."""


def quadruped(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    length, r, leg = rng.uniform(0.4, 0.8), rng.uniform(0.18, 0.38), rng.uniform(0.25, 0.8)
    spine = leg + r * 0.8
    body = [(-length, 0, spine), (-length * 0.4, 0, spine), (length * 0.4, 0, spine), (length, 0, spine + 0.05)]
    parts = [
        tube(a, body, r * np.array([0.6, 1, 1, 0.7]), 14),
        ellipsoid(a, (r * 0.7, r * 0.75, r * 0.75), (-length, 0, spine)),
    ]
    for x in (-0.8 * length, 0.8 * length):
        foot = rng.uniform(0.4, 0.9) * r * 0.4
        parts += pair(rod(a, (x, r * 0.6, 0), (x, r * 0.6, spine), foot, r * 0.42))
    neck = rng.uniform(0.05, 0.8) if rng.random() < 0.5 else 0.15
    head = np.array([length + rng.uniform(0.05, 0.35) + r * 0.4, 0, spine + neck + r * 0.3])
    size = rng.uniform(0.5, 0.95) * r
    parts.append(tube(a, [(length * 0.8, 0, spine), head], [r * 0.6, size * 0.6]))
    parts.append(ellipsoid(a, (size * 1.1, size * 0.9, size), tuple(head)))
    snout = rng.uniform(0.4, 1.6) * size
    parts.append(tube(b, [head, head + np.array([snout + size * 0.5, 0, -size * 0.3])], [size * 0.6, size * 0.35]))
    parts += pair(ellipsoid(BLACK, (0.03, 0.03, 0.03), (head[0] + size * 0.8, size * 0.55, head[2] + size * 0.4), 8))
    parts += _ears(rng, b, head, size)
    tail = rng.uniform(-0.5, 0.5)
    parts.append(
        tube(
            c,
            [(-length * 1.05, 0, spine), (-length * 1.3, 0, spine + tail * 0.3), (-length * 1.5, 0, spine + tail)],
            [0.06, 0.05, 0.03],
        )
    )
    return parts


def _ears(rng: Rng, color: np.ndarray, head: np.ndarray, size: float) -> list[Part]:
    kind, length = rng.random(), rng.uniform(0.4, 1.3) * size
    if kind < 0.5:
        tip = head + np.array([-0.1 * size, size * 0.6, size * 0.8 + length])
        return pair(tube(color, [head + np.array([0, size * 0.5, size * 0.6]), tip], [size * 0.3, 0.02], 6))
    flap = (size * 0.2, length * 0.6, length * 0.8) if kind < 0.75 else (size * 0.3, size * 0.3, size * 0.3)
    return pair(ellipsoid(color, flap, tuple(head + np.array([-0.2 * size, size * 0.9, size * 0.5])), 12))


def elephant(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, leg = rng.uniform(0.4, 0.5), rng.uniform(0.35, 0.55)
    z = leg + r * 0.7
    parts = [
        ellipsoid(a, (r * 1.5, r, r), (0, 0, z), 20),
        ellipsoid(a, (r * 0.75, r * 0.65, r * 0.75), (r * 1.6, 0, z + r * 0.35)),
    ]
    for x in (-r, r):
        parts += pair(rod(a, (x, r * 0.55, 0), (x, r * 0.55, z), r * 0.3))
    drop = rng.uniform(0.1, 1.0)
    trunk = [
        (r * 2.1, 0, z + r * 0.2),
        (r * 2.6, 0, z - r * 0.4),
        (r * 2.7, 0, z - r * drop),
        (r * 3.0, 0, z - r * drop * 1.2),
    ]
    parts.append(tube(a, trunk, [r * 0.3, r * 0.24, r * 0.18, r * 0.12]))
    parts += pair(ellipsoid(b, (r * 0.12, r * 0.5, r * 0.6), (r * 1.3, r * 0.9, z + r * 0.3), 14))
    parts += pair(tube(c, [(r * 2, r * 0.3, z), (r * 2.6, r * 0.4, z - r * 0.3)], [0.05, 0.02]))
    return [*parts, tube(a, [(-r * 1.4, 0, z + 0.1), (-r * 1.7, 0, z - 0.2)], [0.05, 0.03])]


def bird(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, tall, z = rng.uniform(0.3, 0.45), rng.uniform(0.9, 1.6), rng.uniform(0.45, 0.75)
    head, size = z + r * tall * rng.uniform(0.8, 1.2), rng.uniform(0.5, 0.9) * r
    parts = [ellipsoid(a, (r, r * 0.9, r * tall), (0, 0, z), 20), ellipsoid(a, (size, size, size), (0.1, 0, head))]
    parts.append(
        tube(
            c,
            [(0.1 + size * 0.8, 0, head), (0.1 + size * rng.uniform(1.3, 2.2), 0, head - 0.04)],
            [size * 0.3, 0.01],
            8,
        )
    )
    parts += pair(ellipsoid(BLACK, (0.05, 0.05, 0.05), (0.08 + size * 0.8, size * 0.45, head + size * 0.3), 8))
    parts += pair(ellipsoid(b, (r * 0.7, r * 0.2, r * tall * 0.75), (-0.05, r * 0.85, z - 0.02), 14))
    parts += pair(rod(c, (0.05, r * 0.4, 0), (0, r * 0.4, z - r * 0.5), 0.04))
    parts += pair(ellipsoid(c, (0.12, 0.08, 0.04), (0.1, r * 0.4, 0.03), 8))
    return [*parts, box(b, (r * 1.2, r * 0.8, 0.05), (-r * 1.2, 0, z - r * tall * 0.5))]


def fish(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    length, y, z = rng.uniform(0.7, 1.0), rng.uniform(0.12, 0.3), rng.uniform(0.2, 0.5)
    parts = [ellipsoid(a, (length, y, z), (0, 0, 0), 20)]
    parts.append(ellipsoid(b, (0.22, 0.03, z * rng.uniform(0.6, 1.2)), (-length * 1.05, 0, 0), 12))
    parts.append(ellipsoid(b, (length * 0.4, 0.03, z * 0.6), (0, 0, z * 0.9), 12))
    parts += pair(ellipsoid(b, (0.2, 0.12, 0.04), (0.1, y * 1.2, -z * 0.3), 10))
    return parts + pair(ellipsoid(BLACK, (0.05, 0.05, 0.05), (length * 0.75, y * 0.6, z * 0.2), 8))


def turtle(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    x, y, z = rng.uniform(0.5, 0.7), rng.uniform(0.4, 0.6), rng.uniform(0.2, 0.4)
    shell = lathe(a, np.cos(np.linspace(0, np.pi / 2, 8)).clip(0.02), np.sin(np.linspace(0, np.pi / 2, 8)))
    parts = [Part((shell.vertices * np.array([x, y, z]) + [0, 0, 0.2]).astype(np.float32), shell.faces, a)]
    parts += [
        ellipsoid(b, (x * 0.95, y * 0.95, 0.1), (0, 0, 0.2)),
        tube(b, [(x * 0.8, 0, 0.22), (x * 1.25, 0, 0.32)], 0.09),
    ]
    parts.append(ellipsoid(b, (0.17, 0.13, 0.12), (x * 1.35, 0, 0.35), 12))
    reach = rng.uniform(0.1, 0.45)
    for side in (0.65, -0.65):
        parts += pair(
            ellipsoid(b, (0.12 + 0.2 * reach, 0.1 + reach, 0.06), (side * x, y * (0.9 + reach * 0.4), 0.12), 12)
        )
    return parts


def person(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    skin = palette(rng, 1)[0] if rng.random() < 0.4 else np.array([0.85, 0.65, 0.5], np.float32) * rng.uniform(0.4, 1.1)
    big, wide = rng.uniform(0.7, 2.0), rng.uniform(0.8, 1.3)
    hip, chest = rng.uniform(0.6, 0.9), rng.uniform(1.25, 1.45)
    stride, spread = rng.uniform(-0.2, 0.2), rng.uniform(0.05, 0.9)
    parts = [round_box(a, (0.26 * wide, 0.45 * wide, chest - hip + 0.1), (0, 0, (hip + chest) / 2), 4)]
    for side in (1, -1):
        parts.append(
            rod(b, (stride * side, side * 0.14 * wide, 0), (0, side * 0.11 * wide, hip), 0.08 * wide, 0.1 * wide)
        )
        parts.append(ellipsoid(c, (0.14, 0.08, 0.06), (stride * side + 0.05, side * 0.14 * wide, 0.05), 10))
        out, drop = np.sin(spread), np.cos(spread)
        hand = (-stride * side, side * (0.24 * wide + 0.55 * out), chest - 0.08 - 0.55 * drop)
        parts.append(rod(a, hand, (0, side * 0.24 * wide, chest - 0.06), 0.06))
        parts.append(ellipsoid(skin, (0.07, 0.07, 0.07), hand, 10))
    head = 0.13 * big
    parts += [
        rod(skin, (0, 0, chest), (0, 0, chest + 0.1), 0.06),
        ellipsoid(skin, (head, head * 0.9, head * 1.15), (0.01, 0, chest + 0.08 + head)),
    ]
    if rng.random() < 0.7:
        parts.append(ellipsoid(c, (head * 1.05, head, head * 0.9), (-0.03, 0, chest + 0.12 + head * 1.3), 14))
    return parts


def robot(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, z = rng.uniform(0.2, 0.4), rng.uniform(0.25, 0.45), rng.uniform(0.3, 0.5)
    leg = rng.uniform(0.2, 0.7)
    parts = [round_box(a, (2 * x, 2 * y, 2 * z), (0, 0, leg + z), rng.uniform(4, 16))]
    head = rng.uniform(0.5, 1.1)
    top = leg + 2 * z
    parts.append(
        round_box(
            b, (1.6 * x * head, 1.6 * y * head, 0.9 * z * head), (0, 0, top + 0.5 * z * head + 0.05), rng.uniform(3, 14)
        )
    )
    eye = (x * 0.8 * head, y * 0.35 * head, top + 0.55 * z * head)
    parts += pair(ellipsoid(c, (0.05, 0.08 * head, 0.08 * head), eye, 10))
    if rng.random() < 0.5:
        parts += [
            rod(b, (0, 0, top + 0.8 * z), (0, 0, top + z * head + 0.3), 0.02),
            ellipsoid(c, (0.05,) * 3, (0, 0, top + z * head + 0.3), 8),
        ]
    arm, forward = rng.uniform(0.3, 0.7), rng.uniform(0, 0.4)
    parts += pair(tube(b, [(0, y, top - 0.1), (0, y * 1.35, top - 0.15), (forward, y * 1.4, top - arm)], 0.07))
    parts += pair(ellipsoid(c, (0.1, 0.1, 0.1), (forward, y * 1.4, top - arm), 10))
    parts += pair(rod(b, (0, y * 0.5, 0.05), (0, y * 0.5, leg), 0.1))
    return parts + pair(box(c, (0.4, 0.25, 0.12), (0.06, y * 0.5, 0.06)))


def teddy(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    r, head = rng.uniform(0.35, 0.5), rng.uniform(0.25, 0.4)
    top = r * 1.9 + head * 0.7
    parts = [
        ellipsoid(a, (r * 0.9, r, r * 1.1), (0, 0, r), 20),
        ellipsoid(b, (r * 0.5, r * 0.6, r * 0.7), (r * 0.5, 0, r)),
    ]
    parts += [
        ellipsoid(a, (head, head * 1.1, head), (0, 0, top), 20),
        ellipsoid(b, (head * 0.5, head * 0.45, head * 0.4), (head * 0.8, 0, top - 0.05)),
    ]
    parts += pair(ellipsoid(a, (0.08, 0.13, 0.13), (0, head * 0.85, top + head * 0.8), 12))
    parts += pair(ellipsoid(BLACK, (0.04, 0.04, 0.04), (head * 0.85, head * 0.4, top + head * 0.3), 8))
    parts += pair(tube(a, [(0, r * 0.8, r * 1.6), (r * 0.5, r * 1.3, r * rng.uniform(0.8, 1.8))], [0.15, 0.12]))
    return parts + pair(tube(a, [(0.1, r * 0.6, 0.15), (r * rng.uniform(0.8, 1.7), r * 0.8, 0.14)], [0.18, 0.15]))
