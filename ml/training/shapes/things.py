"""Lamps, shoes, bags, tools, instruments, food, hydrants, hats, screens, and compositions without a name."""

from __future__ import annotations

import numpy as np

from ml.training.shapes.parts import (
    Part,
    Rng,
    arc,
    box,
    ellipsoid,
    four_corners,
    lathe,
    pair,
    palette,
    prism,
    rod,
    rotated,
    round_box,
    tube,
)


def floor_lamp(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    height, r, shade = rng.uniform(0.4, 1.8), rng.uniform(0.18, 0.45), rng.uniform(0.25, 0.5)
    parts = [
        lathe(a, [r, r, 0.05], [0, 0.05, 0.1]),
        rod(a, (0, 0, 0.05), (0, 0, height + 0.1), rng.uniform(0.02, 0.08)),
    ]
    if rng.random() < 0.3:
        parts.append(ellipsoid(b, (r * 0.7, r * 0.7, height * 0.45), (0, 0, height * 0.5)))
    parts.append(lathe(c, [r * rng.uniform(0.9, 1.6), r * rng.uniform(0.4, 1.2)], [height, height + shade]))
    return parts


def desk_lamp(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, one, two = rng.uniform(0.2, 0.32), rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.7)
    bend, lean = np.radians(rng.uniform(100, 140)), np.radians(rng.uniform(10, 50))
    elbow = np.array([one * np.cos(bend), 0, one * np.sin(bend) + 0.08])
    head = elbow + np.array([two * np.cos(lean), 0, two * np.sin(lean)])
    parts = [lathe(a, [r, r, 0.08], [0, 0.05, 0.09]), rod(b, (0, 0, 0.05), elbow, 0.03), rod(b, elbow, head, 0.03)]
    shade = rotated(lathe(c, [rng.uniform(0.18, 0.3), 0.07], [-0.25, 0.05]), -rng.uniform(20, 60), "y")
    return [
        *parts,
        ellipsoid(b, (0.05,) * 3, tuple(elbow), 8),
        Part((shade.vertices + head).astype(np.float32), shade.faces, c),
    ]


def shoe(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    y, ankle, heel = rng.uniform(0.16, 0.22), rng.uniform(0.25, 0.8), rng.uniform(0.05, 0.12)
    sole = round_box(b, (1.2, 2.1 * y, heel * 1.5), (0, 0, heel * 0.75), 4)
    parts = [sole, ellipsoid(a, (0.55, y, 0.22), (0.05, 0, heel + 0.1), 18)]
    parts.append(tube(a, [(-0.3, 0, heel), (-0.33, 0, heel + ankle)], [y * 1.05, y * 0.9], 14))
    parts.append(tube(a, [(-0.3, 0, heel + ankle * 0.6), (0.3, 0, heel + 0.15)], [y * 0.95, y * 0.8], 12))
    for x in np.linspace(-0.05, 0.22, int(rng.integers(0, 5))):
        parts.append(rod(c, (x, -y * 0.6, heel + 0.36 - 0.5 * x), (x, y * 0.6, heel + 0.36 - 0.5 * x), 0.02))
    return parts


def backpack(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, z = rng.uniform(0.18, 0.3), rng.uniform(0.3, 0.42), rng.uniform(0.45, 0.6)
    parts = [round_box(a, (2 * x, 2 * y, 2 * z), (0, 0, z), rng.uniform(3, 7))]
    parts.append(round_box(b, (x, 1.5 * y, z * rng.uniform(0.6, 1.0)), (x, 0, z * 0.55), rng.uniform(3, 8)))
    if rng.random() < 0.6:
        parts.append(round_box(b, (1.7 * x, 1.8 * y, 0.3 * z), (0.1 * x, 0, 1.85 * z), 4))
    parts += pair(tube(c, arc((-x, y * 0.55, z), (x * rng.uniform(0.5, 1.0), z * 0.8), 100, 260, "xz"), 0.04))
    parts.append(tube(c, arc((-x * 0.5, 0, 2 * z), (y * 0.25, 0.12), 0, 180, "yz"), 0.025))
    return parts + (pair(ellipsoid(b, (x * 0.6, 0.1, z * 0.4), (0, y, z * 0.45), 12)) if rng.random() < 0.4 else [])


def hydrant(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    r, height = rng.uniform(0.18, 0.26), rng.uniform(0.7, 1.0)
    radius = r * np.array([1.5, 1.5, 1, 1, 1.25, 1.25, 1.1, 0.6, 0.05])
    z = height * np.array([0, 0.08, 0.09, 0.75, 0.76, 0.82, 0.9, 1.0, 1.04])
    parts = [lathe(a, radius, z), lathe(b, [0.06, 0.06], [height, height * 1.1], 6)]
    level, reach = height * rng.uniform(0.5, 0.65), r * rng.uniform(1.4, 1.9)
    parts += pair(rod(a, (0, 0, level), (0, reach, level), r * 0.5)) + pair(
        rod(b, (0, reach, level), (0, reach * 1.15, level), r * 0.55)
    )
    return [
        *parts,
        rod(a, (0, 0, level * 0.9), (reach, 0, level * 0.9), r * 0.6),
        rod(b, (reach, 0, level * 0.9), (reach * 1.15, 0, level * 0.9), r * 0.66),
    ]


def tool(rng: Rng) -> list[Part]:
    """A hammer, axe, sword, spoon or screwdriver, upright or lying."""
    a, b, c = palette(rng)
    length, r, kind = rng.uniform(0.7, 1.3), rng.uniform(0.03, 0.06), int(rng.integers(5))
    parts = [rod(a, (0, 0, 0), (0, 0, length), r, r * rng.uniform(0.8, 1.2))]
    if kind == 0:
        parts.append(box(b, (rng.uniform(0.3, 0.5), 0.14, 0.14), (0, 0, length)))
    elif kind == 1:
        parts.append(
            prism(
                b,
                [(0, length - 0.15), (0.3, length - 0.25), (0.36, length), (0.3, length + 0.22), (0, length + 0.1)],
                0.06,
            )
        )
    elif kind == 2:
        parts += [
            box(b, (0.03, 0.12, length * 2), (0, 0, length * 1.3 + 0.3), 0.5),
            box(c, (0.07, 0.5, 0.07), (0, 0, length * 0.35)),
        ]
    elif kind == 3:
        parts.append(ellipsoid(b, (0.06, 0.18, 0.26), (0, 0, length + 0.2)))
    else:
        parts += [rod(c, (0, 0, -0.4), (0, 0, 0.1), r * 2.2), box(b, (0.02, 0.09, 0.1), (0, 0, length))]
    return [rotated(part, 90, "y") for part in parts] if rng.random() < 0.35 else parts


def guitar(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    low, high, thick = rng.uniform(0.35, 0.45), rng.uniform(0.25, 0.34), rng.uniform(0.06, 0.14)
    parts = [
        ellipsoid(a, (thick, low, low * 0.95), (0, 0, low), 20),
        ellipsoid(a, (thick, high, high), (0, 0, low * 1.75), 20),
    ]
    top = low * 2 + rng.uniform(0.9, 1.2)
    parts += [
        box(b, (0.05, 0.09, top - low), (thick * 0.8, 0, (top + low) / 2)),
        box(b, (0.05, 0.15, 0.25), (thick * 0.7, 0, top + 0.1)),
    ]
    return [
        *parts,
        ellipsoid(c, (0.02, 0.11, 0.11), (thick, 0, low * 1.45), 14),
        box(c, (0.04, 0.25, 0.04), (thick, 0, low * 0.8)),
    ]


def burger(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, z = rng.uniform(0.5, 0.65), 0.0
    parts = [lathe(a, [r * 0.9, r, r], [0, 0.05, 0.15])]
    z = 0.15
    for _ in range(int(rng.integers(2, 6))):
        thick, color = rng.uniform(0.04, 0.14), [b, c, *palette(rng, 2)][int(rng.integers(4))]
        size = r * rng.uniform(0.9, 1.12)
        layer = lathe(
            color, [size * 0.97, size, size * 0.97], [z, z + thick / 2, z + thick], int(rng.choice([4, 16, 24]))
        )
        parts, z = [*parts, layer], z + thick
    angle = np.linspace(0, np.pi / 2, 7)
    return [*parts, lathe(a, r * np.cos(angle).clip(0.02), z + rng.uniform(0.2, 0.5) * np.sin(angle))]


def fruit(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 14)
    pear = 1.0 + rng.uniform(-0.4, 0.4) * np.sin(angle)
    parts = [lathe(a, np.maximum(np.cos(angle) * pear, 0.02), np.sin(angle) * rng.uniform(0.7, 1.4))]
    top = float(parts[0].vertices[:, 2].max())
    parts.append(tube(b, [(0, 0, top - 0.1), (0.03, 0, top + 0.15), (0.1, 0, top + 0.3)], 0.05, 6))
    return [*parts, ellipsoid(c, (0.25, 0.12, 0.03), (0.25, 0, top + 0.15), 10)] if rng.random() < 0.5 else parts


def cake(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, z = rng.uniform(0.5, 0.8), 0.0
    parts = [lathe(c, [r * 1.2, r * 1.25], [-0.05, 0.0])]
    for _ in range(int(rng.integers(1, 4))):
        tall = rng.uniform(0.2, 0.4)
        parts += [lathe(a, [r, r], [z, z + tall], 28), lathe(b, [r * 1.02, r * 1.02], [z + tall * 0.8, z + tall], 28)]
        r, z = r * rng.uniform(0.6, 0.85), z + tall
    for turn in np.arange(int(rng.integers(0, 8))) * 0.9:
        at = (r * 0.8 * np.cos(turn), r * 0.8 * np.sin(turn))
        parts.append(rod(c, (*at, z), (*at, z + 0.2), 0.03))
    return parts


def hat(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    brim, r, tall = rng.uniform(0.5, 1.0), rng.uniform(0.3, 0.45), rng.uniform(0.2, 0.9)
    top = r * rng.choice([0.05, 0.6, 0.9, 1.0])
    return [
        lathe(a, [brim, brim, r], [0, 0.04, 0.08]),
        lathe(a, [r, (r + top) / 2 * 1.05, top], [0.05, tall * 0.6, tall]),
        lathe(b, [r * 1.03, r * 1.01], [0.06, 0.16]),
    ]


def screen(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    y, z, thick = rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.6), rng.uniform(0.04, 0.5)
    low = rng.uniform(0.1, 0.35)
    parts = [box(a, (thick, 2 * y, 2 * z), (0, 0, low + z)), box(b, (0.03, 1.85 * y, 1.8 * z), (thick / 2, 0, low + z))]
    return [
        *parts,
        box(c, (0.08, 0.15, low + 0.1), (-thick / 3, 0, low / 2 + 0.05)),
        box(c, (0.35, y * rng.uniform(0.4, 1.0), 0.05), (0, 0, 0.02)),
    ]


def laptop(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    x, y, thick, lean = rng.uniform(0.35, 0.5), rng.uniform(0.5, 0.7), rng.uniform(0.02, 0.05), rng.uniform(-5, 40)
    lid = [
        box(a, (thick, 2 * y, 2 * x), (-x, 0, x + thick)),
        box(b, (0.01, 1.85 * y, 1.8 * x), (-x + thick / 2, 0, x + thick)),
    ]
    parts = [box(a, (2 * x, 2 * y, thick * 1.5), (0, 0, 0)), box(c, (x, 1.8 * y, 0.02), (-0.2 * x, 0, thick * 0.8))]
    return parts + [rotated(part, -lean, "y", (-x, 0, 0)) for part in lid]


def camera(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    y, z, x = rng.uniform(0.4, 0.6), rng.uniform(0.28, 0.4), rng.uniform(0.15, 0.25)
    lens, r = rng.uniform(0.15, 0.7), rng.uniform(0.18, 0.28)
    parts = [
        round_box(a, (2 * x, 2 * y, 2 * z), (0, 0, z), 10),
        rod(b, (0, 0, z), (x + lens, 0, z), r, r * rng.uniform(0.8, 1.1), 20),
    ]
    parts += [
        rod(c, (x + lens, 0, z), (x + lens + 0.02, 0, z), r * 0.8, sides=20),
        box(a, (1.4 * x, 0.5 * y, 0.2), (0, 0, 2 * z + 0.08), 0.7),
    ]
    return [*parts, rod(c, (0, y * 0.7, 2 * z), (0, y * 0.7, 2 * z + 0.07), 0.08)]


def chest(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    x, y, z = rng.uniform(0.3, 0.5), rng.uniform(0.4, 0.8), rng.uniform(0.25, 0.5)
    angle = np.linspace(0, np.pi, 9)
    lid = prism(a, np.stack([x * np.cos(angle), 2 * z + x * rng.uniform(0.3, 1) * np.sin(angle)], -1), 2 * y)
    if rng.random() < 0.3:
        lid = rotated(lid, -rng.uniform(20, 80), "y", (-x, 0, 2 * z))
    parts = [box(a, (2 * x, 2 * y, 2 * z), (0, 0, z)), lid, box(b, (0.06, 0.15, 0.2), (x, 0, 2 * z))]
    return parts + pair(box(b, (2.06 * x, 0.06, 2 * z), (0, y * 0.8, z)))


def sign(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    height, y, z = rng.uniform(0.6, 1.5), rng.uniform(0.25, 0.7), rng.uniform(0.2, 0.5)
    board = rod(b, (0.03, 0, height), (0.09, 0, height), z, sides=int(rng.choice([3, 4, 6, 8, 20])))
    parts = [
        rod(a, (0, 0, 0), (0, 0, height + z * 0.5), 0.04),
        board if rng.random() < 0.5 else box(b, (0.06, 2 * y, 2 * z), (0.05, 0, height)),
    ]
    return [*parts, lathe(c, [0.2, 0.15], [0, 0.06])] if rng.random() < 0.5 else parts


def composition(rng: Rng) -> list[Part]:
    """Random primitives with random symmetries, for objects that no family covers."""
    colors = palette(rng, 4)
    parts: list[Part] = [_random_part(rng, colors[0], 0.5, (0, 0, 0))]
    for _ in range(int(rng.integers(1, 6))):
        at = rng.normal(0, 0.4, 3)
        part = _random_part(rng, colors[int(rng.integers(4))], rng.uniform(0.1, 0.4), tuple(at))
        parts += [[part], pair(part), pair(part), four_corners(part)][int(rng.integers(4))]
    return parts


def _random_part(rng: Rng, color: np.ndarray, size: float, at: tuple[float, ...]) -> Part:
    lengths = size * rng.uniform(0.4, 1.8, 3)
    kind = int(rng.integers(5))
    if kind == 0:
        part = box(color, tuple(lengths), at, rng.uniform(0.3, 1.0))
    elif kind == 1:
        part = ellipsoid(color, tuple(lengths * 0.6), at)
    elif kind == 2:
        part = round_box(color, tuple(lengths * 1.2), at, rng.uniform(2.5, 8))
    elif kind == 3:
        part = lathe(color, size * rng.uniform(0.2, 0.8, 4), np.linspace(0, lengths[2] * 1.5, 4), 18, at)
    else:
        path = np.array(at) + np.cumsum(rng.normal(0, size * 0.7, (4, 3)), axis=0)
        part = tube(color, path, size * rng.uniform(0.1, 0.25))
    return rotated(part, rng.choice([0, 90, rng.uniform(0, 180)]), str(rng.choice(["x", "y", "z"])), at)
