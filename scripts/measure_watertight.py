"""How many results are watertight: `python -m scripts.measure_watertight [--meshes FOLDER] [--count N] [--json FILE]`.

Held-out objects are reconstructed by the compact engine up to the finished mesh. A mesh counts as watertight if it is
closed, 2-manifold at every edge and vertex, facing outward, and accepted by manifold3d. The same is tested for its STL,
which keeps positions only.
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
from ml.mesh.mesh import Mesh
from ml.recipe import LONGEST, QUALITIES, Recipe


@dataclass(frozen=True)
class Verdict:
    """One object: whether its mesh is watertight, also `as_stl`; `failure` is the error code if there is no mesh."""

    name: str
    watertight: bool
    as_stl: bool
    components: int = 0
    repairs: tuple[str, ...] = ()
    failure: str = ""


def examine(example: single_photo.Example, engine: engines.Engine, recipe: Recipe) -> Verdict:
    """Reconstruct one example up to the finished mesh and test it."""
    try:
        scene = engine.infer(example.cutout)
        raw = marching_cubes.extract(scene, recipe.grid or 256, photos=[scene.camera])
        mesh = repair.finish(raw, recipe.faces or 40_000)
    except ReconstructionError as error:
        return Verdict(example.name, watertight=False, as_stl=False, failure=error.code)
    count = int(components(mesh.faces, len(mesh.vertices)).max()) + 1
    watertight = repair.is_watertight(mesh.vertices, mesh.faces)
    return Verdict(example.name, watertight, _is_watertight_as_stl(mesh, recipe.height_mm), count, mesh.repairs)


def _is_watertight_as_stl(mesh: Mesh, size_mm: float) -> bool:
    """Whether it is still watertight when only the positions of the triangles' corners are kept, in millimetres."""
    corners = frames.place(mesh.vertices, size_mm, LONGEST).to_mm(mesh.vertices)[mesh.faces].reshape(-1, 3)
    first, index = weld(corners)
    return repair.is_watertight(corners[first], index.reshape(-1, 3).astype(np.int32))


def report(title: str, verdicts: list[Verdict]) -> str:
    """One line with the percentages, then one for each object that failed."""
    watertight = _percent([verdict.watertight for verdict in verdicts])
    as_stl = _percent([verdict.as_stl for verdict in verdicts])
    repaired = sum(bool(verdict.repairs) for verdict in verdicts)
    lines = [
        f"{title}: {len(verdicts)} objects, {watertight:.1f} % watertight, {as_stl:.1f} % as STL, {repaired} repaired"
    ]
    failures = [verdict for verdict in verdicts if not (verdict.watertight and verdict.as_stl)]
    return "\n".join(lines + [f"  not watertight: {verdict.name} {verdict.failure}" for verdict in failures])


def _percent(marks: list[bool]) -> float:
    return 100.0 * sum(marks) / max(len(marks), 1)


def measure(groups: Mapping[str, Iterable[single_photo.Example]], recipe: Recipe) -> dict[str, list[Verdict]]:
    """Every set, printed as soon as it is done."""
    engine = engines.choose("compact")
    results: dict[str, list[Verdict]] = {}
    for title, examples in groups.items():
        results[title] = [examine(example, engine, recipe) for example in examples]
        print(report(title, results[title]), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, help="a folder of meshes instead of generated objects")
    parser.add_argument("--count", type=int, default=48, help="objects of each set")
    parser.add_argument("--quality", default="standard", choices=list(QUALITIES))
    parser.add_argument("--json", type=Path, help="also write the verdict on each object to this file")
    options = parser.parse_args()
    examples = sets.example_sets(options.meshes, options.count, held_out_only=True)
    results = measure(examples, Recipe(quality=options.quality).resolved())
    if options.json:
        rows = {title: [asdict(verdict) for verdict in verdicts] for title, verdicts in results.items()}
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
