"""How well masks follow the true outline: `python -m scripts.measure_masks [--count N]`, before and after refinement.

Held-out generated objects (`ml.evaluation.sets`) with their known masks, in front of backgrounds that are generated
too: slopes of colour, the edge of a table, blurred things behind, texture, noise and a shadow.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask, iou
from ml.errors import ReconstructionError
from ml.evaluation import sets
from ml.photo import background_removal, cutout

SIDE = 1024
"""Side of the pictures in pixels."""
TOLERANCES = (1, 2, 4)
"""Distance in pixels up to which an edge pixel counts as found."""
SEED = 4


def main() -> None:
    """Print a Markdown table of means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="objects per set (default: %(default)s)")
    rows: dict[str, list[list[float]]] = {"network": [], "refined": []}
    for picture, truth in photos(parser.parse_args().count):
        for name, mask in masks(picture):
            rows[name].append([*(boundary_f(mask, truth, tolerance) for tolerance in TOLERANCES), iou(mask, truth)])
    print("| mask | objects |" + "".join(f" boundary F @{tolerance} px |" for tolerance in TOLERANCES) + " IoU |")
    print("|---" * (len(TOLERANCES) + 3) + "|")
    for name, values in rows.items():
        print(f"| {name} | {len(values)} | " + " | ".join(f"{mean:.3f}" for mean in np.mean(values, axis=0)) + " |")


def masks(picture: NDArray[np.uint8]) -> Iterator[tuple[str, Mask]]:
    """The network's mask with and without refinement; nothing where it finds no object."""
    try:
        refined = cutout._segment_by_network(picture, background_removal.DEFAULT_MODEL)
        with patch("ml.photo.cutout.refine", lambda picture, mask, side: mask):
            plain = cutout._segment_by_network(picture, background_removal.DEFAULT_MODEL)
    except ReconstructionError:
        return
    yield "network", plain > OPAQUE
    yield "refined", refined > OPAQUE


def photos(count: int) -> Iterator[tuple[NDArray[np.uint8], Mask]]:
    """Pictures (1024, 1024, 3) and their true masks."""
    random = np.random.default_rng(SEED)
    for examples in sets.example_sets(None, count, held_out_only=True).values():
        for example in examples:
            yield compose(example.cutout.rgba, random)


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
