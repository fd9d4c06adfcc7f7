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

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask, iou
from ml.errors import ReconstructionError
from ml.evaluation import sets
from ml.evaluation.single_photo import VIEW_SEED, make_example, make_examples
from ml.photo import background_removal, cutout
from ml.photo.correction import correct
from ml.training import dataset, shapes
from scripts.photo_scenes import SOFTNESS, compose, compose_on_ground, compose_reflection

TOLERANCES = (1, 2, 4)
"""Distance in pixels up to which an edge pixel counts as found."""
SEED = 4
"""Of the scenes on which the thresholds of `ml.photo` were chosen: another one measures them on scenes not seen."""
THIN = (shapes.furniture.chair, shapes.furniture.stool, shapes.furniture.table, shapes.buildings.fence)
"""Families with thin parts and gaps between them."""
THIN_SEED = 979
GROUND_KINDS, FROM_ABOVE = (*SOFTNESS, "reflection"), "reflection, seen from above"


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


def measure_ground(count: int, seed: int) -> None:
    """Print a Markdown table of means, each a fraction of the object's area."""
    rows: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in (*GROUND_KINDS, FROM_ABOVE)}
    random = np.random.default_rng(seed)
    for objects in sets.object_sets(None, count, held_out_only=True).values():
        for number, mesh in enumerate(objects):
            example = make_example(mesh, VIEW_SEED + number)
            for kind in GROUND_KINDS:
                rows[kind].append(_on_ground(*compose_on_ground(example.cutout.rgba, kind, random)))
            rows[FROM_ABOVE].append(_on_ground(*compose_reflection(mesh, VIEW_SEED * seed + number)))
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
