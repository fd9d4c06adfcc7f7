"""What several photos of one object add: `python -m ml.evaluation --photos 1 2 4`.

Each object is shown in photos 90 degrees apart at seeded heights, with the same colours. The first photo is that of
`single_photo`, so that the figures for one photo are comparable. The protocol is in docs/evaluation.md.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np

from ml.core.images import Floats
from ml.engines import Engine
from ml.errors import ReconstructionError
from ml.evaluation import score, single_photo
from ml.mesh import marching_cubes
from ml.mesh.flatten import flatten
from ml.mesh.raycast import Caster
from ml.multiview import fusion
from ml.photo.cutout import Cutout
from ml.scene.protocol import Scene
from ml.training import meshes, posing

STEP = 90.0
"""Degrees between neighbouring photos."""
MAX_PHOTOS = 4
"""Photos of an object: one from each side, 90° apart."""
CLEAR_LOSS = 0.02
"""Loss of exact F-score@0.1 from which an object counts as worse than with one photo."""
COUNTED = ("objects", "clearly worse", "photos left out")
"""Columns that are counts instead of means."""


@dataclass(frozen=True)
class PhotoSet:
    """One object and up to four photos of it, each taken 90 degrees further round than the one before.

    `truth` (10,000, 3) points of its outer surface, rotated so that the first photo's camera is at azimuth 0,
    normalized to longest side 2.
    """

    name: str
    cutouts: tuple[Cutout, ...]
    truth: Floats


@dataclass(frozen=True)
class Condition:
    """How many photos are used, and whether the engine is given their sides."""

    count: int
    sides_given: bool = True

    @property
    def title(self) -> str:
        number = "1 photo" if self.count == 1 else f"{self.count} photos"
        return number if self.sides_given else f"{number}, sides not given"

    def sides(self) -> tuple[str | float, ...]:
        """As the recipe's field."""
        return tuple(STEP * index if self.sides_given else "auto" for index in range(self.count))


@dataclass(frozen=True)
class Outcome:
    """Result for one object: its scores, how many of its photos were left out, seconds for fusing them, and the gain
    in exact F-score@0.1 over one photo."""

    name: str
    scores: score.Scores
    left_out: int
    seconds: float
    gain: float = 0.0


@dataclass
class CachedEngine:
    """An engine that infers each cutout only once."""

    engine: Engine
    scenes: dict[int, Scene] = field(default_factory=dict)
    """By the identity of the cutout."""

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def weights_hash(self) -> str:
        return self.engine.weights_hash

    def infer(self, cutout: Cutout) -> Scene:
        if id(cutout) not in self.scenes:
            self.scenes[id(cutout)] = self.engine.infer(cutout)
        return self.scenes[id(cutout)]


def make_photo_set(mesh: meshes.ColoredMesh, seed: int, count: int = MAX_PHOTOS) -> PhotoSet:
    """`count` photos of `mesh`, the first from any side, all of them −10° to 35° high.

    The object's colours stay the same from photo to photo; the light moves with the camera.
    """
    rng = np.random.default_rng(seed)
    first, elevation, _ = posing.random_angles(rng)
    others = (posing.random_angles(np.random.default_rng((seed, index)))[1] for index in range(1, count))
    cutouts = []
    for index, height in enumerate([elevation, *others]):
        posed = posing.pose(mesh.vertices, mesh.faces, first + STEP * index, height)
        caster = Caster(posed.vertices, posed.faces)
        cutouts.append(single_photo.render_cutout(mesh, posed, caster, deepcopy(rng)))
    return PhotoSet(mesh.name, tuple(cutouts), single_photo.true_points(mesh, first, seed))


def make_photo_sets(objects: Iterable[meshes.ColoredMesh], count: int = MAX_PHOTOS) -> Iterator[PhotoSet]:
    """One set of photos for each object."""
    for number, mesh in enumerate(objects):
        yield make_photo_set(mesh, single_photo.VIEW_SEED + number, count)


def conditions(counts: Sequence[int]) -> list[Condition]:
    """One for each number of photos, the first with one photo; two photos also without their sides."""
    with_sides = [Condition(count) for count in sorted({1, *counts})]
    return with_sides + [Condition(2, sides_given=False)] * (2 in counts)


def score_condition(photos: PhotoSet, condition: Condition, engine: Engine) -> Outcome:
    """Reconstruct the object under a condition; a result without a surface scores 0."""
    started = time.perf_counter()
    fused = fusion.fuse(engine.infer, photos.cutouts[: condition.count], condition.sides())
    seconds = time.perf_counter() - started
    try:
        cameras = [photo.camera for photo in fused.photos]
        surface = marching_cubes.extract(fused.scene, single_photo.GRID, photos=cameras)
        mesh = flatten(surface, fused.scene.camera)
        scores = score.compare(single_photo.surface_points(mesh), photos.truth)
    except ReconstructionError:
        scores = score.Scores(1.0, (0.0, 0.0, 0.0))
    return Outcome(photos.name, scores, condition.count - len(fused.photos), seconds)


def score_all(
    photo_sets: Iterable[PhotoSet], wanted: Sequence[Condition], engine: Engine
) -> dict[Condition, list[Outcome]]:
    """Every object under every condition; `wanted` starts with one photo, the baseline of the gains."""
    outcomes: dict[Condition, list[Outcome]] = {condition: [] for condition in wanted}
    for photos in photo_sets:
        cached = CachedEngine(engine)
        for cutout in photos.cutouts:
            cached.infer(cutout)
        scored = [score_condition(photos, condition, cached) for condition in wanted]
        for condition, outcome in zip(wanted, scored, strict=True):
            gain = outcome.scores.f[1] - scored[0].scores.f[1]
            outcomes[condition].append(replace(outcome, gain=gain))
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Means over the objects, and how many of them there are, got clearly worse, or lost photos."""
    columns = {
        "exact @0.05": [outcome.scores.f[0] for outcome in outcomes],
        "@0.1": [outcome.scores.f[1] for outcome in outcomes],
        "@0.2": [outcome.scores.f[2] for outcome in outcomes],
        "Chamfer": [outcome.scores.chamfer for outcome in outcomes],
        "seconds": [outcome.seconds for outcome in outcomes],
    }
    worse = sum(outcome.gain < -CLEAR_LOSS for outcome in outcomes)
    counts = (len(outcomes), worse, sum(outcome.left_out for outcome in outcomes))
    means = {key: round(float(np.mean(values)), 3) for key, values in columns.items()}
    return means | dict(zip(COUNTED, map(float, counts), strict=True))


def evaluate(
    sets: dict[str, Iterable[meshes.ColoredMesh]], counts: Sequence[int], engine: Engine
) -> single_photo.Figures:
    """Print a table for each set and one for all of them; returns the figures per set and condition."""
    total: dict[Condition, list[Outcome]] = {condition: [] for condition in conditions(counts)}
    figures = {}
    for title, objects in sets.items():
        outcomes = score_all(make_photo_sets(objects, max(counts)), list(total), engine)
        for condition, more in outcomes.items():
            total[condition] += more
        figures[title] = _print_table(title, outcomes)
    return figures | {"all": _print_table("all", total)}


def _print_table(title: str, outcomes: dict[Condition, list[Outcome]]) -> dict[str, dict[str, float]]:
    figures = {condition.title: summary(results) for condition, results in outcomes.items()}
    print(f"\n{title}\n\n{single_photo.table(figures)}", flush=True)
    return figures
