"""Pictures of generated objects in front of generated backgrounds, with their true masks: `scripts.measure_masks`.

The backgrounds are slopes of colour, the edge of a table, blurred things behind, texture and noise. On the ground below
an object lies its shadow or its reflection.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask
from ml.mesh.raycast import Caster
from ml.training import posing, render
from ml.training.meshes import ColoredMesh

SIDE = 1024
"""Side of the pictures in pixels."""
SOFTNESS = {"soft shadow": 0.02, "hard shadow": 0.006}
"""Blur of the edges of shadows, as a fraction of the picture's side."""
HEIGHTS = (10.0, 30.0)
"""Range of the camera's elevation in degrees, from which a reflection is seen as it really is."""


def compose(rgba: NDArray[np.uint8], random: np.random.Generator) -> tuple[NDArray[np.uint8], Mask]:
    """The object, at a random size, with a soft shadow in front of a background."""
    side = int(SIDE * random.uniform(0.6, 1.0))
    corner = (SIDE - side) // 2
    canvas = np.zeros((SIDE, SIDE, 4), np.float32)
    resized = Image.fromarray(rgba).resize((side, side), Image.Resampling.LANCZOS)
    canvas[corner : corner + side, corner : corner + side] = np.asarray(resized)
    alpha = canvas[..., 3:] / 255.0
    fall = np.roll(alpha[..., 0], (SIDE // 50, SIDE // 66), (0, 1))
    shadow = cv2.GaussianBlur(fall, (0, 0), SIDE * 0.02)[..., None]
    picture = canvas[..., :3] * alpha + background(random) * (1.0 - 0.35 * shadow) * (1.0 - alpha)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.7) + random.normal(0.0, 2.0, picture.shape)
    return picture.clip(0, 255).astype(np.uint8), alpha[..., 0] > OPAQUE


def compose_on_ground(
    rgba: NDArray[np.uint8], kind: str, random: np.random.Generator
) -> tuple[NDArray[np.uint8], Mask, Mask]:
    """The object standing on the ground, its true mask, and where its shadow or reflection falls."""
    rows, columns = np.flatnonzero(rgba[..., 3].any(axis=1)), np.flatnonzero(rgba[..., 3].any(axis=0))
    part = Image.fromarray(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = SIDE * random.uniform(0.4, 0.55) / max(part.size)
    size = width, height = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    left, bottom = (SIDE - width) // 2, int(SIDE * random.uniform(0.7, 0.8))
    upright = np.asarray(part.resize(size, Image.Resampling.LANCZOS), np.float32)
    canvas = np.zeros((SIDE, SIDE, 4), np.float32)
    canvas[bottom - height : bottom, left : left + width] = upright
    alpha, ground = canvas[..., 3:] / 255.0, background(random)
    if kind == "reflection":
        mirrored = np.zeros_like(canvas)
        shown = min(height, SIDE - bottom)
        mirrored[bottom : bottom + shown, left : left + width] = upright[::-1][:shown]
        fade = (0.5 - 0.5 * (np.arange(SIDE)[:, None, None] - bottom) / (0.7 * height)).clip(0.0, 1.0)
        strength = cv2.GaussianBlur(mirrored[..., 3] / 255.0, (0, 0), 2.0)[..., None] * fade
        ground = ground * (1.0 - strength) + cv2.GaussianBlur(mirrored[..., :3], (0, 0), 2.0) * strength
    else:
        strength = _cast_shadow(alpha[..., 0], (left, bottom), size, SOFTNESS[kind], random)[..., None]
        ground = ground * (1.0 - random.uniform(0.5, 0.85) * strength)
    return _photographed(canvas, ground, strength[..., 0], random)


def compose_reflection(mesh: ColoredMesh, seed: int) -> tuple[NDArray[np.uint8], Mask, Mask]:
    """As `compose_on_ground`, with a reflection as a camera above the ground sees it: it shows the underside."""
    random = np.random.default_rng(seed)
    azimuth, elevation = random.uniform(0.0, 360.0), random.uniform(*HEIGHTS)
    below = mesh.vertices * np.array([1.0, 1.0, -1.0], np.float32) + np.array(
        [0.0, 0.0, 2.0 * mesh.vertices[:, 2].min()], np.float32
    )
    faces = np.concatenate([mesh.faces, mesh.faces[:, ::-1] + len(mesh.vertices)])
    posed = posing.pose(np.concatenate([mesh.vertices, below]), faces, azimuth, elevation)
    lights = _lights(seed, elevation)
    above, mirrored = (
        _draw(mesh, replace(posed, faces=part), light, seed)
        for part, light in zip(np.split(posed.faces, 2), lights, strict=True)
    )
    bottom = int(np.flatnonzero((above[..., 3] > 127).any(axis=1))[-1])
    fade = (0.5 - 0.5 * (np.arange(SIDE)[:, None] - bottom) / (0.5 * bottom)).clip(0.0, 0.5)
    strength = cv2.GaussianBlur(mirrored[..., 3] / 255.0, (0, 0), 2.0) * fade
    color = cv2.GaussianBlur(mirrored[..., :3], (0, 0), 2.0)
    ground = background(random) * (1.0 - strength[..., None]) + color * strength[..., None]
    return _photographed(above, ground, np.asarray(strength, np.float32), random)


def _lights(seed: int, elevation: float) -> tuple[render.Light, render.Light]:
    """The light, and its mirror image in the ground."""
    up = render.world_up(elevation)
    light = render.random_light(np.random.default_rng(seed), up)
    key = light.key - 2.0 * float(light.key @ up) * up
    return light, replace(light, key=np.asarray(key, np.float32), sky=light.ground, ground=light.sky)


def _draw(mesh: ColoredMesh, posed: posing.PosedMesh, light: render.Light, seed: int) -> Floats:
    """(1024, 1024, 4) 0 to 255: the mesh, or its mirror image, as posed."""
    caster = Caster(posed.vertices, posed.faces)
    corners = np.concatenate([mesh.vertices, mesh.vertices])[posed.faces]
    normals = render.corner_normals(posed.vertices, posed.faces, caster.normals)
    random = np.random.default_rng(seed)
    seen = render.see(caster, posed, corners, normals, mesh.colors, random, SIDE, lambda *_: light)
    picture, cover = render.picture_of(seen)
    return np.concatenate([picture, cover[..., None]], axis=2) * np.float32(255.0)


def _photographed(
    canvas: Floats, ground: Floats, strength: Floats, random: np.random.Generator
) -> tuple[NDArray[np.uint8], Mask, Mask]:
    """The object of `canvas` (1024, 1024, 4) on the ground, its mask, and where on the ground `strength` is seen."""
    alpha = canvas[..., 3:] / 255.0
    picture = cv2.GaussianBlur(canvas[..., :3] * alpha + ground * (1.0 - alpha), (0, 0), 0.7)
    picture = picture + random.normal(0.0, 2.0, picture.shape)
    seen = (strength > 0.25) & (alpha[..., 0] < 0.1)
    return picture.clip(0, 255).astype(np.uint8), alpha[..., 0] > OPAQUE, seen


def _cast_shadow(
    alpha: Floats, corner: tuple[int, int], size: tuple[int, int], softness: float, random: np.random.Generator
) -> Floats:
    """The silhouette laid down on the ground, and darkness where the object touches it: (1024, 1024), 0 to 1."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    base = corner[1] - 0.03 * size[1]
    distance = (y - base) * random.choice([-1.0, 1.0])
    map_x, map_y = x - random.uniform(-1.2, 1.2) * distance, base - distance / random.uniform(0.15, 0.35)
    cast = cv2.remap(alpha, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR)
    across, down = (x - SIDE / 2.0) / (0.42 * size[0]), (y - corner[1]) / (0.06 * size[1] + 8.0)
    contact = 0.9 * np.exp(-(across**2 + down**2))
    return np.asarray(np.maximum(cv2.GaussianBlur(cast, (0, 0), SIDE * softness), contact), np.float32)


def background(random: np.random.Generator) -> Floats:
    """(1024, 1024, 3), 0 to 255."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    slope = random.uniform(-50, 50, (2, 3))
    color = random.uniform(70, 230, 3) + x[..., None] * slope[0] + y[..., None] * slope[1]
    kind = random.integers(3)
    if kind >= 1:
        table = y > random.uniform(0.45, 0.75)
        color = np.where(table[..., None], color * random.uniform(0.6, 0.9) + random.uniform(0, 30, 3), color)
    for _ in range(12 if kind == 2 else 0):
        centre, radius = random.uniform(0, 1, 2), random.uniform(0.03, 0.12)
        blob = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2).astype(np.float32)
        blob = cv2.GaussianBlur(blob, (0, 0), SIDE * 0.015)
        color = color * (1 - blob[..., None]) + blob[..., None] * random.uniform(30, 240, 3)
    texture = cv2.GaussianBlur(random.normal(0, 1, (SIDE, SIDE)), (0, 0), SIDE * 0.004)
    return np.asarray(color + (texture / texture.std())[..., None] * random.uniform(2, 6), np.float32)
