"""Picture and target of a posed mesh: one key light with shadows, a sky, ambient occlusion, a highlight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ml.core.camera import pixel_rays
from ml.core.images import Floats
from ml.engines.compact.network import BINS, GRID, PICTURE, REACH, bin_centres
from ml.mesh.ray_intervals import all_hits, inside_after
from ml.mesh.raycast import Caster
from ml.training import materials
from ml.training.conventions import GAMMA, MIN_AMBIENT, SHADOW_STRENGTH, SHARP_COSINE, SHEET_THICKNESS, SURFACE_OFFSET
from ml.training.posing import PosedMesh

SKY_RAYS = 5
"""Ambient occlusion rays of a pixel."""


@dataclass(frozen=True)
class Target:
    """What the network should predict for the GRID × GRID pixels; depths are canonical offsets from the middle.

    occupancy (G, G, BINS) bool; depths (G, G, 3) float32: first surface, end of the front layer, last surface, NaN
    outside the silhouette; back (G, G, 3) float32 sRGB of the last surface.
    """

    occupancy: np.ndarray
    depths: Floats
    back: Floats


def unit_depth_rays(size: int, focal: float) -> Floats:
    """(size², 3) `pixel_rays` of depth 1, so that a distance along one is a depth."""
    return np.asarray(pixel_rays(size, focal).numpy() / np.float32(focal))


def cast_target(caster: Caster, posed: PosedMesh, colors: Floats) -> Target:
    """Intersect the pixel rays with the mesh; the back takes its faces' `colors` (F, 3)."""
    directions = unit_depth_rays(GRID, posed.focal)
    distances, faces = all_hits(caster, np.zeros_like(directions), directions)
    inside = inside_after(caster, directions, faces)
    offsets = np.where(faces >= 0, (distances - posed.distance) * posed.to_canonical, np.inf).astype(np.float32)
    hit = faces[:, 0] >= 0
    last = np.maximum((faces >= 0).sum(axis=1) - 1, 0)
    rows = np.arange(len(faces))
    end = offsets[rows, np.argmin(inside, axis=1)]
    front, back = offsets[:, 0], offsets[rows, last]
    half = SHEET_THICKNESS / 2
    depths = np.stack([front - half, np.maximum(end, front) + half, back + half], axis=1)
    depths[~hit] = np.nan
    shape = (GRID, GRID, -1)
    back_color = np.where(hit[:, None], colors[faces[rows, last]], 0.0)
    return Target(filled_bins(offsets, inside).reshape(shape), depths.reshape(shape), back_color.reshape(shape))


def filled_bins(offsets: Floats, inside: np.ndarray) -> np.ndarray:
    """(N, L) hit offsets and whether the ray is inside after each -> (N, BINS) bool: bins inside or at a surface."""
    centres = bin_centres().numpy()
    result = np.zeros((len(offsets), BINS), bool)
    half = max(SHEET_THICKNESS, REACH / BINS)
    for layer in range(offsets.shape[1]):
        start = offsets[:, layer, None]
        stop = offsets[:, layer + 1, None] if layer + 1 < offsets.shape[1] else start
        stop = np.where(inside[:, layer, None], stop, start)
        result |= (centres >= start - half) & (centres <= np.where(np.isfinite(stop), stop, start) + half)
    return result


@dataclass(frozen=True)
class Light:
    """Directions in camera space, colours linear. `shine` is the highlight's strength, `gloss` its exponent; `fill` is
    a second direction, without shadows."""

    key: Floats
    key_color: Floats
    sky: Floats
    ground: Floats
    shine: float
    gloss: float
    fill: Floats = field(default_factory=lambda: np.zeros(3, np.float32))
    fill_strength: float = 0.0


def random_light(rng: np.random.Generator, up: Floats) -> Light:
    """A key light from above or the side, a tinted sky and a darker ground; `up` (3,) in camera space."""
    side = rng.normal(size=3) + up * rng.uniform(0.3, 1.8) - np.array([0.0, 0.0, rng.uniform(0.0, 1.2)])
    warm = np.array([1.0, rng.uniform(0.86, 1.0), rng.uniform(0.72, 1.0)])
    strength, ambient = rng.uniform(0.25, 1.1), rng.uniform(0.3, 0.8)
    tint = np.array([rng.uniform(0.85, 1.0), rng.uniform(0.92, 1.0), 1.0])
    return Light(
        key=(side / np.linalg.norm(side)).astype(np.float32),
        key_color=(warm * strength).astype(np.float32),
        sky=(tint * ambient).astype(np.float32),
        ground=(tint * ambient * rng.uniform(0.25, 0.8)).astype(np.float32),
        shine=float(rng.choice([0.0, rng.uniform(0.05, 0.8)], p=[0.55, 0.45])),
        gloss=float(rng.uniform(8.0, 80.0)),
    )


Lights = Callable[[np.random.Generator, Floats], Light]
"""Like `random_light`."""


def strong_light(rng: np.random.Generator, up: Floats) -> Light:
    """`random_light`, a third of the time with a stronger key light and sharper, stronger highlights."""
    light = random_light(rng, up)
    if rng.random() < 0.65:
        return light
    key_color = light.key_color * np.float32(rng.uniform(1.0, 1.6))
    return replace(
        light, key_color=key_color, shine=float(rng.uniform(0.1, 1.4)), gloss=float(rng.uniform(10.0, 150.0))
    )


def corner_normals(vertices: Floats, faces: np.ndarray, normals: Floats, sharp: float = SHARP_COSINE) -> Floats:
    """(F, 3, 3) normals at the corners: smooth where the surface bends gently, the face's own at sharp edges.

    `normals` (F, 3) are the faces'; above the cosine `sharp` to the smooth normal a corner counts as gentle.
    """
    _, welded = np.unique(np.round(vertices, 4), axis=0, return_inverse=True)
    corners = welded.ravel()[faces]
    total = np.zeros((int(corners.max()) + 1, 3), np.float64)
    for corner in range(3):
        np.add.at(total, corners[:, corner], normals)
    total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    smooth = total[corners]
    gentle = np.einsum("fcd,fd->fc", smooth, normals)[:, :, None] > sharp
    return np.where(gentle, smooth, normals[:, None, :]).astype(np.float32)


@dataclass(frozen=True)
class Seen:
    """The object in a picture of `size` × `size` samples: of each sample that shows it, its `index` (N,), the
    `direction` of its ray, `normal` and linear `albedo` (N, 3), what the key light's shadow leaves (`lit`) and the
    fraction of the sky that it sees (`open_sky`), each (N, 1). `up` (3,) in camera space."""

    size: int
    index: np.ndarray
    direction: Floats
    normal: Floats
    albedo: Floats
    light: Light
    up: Floats
    lit: Floats
    open_sky: Floats


def see(
    caster: Caster,
    posed: PosedMesh,
    object_corners: Floats,
    normals: Floats,
    colors: Floats,
    rng: np.random.Generator,
    picture_size: int = PICTURE,
    lights: Lights = random_light,
) -> Seen:
    """What a camera sees, with 2 × 2 samples for each of `picture_size` × `picture_size` pixels.

    `object_corners` (F, 3, 3) are the corners in the object's own frame (for patterns), `normals` (F, 3, 3) those at
    the corners, `colors` (F, 3) sRGB. Evaluation uses `random_light`.
    """
    size = picture_size * 2
    directions = unit_depth_rays(size, posed.focal)
    hits = caster.first_hits(np.zeros_like(directions), directions)
    hit = np.flatnonzero(hits.face >= 0)
    face, weights, direction = hits.face[hit], hits.weights[hit], directions[hit]
    points = direction * hits.distance[hit, None]
    normal = _facing_camera(_interpolate(normals, face, weights), direction)
    albedo = materials.paint(colors[face], _interpolate(object_corners, face, weights), rng) ** GAMMA
    up = world_up(posed.elevation)
    light = lights(rng, up)
    start = points + _facing_camera(caster.normals[face], direction) * SURFACE_OFFSET
    open_sky = _open_sky(caster, start, normal, _half_size_pixels(hit, size), rng)
    shadow = caster.occluded(start, np.broadcast_to(light.key, points.shape).astype(np.float32))[:, None]
    return Seen(size, hit, direction, normal, albedo, light, up, 1.0 - shadow * SHADOW_STRENGTH, open_sky)


def picture_of(seen: Seen) -> tuple[Floats, Floats]:
    """Picture (P, P, 3) sRGB on black with straight alpha, and coverage (P, P), half as large as `seen`."""
    picture = on_grid(seen, np.clip(_shade(seen), 0.0, 1.0) ** (1.0 / GAMMA))
    return _halve(picture, on_grid(seen, np.ones((len(seen.index), 1), np.float32))[..., 0])


def on_grid(seen: Seen, values: Floats) -> Floats:
    """(N, C) values of the samples -> (S, S, C), 0 where the object is not."""
    grid = np.zeros((seen.size**2, values.shape[1]), np.float32)
    grid[seen.index] = values
    return grid.reshape(seen.size, seen.size, -1)


def world_up(elevation: float) -> Floats:
    """(3,) the upward direction in the space of a camera `elevation` degrees high."""
    angle = np.radians(elevation)
    return np.array([0.0, np.cos(angle), -np.sin(angle)], np.float32)


def _facing_camera(normals: Floats, directions: Floats) -> Floats:
    away = np.einsum("ni,ni->n", normals, directions)[:, None] > 0
    return _unit(np.where(away, -normals, normals))


def _interpolate(corners: Floats, face: np.ndarray, weights: Floats) -> Floats:
    """(F, 3, 3) values at the corners, (N,) faces and their (N, 3) weights -> (N, 3) values inside the faces."""
    first, second, third = (corners[face, corner] * weights[:, corner, None] for corner in range(3))
    return np.asarray(first + second + third, np.float32)


def _half_size_pixels(pixels: np.ndarray, size: int) -> np.ndarray:
    """(N,) pixel indices of a `size` × `size` picture -> those of the same positions at half the resolution."""
    return np.asarray(pixels // size // 2 * (size // 2) + pixels % size // 2)


def _open_sky(caster: Caster, points: Floats, normal: Floats, pixels: np.ndarray, rng: np.random.Generator) -> Floats:
    """(N, 1) fraction of the sky visible from each point; sampled once per pixel and shared by its points."""
    _, first, inverse = np.unique(pixels, return_index=True, return_inverse=True)
    free = np.zeros(len(first), np.float32)
    for _ in range(SKY_RAYS):
        scattered = normal[first] + _unit(rng.normal(size=(len(first), 3)).astype(np.float32)) * 0.98
        free += 1.0 - caster.occluded(points[first], _unit(scattered))
    return np.asarray(free[inverse, None] / SKY_RAYS, np.float32)


def diffuse_light(seen: Seen) -> Floats:
    """(N, 3) what the light multiplies the albedo by: Lambert with shadow, hemisphere sky with ambient occlusion."""
    light = seen.light
    height = (seen.normal @ seen.up)[:, None] * 0.5 + 0.5
    ambient = (light.sky * height + light.ground * (1.0 - height)) * ambient_share(seen)
    fill = np.maximum(seen.normal @ light.fill, 0.0)[:, None] * light.fill_strength
    return np.asarray(np.maximum(seen.normal @ light.key, 0.0)[:, None] * seen.lit * light.key_color + ambient + fill)


def ambient_share(seen: Seen) -> Floats:
    """(N, 1) fraction of the ambient light that reaches the samples."""
    return np.asarray(MIN_AMBIENT + (1.0 - MIN_AMBIENT) * seen.open_sky)


def _shade(seen: Seen) -> Floats:
    """(N, 3) linear colours: the albedo in `diffuse_light`, and a Blinn-Phong highlight."""
    light, result = seen.light, seen.albedo * diffuse_light(seen)
    if light.shine > 0.0:
        half = _unit(light.key - _unit(seen.direction))
        highlight = np.maximum(np.einsum("ni,ni->n", seen.normal, half), 0.0)[:, None] ** light.gloss * seen.lit
        result = result + light.shine * highlight * light.key_color
    return np.asarray(result, np.float32)


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt(np.einsum("ni,ni->n", vectors, vectors))[:, None]
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)


def _halve(picture: Floats, cover: Floats) -> tuple[Floats, Floats]:
    """Average 2 × 2 pixels; colours are averaged over the covered pixels only."""
    size = len(cover) // 2
    total = picture.reshape(size, 2, size, 2, 3).sum(axis=(1, 3))
    weight = cover.reshape(size, 2, size, 2).sum(axis=(1, 3))
    return total / np.maximum(weight, 1e-6)[..., None], weight / 4.0
