"""What several photos of one object add: `python -m ml.evaluation --photos 1 2 4`.

Each object is seen by photos 90 degrees apart at seeded heights, in the same paint. The first is the one that
`single_photo` takes, so that the figures of one photo are comparable. The protocol is in docs/evaluation.md.
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
from ml.mesh.raycast import Caster
from ml.multiview import fusion
from ml.photo.cutout import Cutout
from ml.scene.protocol import Scene
from ml.training import meshes, posing

STEP = 90.0
"""Degrees between neighbouring photos."""
MOST = 4
CLEARLY = 0.02
"""Loss of exact F-score@0.1 from which an object counts as worse than with one photo."""
COUNTS = ("objects", "clearly worse", "photos left out")
"""Columns that are counted instead of averaged."""


@dataclass(frozen=True)
class Sitting:
    """One object and up to four photos of it, each from 90 degrees further round than the one before.

    `truth` (10,000, 3) points of its outer surface, turned so that the first photo's camera stands at azimuth 0, boxed
    to longest side 2.
    """

    name: str
    cutouts: tuple[Cutout, ...]
    truth: Floats


@dataclass(frozen=True)
class Way:
    """How many photos are used, and whether their sides are told."""

    count: int
    told: bool = True

    @property
    def title(self) -> str:
        number = "1 photo" if self.count == 1 else f"{self.count} photos"
        return number if self.told else f"{number}, sides not told"

    def sides(self) -> tuple[str | float, ...]:
        """As the recipe names them."""
        return tuple(STEP * index if self.told else "auto" for index in range(self.count))


@dataclass(frozen=True)
class Outcome:
    """What became of one object: its scores, how many of its photos were left out, seconds of joining, and how much
    more exact F-score@0.1 it has than with one photo."""

    name: str
    scores: score.Scores
    left_out: int
    seconds: float
    gain: float = 0.0


@dataclass
class Remembering:
    """An engine that is asked only once about each cutout."""

    engine: Engine
    seen: dict[int, Scene] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def weights_hash(self) -> str:
        return self.engine.weights_hash

    def infer(self, cutout: Cutout) -> Scene:
        if id(cutout) not in self.seen:
            self.seen[id(cutout)] = self.engine.infer(cutout)
        return self.seen[id(cutout)]


def sitting(solid: meshes.Solid, seed: int, count: int = MOST) -> Sitting:
    """`solid` seen by `count` photos, the first from any side, all of them −10° to 35° high.

    It keeps its paint from photo to photo; the light goes with the camera.
    """
    rng = np.random.default_rng(seed)
    first, elevation, _ = posing.random_angles(rng)
    heights = [elevation, *(posing.random_angles(np.random.default_rng((seed, each)))[1] for each in range(1, count))]
    cutouts = []
    for index, height in enumerate(heights):
        view = posing.pose(solid.vertices, solid.faces, first + STEP * index, height)
        cutouts.append(single_photo.photo(solid, view, Caster(view.vertices, view.faces), deepcopy(rng)))
    return Sitting(solid.name, tuple(cutouts), single_photo.truth(solid, first, seed))


def sittings(solids: Iterable[meshes.Solid], count: int = MOST) -> Iterator[Sitting]:
    """One sitting of each object."""
    for number, solid in enumerate(solids):
        yield sitting(solid, single_photo.VIEW_SEED + number, count)


def ways(counts: Sequence[int]) -> list[Way]:
    """One way for each number of photos, the first with one photo, and one for two whose sides are not told."""
    told = [Way(count) for count in sorted({1, *counts})]
    return told + [Way(2, told=False)] * (2 in counts)


def judge(found: Sitting, way: Way, engine: Engine) -> Outcome:
    """The object made from its first photos; where no shape comes out, it scores nothing."""
    started = time.perf_counter()
    fused = fusion.scene_of(engine, found.cutouts[: way.count], way.sides())
    seconds = time.perf_counter() - started
    try:
        scores = score.compare(single_photo.points(marching_cubes.extract(fused.scene, single_photo.GRID)), found.truth)
    except ReconstructionError:
        scores = score.Scores(1.0, (0.0, 0.0, 0.0))
    return Outcome(found.name, scores, way.count - len(fused.photos), seconds)


def judged(every: Iterable[Sitting], wanted: Sequence[Way], engine: Engine) -> dict[Way, list[Outcome]]:
    """Each object made in each way; `wanted` begins with one photo, against which the others are held."""
    found: dict[Way, list[Outcome]] = {way: [] for way in wanted}
    for each in every:
        remembering = Remembering(engine)
        for cutout in each.cutouts:
            remembering.infer(cutout)
        outcomes = [judge(each, way, remembering) for way in wanted]
        for way, outcome in zip(wanted, outcomes, strict=True):
            gain = outcome.scores.f[1] - outcomes[0].scores.f[1]
            found[way].append(replace(outcome, gain=gain))
    return found


def summary(results: Sequence[Outcome]) -> dict[str, float]:
    """Means over the objects, and how many of them there are, got clearly worse, or lost photos."""
    rows = {
        "exact @0.05": [each.scores.f[0] for each in results],
        "@0.1": [each.scores.f[1] for each in results],
        "@0.2": [each.scores.f[2] for each in results],
        "Chamfer": [each.scores.chamfer for each in results],
        "seconds": [each.seconds for each in results],
    }
    counted = (len(results), sum(each.gain < -CLEARLY for each in results), sum(each.left_out for each in results))
    figures = {key: round(float(np.mean(values)), 3) for key, values in rows.items()}
    return figures | dict(zip(COUNTS, map(float, counted), strict=True))


def run(sets: dict[str, Iterable[meshes.Solid]], counts: Sequence[int], engine: Engine) -> single_photo.Figures:
    """Print a table for each set and one for all of them; the figures per set and way."""
    every: dict[Way, list[Outcome]] = {way: [] for way in ways(counts)}
    figures = {}
    for title, solids in sets.items():
        found = judged(sittings(solids, max(counts)), list(every), engine)
        for way, outcomes in found.items():
            every[way] += outcomes
        figures[title] = _told(title, found)
    return figures | {"all": _told("all", every)}


def _told(title: str, found: dict[Way, list[Outcome]]) -> dict[str, dict[str, float]]:
    figures = {way.title: summary(outcomes) for way, outcomes in found.items()}
    print(f"\n{title}\n\n{single_photo.table(figures)}", flush=True)
    return figures
