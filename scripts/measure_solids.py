"""How many results are sound solids: `python -m scripts.measure_solids [--meshes FOLDER] [--count N] [--json FILE]`.

Held-out objects go the way of a photo up to the finished mesh, by the compact engine. A mesh is sound when it is
closed, 2-manifold at every edge and vertex, right side out, and accepted by manifold3d; the same is asked of its STL,
which keeps no more than places.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ml import engines
from ml.core import frames
from ml.errors import ReconstructionError
from ml.evaluation import sets, single_photo
from ml.mesh import marching_cubes, repair
from ml.mesh.geometry import components, weld
from ml.recipe import Recipe

QUALITIES = ("draft", "standard", "high")


@dataclass(frozen=True)
class Judged:
    """One object: `sound` as it is, `printed` as a file of triangles alone; the code when no mesh came out."""

    name: str
    sound: bool
    printed: bool
    parts: int = 0
    repairs: tuple[str, ...] = ()
    failure: str = ""


def judged(example: single_photo.Example, engine: engines.Engine, recipe: Recipe) -> Judged:
    """The finished mesh of one example, judged."""
    try:
        raw = marching_cubes.extract(engine.infer(example.cutout), recipe.grid or 256)
        solid = repair.finish(raw, recipe.faces or 40_000)
    except ReconstructionError as error:
        return Judged(example.name, sound=False, printed=False, failure=error.code)
    parts = int(components(solid.faces, len(solid.vertices)).max()) + 1
    sound = repair.is_watertight(solid.vertices, solid.faces)
    return Judged(example.name, sound, _printed(solid, recipe.height_mm), parts, solid.repairs)


def _printed(solid: repair.Mesh, height_mm: float) -> bool:
    """Whether it is still sound when all that is kept is where the corners of its triangles lie, in millimetres."""
    corners = frames.to_print_bed(solid.vertices, height_mm)[solid.faces].reshape(-1, 3)
    first, index = weld(corners)
    return repair.is_watertight(corners[first], index.reshape(-1, 3).astype(np.int32))


def report(title: str, found: list[Judged]) -> str:
    """One line with the percentages, then one for each object that failed."""
    sound, printed = _percent([each.sound for each in found]), _percent([each.printed for each in found])
    mended = sum(bool(each.repairs) for each in found)
    lines = [f"{title}: {len(found)} objects, {sound:.1f} % sound, {printed:.1f} % as STL, {mended} mended"]
    lines += [f"  not sound: {each.name} {each.failure}" for each in found if not (each.sound and each.printed)]
    return "\n".join(lines)


def _percent(marks: list[bool]) -> float:
    return 100.0 * sum(marks) / max(len(marks), 1)


def measure(groups: Mapping[str, Iterable[single_photo.Example]], recipe: Recipe) -> dict[str, list[Judged]]:
    """Every set, told as soon as it is done."""
    engine = engines.choose("compact")
    found: dict[str, list[Judged]] = {}
    for title, examples in groups.items():
        found[title] = [judged(each, engine, recipe) for each in examples]
        print(report(title, found[title]), flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, help="a folder of meshes instead of generated objects")
    parser.add_argument("--count", type=int, default=48, help="objects of each set")
    parser.add_argument("--quality", default="standard", choices=QUALITIES)
    parser.add_argument("--json", type=Path, help="write each object's judgement there, too")
    options = parser.parse_args()
    found = measure(sets.example_sets(options.meshes, options.count, True), Recipe(quality=options.quality).resolved())
    if options.json:
        options.json.write_text(
            json.dumps({title: [asdict(j) for j in each] for title, each in found.items()}, indent=1)
        )


if __name__ == "__main__":
    main()
