"""Compare each stage after the network with a naive implementation: `python -m scripts.bench_stages [--json]`.

The naive implementation is what one would write first: the density of every grid point, trimesh for smoothing and for
files, xatlas with its defaults, each picture on its own. Its long parts are measured on a fraction of the work, which
the table names. The last rows are a whole job in a warm process, and its memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import fast_simplification
import mcubes
import numpy as np
import psutil
import trimesh
import xatlas
from PIL import Image

from ml import engines, files
from ml.core import frames
from ml.core.camera import Camera
from ml.engines.triposr.scene import TriplaneScene
from ml.export import write
from ml.mesh import adaptive_grid, marching_cubes, repair
from ml.mesh.mesh import Mesh
from ml.photo import decode
from ml.photo.cutout import Cutout, cut
from ml.photo.posed_photo import PosedPhoto
from ml.pipeline import reconstruct as pipeline
from ml.recipe import Recipe
from ml.render import mesh_renderer, turntable
from ml.scene.protocol import Scene
from ml.scene.query import densities
from ml.texture import bake
from ml.texture.unwrap import unwrap
from scripts.bench import ROOT, SAMPLES, best_seconds, hardware

CHAIR = Path(__file__).parent.parent / "tests" / "ml" / "engines" / "triposr" / "data" / "chair.npz"
RECIPE = Recipe(engine="compact").resolved()
GRID, FACES, TEXTURE = RECIPE.grid or 0, RECIPE.faces or 0, RECIPE.texture_size or 0
COUNT, SIZE = RECIPE.frame_count or 0, RECIPE.frame_size or 0
POINT_STRIDE, VIEW_STRIDE = 16, 10
"""The naive implementation computes one in so many grid points and one in so many views."""


@dataclass(frozen=True)
class Row:
    """One line of the table: ours, the naive implementation if there is one, and the target, all in `unit`."""

    step: str
    ours: float
    target: float
    naive: float | None = None
    note: str = ""
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """How many times faster ours is."""
        return self.naive / self.ours if self.naive else None


def surface_row(title: str, scene: Scene, target: float) -> Row:
    """The surface, coarse to fine, and from all grid points."""
    part = np.random.default_rng(0).uniform(-scene.radius, scene.radius, ((GRID + 1) ** 3 // POINT_STRIDE, 3))
    sampling = best_seconds(lambda: densities(scene, part.astype(np.float32))) * POINT_STRIDE
    values = adaptive_grid.sample(scene, GRID, scene.threshold)
    cubes = best_seconds(lambda: mcubes.marching_cubes(values, scene.threshold))
    ours = best_seconds(lambda: marching_cubes.extract(scene, GRID), 2)
    return Row(f"surface, {title}", ours, target, sampling + cubes, f"naive from 1/{POINT_STRIDE} of the points")


def finish_row(raw: Mesh) -> Row:
    """Components, smoothing and simplification, and the same with trimesh."""

    def naive() -> None:
        parts = trimesh.Trimesh(raw.vertices, raw.faces).split(only_watertight=False)
        largest = max(parts, key=lambda part: float(part.volume))
        rounds = 2 * repair.SMOOTHING_ROUNDS
        trimesh.smoothing.filter_taubin(largest, iterations=rounds)  # type: ignore[no-untyped-call]
        fast_simplification.simplify(largest.vertices, largest.faces, target_count=FACES)

    return Row("finish", best_seconds(lambda: repair.finish(raw, FACES), 2), 1.5, best_seconds(naive), "naive: trimesh")


def bake_row(mesh: Mesh, scene: Scene, photo: PosedPhoto) -> Row:
    """Unwrapping and baking, and xatlas on the whole mesh with the same baking."""
    unwrapping = best_seconds(lambda: unwrap(mesh, TEXTURE))
    ours = best_seconds(lambda: bake.bake(mesh, scene, [photo], TEXTURE), 2)
    alone = best_seconds(lambda: xatlas.parametrize(mesh.vertices, mesh.faces.astype(np.uint32)))
    return Row("unwrap and bake", ours, 4.0, alone + max(ours - unwrapping, 0.0), "naive: one call of xatlas")


def views_row(model: bake.TexturedMesh, folder: Path) -> Row:
    """All frames, poster and video, and pictures rendered one by one, each with a ray caster of its own."""

    def ours() -> None:
        turntable.write(mesh_renderer.prepare(model), folder, count=COUNT, size=SIZE, elevation=15.0)

    def naive() -> None:
        for index in range(COUNT // VIEW_STRIDE):
            picture = mesh_renderer.render(mesh_renderer.prepare(model), Camera(15.0, 360.0 * index / COUNT), SIZE)
            Image.fromarray(picture).save(folder / "naive.png")

    note = f"naive without poster and video, from 1/{VIEW_STRIDE} of the views"
    return Row(f"{COUNT} views and video", best_seconds(ours, 2), 5.0, best_seconds(naive) * VIEW_STRIDE, note)


def export_row(model: bake.TexturedMesh, folder: Path) -> Row:
    """Every format, and those that trimesh can write."""

    def naive() -> None:
        picture = Image.fromarray(model.texture)
        material = trimesh.visual.material.SimpleMaterial(image=picture)  # type: ignore[no-untyped-call]
        visual = trimesh.visual.TextureVisuals(uv=model.uv, material=material)  # type: ignore[no-untyped-call]
        textured = trimesh.Trimesh(frames.to_y_up(model.mesh.vertices), model.mesh.faces, visual=visual, process=False)
        for kind in ("glb", "obj", "stl", "ply"):
            textured.export(folder / f"naive.{kind}")

    ours = best_seconds(lambda: write.write(model, folder, RECIPE), 2)
    return Row("exports", ours, 1.5, best_seconds(naive), "naive: trimesh, only GLB, OBJ, STL and PLY")


def job_rows(picture: bytes) -> list[Row]:
    """A whole job of standard quality, the second in this process, and its peak memory."""
    with tempfile.TemporaryDirectory() as name:
        before = psutil.Process().memory_info().rss / 1e9
        pipeline.reconstruct([picture], RECIPE, Path(name) / "first")
        times: dict[str, float] = {}
        result = pipeline.reconstruct(
            [picture],
            RECIPE,
            Path(name) / "second",
            on_progress=lambda stage, fraction: times.update({stage: time.perf_counter()}),
            on_file=lambda file: times.update({file: time.perf_counter()}),
        )
    stages = ", ".join(f"{stage['name']} {stage['seconds']:.1f}" for stage in result.report["stages"])
    peak = result.report["peak_mb"] / 1000.0
    return [
        Row("compact job, warm", result.report["seconds"], 8.0, note=stages),
        Row(
            "preview after the scene", times[files.PREVIEW] - times["scene"], 2.0, note="until preview.glb is published"
        ),
        Row("peak memory", peak, 1.5, note=f"{before:.2f} GB before the job, imports and weights", unit="GB"),
    ]


ALONE = """
import sys
from pathlib import Path
import numpy as np
from ml import engines
from ml.photo.cutout import Cutout
rgba = np.load(sys.argv[1])
engines.choose("compact").infer(Cutout(rgba, (0, 0, *rgba.shape[:2]), "none"))
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
"""Prints VmHWM: the usual peak of a child process would start from what its parent had."""


def inference_rows(cutout: Cutout) -> list[Row]:
    """From a cutout to the compact engine's scene, and the memory of a process that does only that."""
    duration = best_seconds(lambda: engines.choose("compact").infer(cutout), 3)
    with tempfile.TemporaryDirectory() as name:
        np.save(Path(name) / "rgba.npy", cutout.rgba)
        command = [sys.executable, "-c", ALONE, str(Path(name) / "rgba.npy")]
        peak = int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout) * 1024 / 1e9
    return [
        Row("compact inference", duration, 1.0),
        Row("its memory", peak, 0.5, note="a process of its own, imports and weights included", unit="GB"),
    ]


def measure() -> list[Row]:
    """All rows of the table."""
    picture = next(SAMPLES.glob("locomotive.*")).read_bytes()
    rows = job_rows(picture)
    cutout = cut(decode.open_photo(picture), remove_background=True, foreground_ratio=0.85)
    scene = engines.choose("compact").infer(cutout)
    raw = marching_cubes.extract(scene, GRID)
    mesh = repair.finish(raw, FACES)
    photo = PosedPhoto(cutout, scene.camera)
    model = bake.bake(mesh, scene, [photo], TEXTURE)
    with tempfile.TemporaryDirectory() as name:
        return [
            surface_row("volume", scene, 0.5),
            surface_row("triplane", TriplaneScene.load(CHAIR), 2.5),
            finish_row(raw),
            bake_row(mesh, scene, photo),
            views_row(model, Path(name)),
            export_row(model, Path(name)),
            *inference_rows(cutout),
            *rows,
        ]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench_stages", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure()
    if options.json:
        print(json.dumps({"hardware": hardware(), "rows": [asdict(row) | {"ratio": row.ratio} for row in rows]}))
        return
    print(f"Standard quality, {hardware()}\n\n{'stage':24}{'ours':>9}{'target':>9}{'naive':>9}{'ratio':>8}")
    for row in rows:
        naive = f"{row.naive:>7.2f} {row.unit}{row.ratio:>7.1f}×" if row.naive else " " * 17
        print(f"{row.step:24}{row.ours:>7.2f} {row.unit}{row.target:>7.1f} {row.unit}{naive}  {row.note}")


if __name__ == "__main__":
    main()
