"""Albedo: recolouring, and patterns in three dimensions that are evaluated where a ray meets the surface."""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import numpy as np

from ml.core.images import Floats

MAX_COLORS = 64
"""Distinct new colours that `recolor` draws for one object."""
Pattern = Callable[[Floats], Floats]
"""(N, 3) object positions in about [-1, 1] -> (N,) weight of the second colour in [0, 1]."""


def random_color(rng: np.random.Generator) -> Floats:
    """(3,) sRGB in [0, 1]: mostly muted, sometimes vivid, sometimes nearly black or white."""
    saturation = rng.uniform(0.0, 0.35) if rng.random() < 0.45 else rng.uniform(0.3, 1.0)
    value = rng.choice([rng.uniform(0.05, 0.3), rng.uniform(0.3, 0.8), rng.uniform(0.75, 1.0)], p=[0.2, 0.45, 0.35])
    return np.array(colorsys.hsv_to_rgb(rng.random(), saturation, float(value)), np.float32)


def recolor(colors: Floats, rng: np.random.Generator) -> Floats:
    """(F, 3) sRGB: a random new colour for each distinct colour, or a slight tint over all of them."""
    if rng.random() < 0.4:
        keys, index = np.unique(np.round(colors * 12.0), axis=0, return_inverse=True)
        replacements = np.stack([random_color(rng) for _ in range(min(len(keys), MAX_COLORS))])
        return np.asarray(replacements[index.ravel() % len(replacements)], np.float32)
    tint = rng.uniform(0.8, 1.2, 3) * rng.uniform(0.75, 1.15)
    return np.clip(colors * tint, 0.0, 1.0).astype(np.float32)


def random_pattern(rng: np.random.Generator) -> Pattern:
    """One of: stripes, checks, spots, a height gradient, wood rings, smooth noise."""
    makers = (_stripes, _checks, _spots, _gradient, _rings, _noise, _noise)
    return makers[int(rng.integers(len(makers)))](rng)


def _stripes(rng: np.random.Generator) -> Pattern:
    axis = rng.normal(size=3) if rng.random() < 0.4 else np.eye(3)[rng.integers(3)]
    direction = axis / np.linalg.norm(axis) * rng.uniform(3.0, 14.0)
    width = rng.uniform(-0.6, 0.6)
    return lambda p: (np.sin(p @ direction * np.pi) > width).astype(np.float32)


def _checks(rng: np.random.Generator) -> Pattern:
    frequency = rng.uniform(2.0, 8.0)
    return lambda p: (np.floor(p * frequency).sum(axis=1) % 2).astype(np.float32)


def _spots(rng: np.random.Generator) -> Pattern:
    frequency, size = rng.uniform(2.0, 7.0), rng.uniform(0.2, 0.42)
    return lambda p: (np.linalg.norm(p * frequency % 1.0 - 0.5, axis=1) < size).astype(np.float32)


def _gradient(rng: np.random.Generator) -> Pattern:
    low, high = np.sort(rng.uniform(-1.0, 1.0, 2))
    return lambda p: np.clip((p[:, 2] - low) / max(high - low, 0.05), 0.0, 1.0).astype(np.float32)


def _rings(rng: np.random.Generator) -> Pattern:
    frequency, wave = rng.uniform(6.0, 20.0), _noise(rng)
    return lambda p: (0.5 + 0.5 * np.sin(np.hypot(p[:, 0], p[:, 1] + 0.7) * frequency + 4.0 * wave(p))).astype(
        np.float32
    )


def _noise(rng: np.random.Generator) -> Pattern:
    """Smooth noise: a sum of eight random plane waves."""
    waves = rng.normal(size=(3, 8)) * rng.uniform(1.5, 12.0)
    phases = rng.uniform(0.0, 2.0 * np.pi, 8)
    return lambda p: np.clip(0.5 + np.cos(p @ waves + phases).sum(axis=1) / 5.0, 0.0, 1.0).astype(np.float32)


def paint(base: Floats, points: Floats, rng: np.random.Generator) -> Floats:
    """(N, 3) base colours at (N, 3) object positions, often with a second colour in a pattern on top."""
    color = base
    if rng.random() < 0.35:
        weight = random_pattern(rng)(points)[:, None] * rng.uniform(0.2, 1.0)
        color = color * (1.0 - weight) + random_color(rng) * weight
    if rng.random() < 0.6:
        color = color * (1.0 + rng.uniform(0.02, 0.25) * (_noise(rng)(points * 3.0)[:, None] - 0.5))
    return np.clip(color, 0.0, 1.0).astype(np.float32)
