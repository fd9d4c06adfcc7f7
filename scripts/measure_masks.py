"""How well masks follow the true outline: `python -m scripts.measure_masks [--count N]`, before and after refinement.

Generated objects (`ml.evaluation.sets`) with their known masks, in front of backgrounds that are generated
too: slopes of colour, the edge of a table, blurred things behind, texture, noise and a shadow. With `--ground` the
objects stand on the ground with a shadow or a reflection, and the table says how much of that is taken for the object.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask, iou
from ml.errors import ReconstructionError
from ml.evaluation import sets
from ml.evaluation.single_photo import make_examples
from ml.photo import background_removal, cutout
from ml.photo.correction import correct
from ml.training import dataset, shapes

SIDE = 1024
"""Side of the pictures in pixels."""
TOLERANCES = (1, 2, 4)
"""Distance in pixels up to which an edge pixel counts as found."""
SEED = 4
"""Of the scenes on which the thresholds of `ml.photo` were chosen: another one measures them on scenes not seen."""
SOFTNESS = {"soft shadow": 0.02, "hard shadow": 0.006}
"""Blur of the edges of shadows, as a fraction of the picture's side."""
THIN = (shapes.furniture.chair, shapes.furniture.stool, shapes.furniture.table, shapes.buildings.fence)
"""Families with thin parts and gaps between them."""
THIN_SEED = 979
GROUND_KINDS = (*SOFTNESS, "reflection")


def main() -> None:
    """Print a Markdown table of means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="objects per set (default: %(default)s)")
    parser.add_argument("--ground", action="store_true", help="measure shadows and reflections")
    parser.add_argument("--seed", type=int, default=SEED, help="of the backgrounds and shadows (default: %(default)s)")
    options = parser.parse_args()
    if options.ground:
        return measure_ground(options.count, options.seed)
    rows: dict[tuple[str, str], list[list[float]]] = {}
    for title, picture, truth in photos(options.count, options.seed):
        for name, mask in masks(picture):
            scores = [*(boundary_f(mask, truth, tolerance) for tolerance in TOLERANCES), iou(mask, truth)]
            rows.setdefault((title, name), []).append(scores)
    print("| set | mask | objects |" + "".join(f" boundary F @{tolerance} px |" for tolerance in TOLERANCES) + " IoU |")
    print("|---" * (len(TOLERANCES) + 4) + "|")
    for (title, name), values in sorted(rows.items()):
        means = " | ".join(f"{mean:.3f}" for mean in np.mean(values, axis=0))
        print(f"| {title} | {name} | {len(values)} | {means} |")


def masks(picture: NDArray[np.uint8]) -> Iterator[tuple[str, Mask]]:
    """The network's mask, refined, and corrected as the pipeline does; nothing where it finds no object."""
    try:
        refined = cutout._segment_by_network(picture, background_removal.DEFAULT_MODEL)
        with patch("ml.photo.cutout.refine", lambda picture, mask, side: mask):
            plain = cutout._segment_by_network(picture, background_removal.DEFAULT_MODEL)
    except ReconstructionError:
        return
    yield "1 network", plain > OPAQUE
    yield "2 refined", refined > OPAQUE
    yield "3 corrected", correct(picture, refined)[0] > OPAQUE


def photos(count: int, seed: int) -> Iterator[tuple[str, NDArray[np.uint8], Mask]]:
    """Title of the set, picture (1024, 1024, 3) and its true mask."""
    random = np.random.default_rng(seed)
    thin = make_examples(islice(dataset.generate_objects(THIN_SEED, THIN), count))
    for title, examples in (*sets.example_sets(None, count, held_out_only=True).items(), ("thin parts", thin)):
        for example in examples:
            yield title, *compose(example.cutout.rgba, random)


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


def measure_ground(count: int, seed: int) -> None:
    """Print a Markdown table of means, each a fraction of the object's area."""
    rows: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in GROUND_KINDS}
    random = np.random.default_rng(seed)
    for examples in sets.example_sets(None, count, held_out_only=True).values():
        for example in examples:
            for kind in GROUND_KINDS:
                rows[kind].append(_on_ground(*compose_on_ground(example.cutout.rgba, kind, random)))
    print(
        "| on the ground | scenes | area | in the network's mask | left of it | left if the mask had it all "
        "| left without a note | object lost |"
    )
    print("|---" * 8 + "|")
    for kind, values in rows.items():
        print(f"| {kind} | {len(values)} | " + " | ".join(f"{mean:.4f}" for mean in np.mean(values, axis=0)) + " |")


def _on_ground(picture: NDArray[np.uint8], truth: Mask, fall: Mask) -> tuple[float, ...]:
    try:
        taken = cutout._segment_by_network(picture, background_removal.DEFAULT_MODEL)
    except ReconstructionError:
        taken = np.zeros(truth.shape, np.float32)
    corrected = correct(picture, taken)[0] > OPAQUE
    everything, notes = correct(picture, (truth | fall).astype(np.float32))
    left = (everything > OPAQUE) & fall
    lost = truth & ((everything <= OPAQUE) | ((taken > OPAQUE) & ~corrected))
    areas = (fall, (taken > OPAQUE) & fall, corrected & fall, left, left if not notes else np.zeros_like(left), lost)
    return tuple(float(area.sum() / truth.sum()) for area in areas)


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
    picture = cv2.GaussianBlur(canvas[..., :3] * alpha + ground * (1.0 - alpha), (0, 0), 0.7)
    picture = picture + random.normal(0.0, 2.0, picture.shape)
    truth = alpha[..., 0] > OPAQUE
    return picture.clip(0, 255).astype(np.uint8), truth, (strength[..., 0] > 0.25) & (alpha[..., 0] < 0.1)


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


def boundary_f(mask: Mask, truth: Mask, tolerance: float) -> float:
    """Harmonic mean of the fractions of either edge that lie within `tolerance` pixels of the other."""
    found, true = _edge(mask), _edge(truth)
    if not found.any() or not true.any():
        return 0.0
    precision = float((_distance(true)[found] <= tolerance).mean())
    recall = float((_distance(found)[true] <= tolerance).mean())
    return 2.0 * precision * recall / max(precision + recall, 1e-9)


def _edge(mask: Mask) -> Mask:
    return np.asarray(mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0))


def _distance(edge: Mask) -> Floats:
    return np.asarray(cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


if __name__ == "__main__":
    main()
