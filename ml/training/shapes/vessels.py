"""Bodies of revolution: vases, bottles, cups, teapots, bowls, pots, barrels."""

from __future__ import annotations

import numpy as np

from ml.training.shapes.parts import Part, Rng, arc, box, ellipsoid, lathe, palette, rod, tube


def _profile(rng: Rng, count: int = 14) -> tuple[np.ndarray, np.ndarray]:
    """A smooth random profile from the foot to the rim; height 1 to 2.5."""
    height = np.linspace(0.0, 1.0, count)
    knots = rng.uniform(0.2, 0.6, 5)
    radius = np.interp(height, np.linspace(0, 1, 5), knots)
    radius = np.convolve(np.pad(radius, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return radius, height * rng.uniform(0.7, 2.5)


def hollow(color: np.ndarray, radius: np.ndarray, height: np.ndarray, wall: float = 0.05) -> Part:
    """A body of revolution that is open at the top, with a wall of this thickness."""
    inner = np.maximum(radius - wall, 0.02)
    depth = np.maximum(height, height[0] + wall)
    return lathe(color, np.concatenate([radius, inner[::-1]]), np.concatenate([height, depth[::-1]]), 28)


def vase(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    radius, height = _profile(rng)
    parts = [hollow(a, radius, height)]
    if rng.random() < 0.25:
        low, high = height[-1] * 0.45, height[-1] * 0.85
        reach = float(radius.max()) + rng.uniform(0.1, 0.25)
        for side in (1, -1):
            path = [(0, side * 0.25, low), (0, side * reach, (low + high) / 2), (0, side * 0.25, high)]
            parts.append(tube(b, path, 0.04))
    return parts


def turned_body(rng: Rng) -> list[Part]:
    """Any closed lathe work: chess pieces, urns, spindles."""
    a, b, _ = palette(rng)
    radius, height = _profile(rng, int(rng.integers(6, 24)))
    radius = np.maximum(radius * rng.uniform(0.4, 1.6, len(radius)) ** rng.uniform(0, 1), 0.05)
    top = float(height[-1])
    parts = [lathe(a, radius, height, int(rng.choice([6, 8, 24])))]
    return [*parts, ellipsoid(b, (0.2, 0.2, rng.uniform(0.1, 0.3)), (0, 0, top))] if rng.random() < 0.5 else parts


def bottle(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, neck, height = rng.uniform(0.2, 0.4), rng.uniform(0.06, 0.16), rng.uniform(1.0, 1.8)
    shoulder = rng.uniform(0.5, 0.8) * height
    radius = [r * 0.9, r, r, r * 0.8, neck, neck]
    heights = [0, 0.04, shoulder, shoulder + 0.12, shoulder + rng.uniform(0.2, 0.35), height]
    parts = [lathe(a, radius, np.sort(heights))]
    parts.append(lathe(b, [neck * 1.2] * 2, [height - 0.02, height + rng.uniform(0.05, 0.2)]))
    if rng.random() < 0.6:
        parts.append(lathe(c, [r * 1.01] * 2, np.sort(rng.uniform(0.1, 0.95, 2)) * shoulder))
    return parts


def spray_bottle(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    body = bottle(rng)[0]
    flat = np.array([rng.uniform(0.5, 0.8), 1, 1], np.float32)
    top = float(body.vertices[:, 2].max())
    head = box(b, (rng.uniform(0.3, 0.55), 0.16, 0.18), (0.1, 0, top + 0.1), 0.8)
    trigger = tube(b, [(0.2, 0, top + 0.05), (0.28, 0, top - 0.12), (0.22, 0, top - 0.25)], 0.035)
    return [Part(body.vertices * flat, body.faces, a), head, trigger]


def cup(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, height, flare = rng.uniform(0.3, 0.55), rng.uniform(0.5, 1.2), rng.uniform(0.6, 1.1)
    radius = np.array([flare * r, r * (1 + flare) / 2, r])
    parts = [hollow(a, radius, np.array([0, height / 2, height]), 0.05)]
    parts.append(lathe(c, [r * flare * 0.85] * 2, [0.05, height * rng.uniform(0.5, 0.9)]))
    if rng.random() < 0.65:
        middle, size = height * rng.uniform(0.45, 0.6), height * rng.uniform(0.2, 0.35)
        loop = arc((0, r * (1 + flare) / 2 - 0.05, middle), (size * 1.1, size), -90, 90, "yz")
        parts.append(tube(b, loop, rng.uniform(0.035, 0.07)))
    if rng.random() < 0.25:
        parts.append(lathe(b, [r * 0.5, r * 1.8, r * 1.9], [-0.08, -0.04, 0.02]))
    return parts


def teapot(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    r, squash = rng.uniform(0.45, 0.6), rng.uniform(0.7, 1.1)
    parts = [ellipsoid(a, (r, r, r * squash), (0, 0, r * squash), 24)]
    top, middle = 2 * r * squash, r * squash
    parts += [
        lathe(b, [r * 0.45, r * 0.3, 0.02], [top * 0.96, top * 1.02, top * 1.08]),
        ellipsoid(b, (0.07, 0.07, 0.07), (0, 0, top * 1.12), 10),
    ]
    tip = top * rng.uniform(0.8, 1.15)
    spout = [(0, r * 0.8, middle * 0.8), (0, r * 1.25, middle), (0, r * 1.4, (middle + tip) / 2), (0, r * 1.65, tip)]
    parts.append(tube(a, spout, [0.14, 0.1, 0.08, 0.06]))
    loop = arc((0, -r * 0.85, middle * 1.05), (r * rng.uniform(0.4, 0.8), middle * 0.6), 90, 270, "yz")
    return [*parts, tube(b, loop, rng.uniform(0.035, 0.06))]


def bowl(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, height = rng.uniform(0.6, 1.0), rng.uniform(0.2, 0.7)
    angle = np.linspace(0.25, 1.0, 8)
    parts = [hollow(a, r * np.sin(angle * np.pi / 2), height * (1 - np.cos(angle * np.pi / 2)), 0.06)]
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(2, 7))):
            size, place = rng.uniform(0.12, 0.3) * r, rng.normal(0, 0.3, 2) * r
            parts.append(ellipsoid(b if rng.random() < 0.5 else c, (size, size, size), (*place, height * 0.8), 12))
    return parts


def barrel(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    r, height, belly = rng.uniform(0.3, 0.6), rng.uniform(0.6, 1.4), rng.uniform(1.0, 1.3)
    z = np.linspace(0, 1, 9)
    radius = r * (1 + (belly - 1) * np.sin(z * np.pi))
    parts = [lathe(a, radius, z * height, int(rng.choice([8, 12, 24])))]
    for level in (0.15, 0.85, 0.5)[: int(rng.integers(0, 4))]:
        ring = r * (1 + (belly - 1) * np.sin(level * np.pi)) * 1.03
        parts.append(lathe(b, [ring, ring], [level * height - 0.04, level * height + 0.04]))
    return parts


def plant_pot(rng: Rng) -> list[Part]:
    a, b, c = palette(rng)
    r, height = rng.uniform(0.25, 0.5), rng.uniform(0.35, 0.8)
    parts = [lathe(a, [r * 0.7, r, r * 1.1, r * 1.1], [0, height * 0.85, height * 0.86, height])]
    for _ in range(int(rng.integers(3, 14))):
        turn, lean, length = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.9), rng.uniform(0.4, 1.3)
        out = np.array([np.cos(turn), np.sin(turn)]) * lean * length
        tip = (*out, height + length * (1 - 0.4 * lean))
        middle = (*(out * 0.4), height + length * 0.6)
        parts.append(tube(b, [(0, 0, height * 0.9), middle, tip], [0.03, rng.uniform(0.03, 0.12), 0.01], 6))
        if rng.random() < 0.3:
            parts.append(ellipsoid(c, (0.1, 0.1, 0.08), tip, 8))
    return parts


def bucket(rng: Rng) -> list[Part]:
    a, b, _ = palette(rng)
    r, height = rng.uniform(0.4, 0.6), rng.uniform(0.6, 1.1)
    parts = [hollow(a, np.array([r * rng.uniform(0.6, 0.9), r]), np.array([0, height]))]
    if rng.random() < 0.5:
        parts.append(tube(b, arc((0, 0, height * 0.95), (r, r * rng.uniform(0.4, 1.1)), 0, 180, "yz"), 0.03))
    else:
        parts += [rod(b, (0, s * r * 0.95, height * 0.9), (0, s * r * 1.2, height * 0.9), 0.05) for s in (1, -1)]
    return parts
