"""The way of a photo: every stage in order, timed, stoppable, and nothing left behind when it fails."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ml import engines, export, files, mesh, photo, projection, report, surface, texture, views
from ml.cutout import Cutout, cut
from ml.engines import Engine
from ml.errors import ReconstructionError, Stopped
from ml.memory import out_of_memory
from ml.mesh import Mesh
from ml.photo import Photo
from ml.recipe import Recipe
from ml.scene import Scene
from ml.stages import OnProgress, ShouldStop
from ml.texture import TexturedMesh

PREVIEW_GRID = 64
COARSER = "Memory ran short, so the model was made with a coarser grid."
NOT_PAINTED = "The model's outline differs from the photo's, so the colours are the network's own, not the photo's."
ONE_PHOTO = "Only one photo is supported so far. Send the best one alone."


@dataclass(frozen=True)
class Reconstruction:
    """What came out: the names of all files in `out_dir`, the report as written, the engine that made it."""

    files: tuple[str, ...]
    report: dict[str, Any]
    engine: str


@dataclass
class _Run:
    """One walk through the stages: where files grow, who listens, what it has cost."""

    recipe: Recipe
    out_dir: Path
    folder: Path
    on_progress: OnProgress | None
    should_stop: ShouldStop | None
    costs: report.Costs = field(default_factory=report.Costs)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float], None]]:
        """One stage: gives the function that tells how far it is and that raises Stopped when asked to stop."""

        def step(fraction: float) -> None:
            if self.should_stop and self.should_stop():
                raise Stopped
            if self.on_progress:
                self.on_progress(name, fraction)

        step(0.0)
        with self.costs.measured(name):
            yield step
        step(1.0)


def reconstruct(
    photos: Sequence[bytes],
    recipe: Recipe,
    out_dir: Path,
    *,
    engine: Engine | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Reconstruction:
    """Make a textured model from a photo (its file's bytes) and write every file of `ml.files` into `out_dir`.

    `preview.glb` appears there as soon as the surface is known, all the rest together at the end.
    Raises ReconstructionError, or Stopped once `should_stop()` is True; then nothing of the run is left.
    """
    if len(photos) != 1:
        raise ReconstructionError("invalid_recipe", ONE_PHOTO if photos else "There is no photo.")
    created = not out_dir.exists()
    out_dir.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=out_dir, prefix=".partial-") as folder:
            run = _Run(recipe.resolved(), out_dir, Path(folder), on_progress, should_stop)
            return _walk(run, photos[0], engine)
    except BaseException as error:
        (out_dir / files.PREVIEW).unlink(missing_ok=True)
        if created:
            with suppress(OSError):
                out_dir.rmdir()
        if out_of_memory(error):
            raise ReconstructionError("out_of_memory") from error
        raise


def _walk(run: _Run, data: bytes, engine: Engine | None) -> Reconstruction:
    opened, cutout = _object(run, data)
    engine, scene = _scene(run, cutout, engine)
    solid, model = _model_within_memory(run, cutout, scene)
    recipe = run.recipe
    with run.stage("views") as step:
        count, size = recipe.frame_count or 1, recipe.frame_size or 1
        views.turntable(model, run.folder, count=count, size=size, elevation=recipe.elevation, on_step=step)
    with run.stage("export") as step:
        export.write(model, run.folder, recipe.height_mm)
        scene.save(run.folder / files.SCENE)
        step(0.7)
        check = views.self_check(model, cutout, scene.camera)
        if check["silhouette_iou"] < projection.LEAST_AGREEMENT:
            run.notes.append(NOT_PAINTED)
    summary = _report(run, opened, cutout, engine) | {
        "mesh": mesh.statistics(solid, recipe.height_mm),
        "self_check": check,
    }
    report.write(summary, run.folder / files.REPORT)
    return Reconstruction(_published(run), summary, engine.name)


def _object(run: _Run, data: bytes) -> tuple[Photo, Cutout]:
    with run.stage("prepare"):
        opened = photo.open_photo(data)
    with run.stage("cutout"):
        recipe = run.recipe
        cutout = cut(opened, remove_background=recipe.remove_background, foreground_ratio=recipe.foreground_ratio)
        Image.fromarray(cutout.on_grey()).save(run.folder / files.INPUT)
        visible = np.where(cutout.rgba[..., 3:] > 0, cutout.rgba, np.uint8(0))
        Image.fromarray(visible).save(run.folder / files.CUTOUT)
    return opened, cutout


def _scene(run: _Run, cutout: Cutout, engine: Engine | None) -> tuple[Engine, Scene]:
    with run.stage("scene"):
        engine = engine or engines.choose(run.recipe.engine)
        return engine, engine.infer(cutout)


def _model_within_memory(run: _Run, cutout: Cutout, scene: Scene) -> tuple[Mesh, TexturedMesh]:
    """The model; where memory ran out, once more and coarser, and the result says so."""
    try:
        return _model(run, cutout, scene)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
    run.notes.append(COARSER)
    run.recipe = replace(run.recipe, grid=max((run.recipe.grid or PREVIEW_GRID) // 2, PREVIEW_GRID))
    return _model(run, cutout, scene)


def _model(run: _Run, cutout: Cutout, scene: Scene) -> tuple[Mesh, TexturedMesh]:
    """The closed mesh, and the same split at its texture's seams."""
    recipe = run.recipe
    with run.stage("surface") as step:
        _preview(run, scene)
        step(0.2)
        raw = surface.extract(scene, recipe.grid or PREVIEW_GRID, recipe.threshold, lambda f: step(0.2 + 0.8 * f))
    with run.stage("mesh"):
        solid = mesh.finish(raw, recipe.faces or len(raw.faces))
    with run.stage("texture") as step:
        return solid, texture.bake(solid, scene, cutout, recipe.texture_size or 1024, on_step=step)


def _preview(run: _Run, scene: Scene) -> None:
    """A coarse model, published at once: something to look at while the fine one is made."""
    coarse = surface.extract(scene, PREVIEW_GRID, run.recipe.threshold)
    growing = run.folder / files.PREVIEW
    export.preview(coarse, scene, growing)
    growing.replace(run.out_dir / files.PREVIEW)


def _report(run: _Run, opened: Photo, cutout: Cutout, engine: Engine) -> dict[str, Any]:
    return {
        "recipe": run.recipe.to_dict(),
        "engine": engine.name,
        "weights_hash": engine.weights_hash,
        "versions": report.versions(),
        "photo": {"width": opened.original_size[0], "height": opened.original_size[1]},
        "background": cutout.method,
        "notes": [*opened.notes, *cutout.notes, *run.notes],
        **run.costs.to_dict(),
    }


def _published(run: _Run) -> tuple[str, ...]:
    """Move everything to its place; the names in a stable order."""
    made = sorted(each.name for each in run.folder.iterdir())
    for name in made:
        (run.folder / name).replace(run.out_dir / name)
    return tuple(sorted({*made, files.PREVIEW}))
