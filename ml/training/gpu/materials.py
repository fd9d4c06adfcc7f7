"""Albedo on the device: random colours, recolouring, and patterns in three dimensions; see `ml.training.materials`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

PATTERNS = 6
"""Stripes, checks, spots, height gradient, wood rings, soft noise."""
WAVES = 8
"""Plane waves whose sum is the soft noise."""
Uniform = Callable[[tuple[int, ...], float, float], Tensor]


def uniform_on(random: torch.Generator) -> Uniform:
    """`uniform(shape, low, high)` on the generator's device."""

    def uniform(shape: tuple[int, ...], low: float, high: float) -> Tensor:
        return torch.rand(shape, generator=random, device=random.device) * (high - low) + low

    return uniform


def chance(share: float, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """True with probability `share`, drawn anew for each element."""
    return torch.rand(shape, generator=random, device=random.device) < share


def choice(shares: Sequence[float], count: int, random: torch.Generator) -> Tensor:
    """(count,) int64: numbers drawn with these probabilities."""
    weights = torch.tensor(shares, device=random.device)
    return torch.multinomial(weights, count, replacement=True, generator=random)


def random_colors(count: int, random: torch.Generator) -> Tensor:
    """(count, 3) sRGB: mostly muted, sometimes vivid, sometimes nearly black or white."""
    uniform = uniform_on(random)
    muted = uniform((count,), 0.0, 1.0) < 0.45
    saturation = torch.where(muted, uniform((count,), 0.0, 0.35), uniform((count,), 0.3, 1.0))
    ranges = torch.tensor([[0.05, 0.3], [0.3, 0.8], [0.75, 1.0]], device=random.device)
    low, high = ranges[choice((0.2, 0.45, 0.35), count, random)].unbind(dim=1)
    value = low + (high - low) * uniform((count,), 0.0, 1.0)
    return from_hsv(uniform((count,), 0.0, 1.0), saturation, value)


def from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """(N,) each in [0, 1] -> (N, 3) RGB (the usual hexcone: Smith 1978)."""
    sector = torch.stack([(hue * 6.0 + shift) % 6.0 for shift in (5.0, 3.0, 1.0)], dim=1)
    ramp = torch.minimum(sector, 4.0 - sector).clamp(0.0, 1.0)
    return value[:, None] * (1.0 - saturation[:, None] * ramp)


def recolored(colors: Tensor, random: torch.Generator) -> Tensor:
    """(B, F, 3) sRGB: new colours for the distinct ones of two fifths of the objects, a gentle cast for the others."""
    batch, uniform = len(colors), uniform_on(random)
    keys = ((colors * 12.0).round().long() * torch.tensor([1, 17, 289], device=colors.device)).sum(-1) % 61
    fresh = random_colors(batch * 61, random).view(batch, 61, 3)
    replaced = fresh.gather(1, keys[..., None].expand(-1, -1, 3))
    cast = uniform((batch, 1, 3), 0.8, 1.2) * uniform((batch, 1, 1), 0.75, 1.15)
    return torch.where(uniform((batch, 1, 1), 0.0, 1.0) < 0.4, replaced, (colors * cast).clamp(0.0, 1.0))


def paint(base: Tensor, points: Tensor, random: torch.Generator) -> Tensor:
    """(B, N, 3) base colours at (B, N, 3) object positions, often with a second colour in a pattern, and noise."""
    batch, uniform = len(base), uniform_on(random)
    weight = patterns(points, random)[..., None] * uniform((batch, 1, 1), 0.2, 1.0)
    weight = weight * (uniform((batch, 1, 1), 0.0, 1.0) < 0.35)
    color = base * (1.0 - weight) + random_colors(batch, random)[:, None] * weight
    strength = uniform((batch, 1, 1), 0.02, 0.25) * (uniform((batch, 1, 1), 0.0, 1.0) < 0.6)
    return (color * (1.0 + strength * (_noise(points * 3.0, random)[..., None] - 0.5))).clamp(0.0, 1.0)


def patterns(points: Tensor, random: torch.Generator) -> Tensor:
    """(B, N, 3) object positions -> (B, N) weights in [0, 1] of one random pattern for each object."""
    every = torch.stack([make(points, random) for make in (_stripes, _checks, _spots, _gradient, _rings, _noise)])
    kind = torch.randint(PATTERNS, (len(points),), generator=random, device=points.device)
    return every[kind, torch.arange(len(points), device=points.device)]


def _stripes(points: Tensor, random: torch.Generator) -> Tensor:
    uniform = uniform_on(random)
    axis = torch.randn(len(points), 3, generator=random, device=points.device)
    straight = torch.eye(3, device=points.device)[
        torch.randint(3, (len(points),), generator=random, device=points.device)
    ]
    axis = torch.where(uniform((len(points), 1), 0.0, 1.0) < 0.4, axis, straight)
    direction = torch.nn.functional.normalize(axis, dim=1) * uniform((len(points), 1), 3.0, 14.0)
    wave = ((points * direction[:, None]).sum(-1) * torch.pi).sin()
    return (wave > uniform((len(points), 1), -0.6, 0.6)).float()


def _checks(points: Tensor, random: torch.Generator) -> Tensor:
    frequency = uniform_on(random)((len(points), 1, 1), 2.0, 8.0)
    result: Tensor = (points * frequency).floor().sum(-1) % 2.0
    return result


def _spots(points: Tensor, random: torch.Generator) -> Tensor:
    uniform = uniform_on(random)
    cell = (points * uniform((len(points), 1, 1), 2.0, 7.0)) % 1.0 - 0.5
    radius: Tensor = cell.norm(dim=-1)
    return (radius < uniform((len(points), 1), 0.2, 0.42)).float()


def _gradient(points: Tensor, random: torch.Generator) -> Tensor:
    ends = uniform_on(random)((len(points), 2), -1.0, 1.0).sort(dim=1).values
    return ((points[..., 2] - ends[:, :1]) / (ends[:, 1:] - ends[:, :1]).clamp_min(0.05)).clamp(0.0, 1.0)


def _rings(points: Tensor, random: torch.Generator) -> Tensor:
    radius = torch.hypot(points[..., 0], points[..., 1] + 0.7)
    return 0.5 + 0.5 * (radius * uniform_on(random)((len(points), 1), 6.0, 20.0) + 4.0 * _noise(points, random)).sin()


def _noise(points: Tensor, random: torch.Generator) -> Tensor:
    """Smooth noise: a sum of random plane waves."""
    uniform, batch = uniform_on(random), len(points)
    waves = torch.randn(batch, 3, WAVES, generator=random, device=points.device) * uniform((batch, 1, 1), 1.5, 12.0)
    phases = uniform((batch, 1, WAVES), 0.0, 2.0 * torch.pi)
    return (0.5 + (points @ waves + phases).cos().sum(-1) / 5.0).clamp(0.0, 1.0)
