"""The way of a photo: every stage in order, timed, stoppable, and nothing left behind when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from ml import engines, files
from ml.core.memory import out_of_memory
from ml.engines import Engine
from ml.errors import ReconstructionError
from ml.export import write
from ml.mesh import marching_cubes, printability, repair
from ml.mesh.mesh import Mesh
from ml.multiview import camera_fit, fusion
from ml.photo import decode
from ml.photo.cutout import Cutout, cut
from ml.photo.decode import Photo
from ml.pipeline import report, run, source
from ml.pipeline.run import Listeners, Run
from ml.pipeline.source import Origin
from ml.recipe import MAX_PHOTOS, Recipe
from ml.render import turntable
from ml.render.mesh_renderer import Subject
from ml.stages import OnFile, OnProgress, ShouldStop
from ml.texture import bake, projection
from ml.texture.bake import TexturedMesh

PREVIEW_GRID = 64
COARSER = "Memory ran short, so the model was made with a coarser grid."
NOT_PAINTED = "The model's outline differs from the photo's, so the colours are the network's own, not the photo's."
NO_PHOTO = "There is no photo."
TOO_MANY = f"At most {MAX_PHOTOS} photos can be joined into one model."
OWN_FOLDER = "A new version needs a folder of its own, not that of the earlier result."


@dataclass(frozen=True)
class Reconstruction:
    """What came out: the names of all files in `out_dir`, the report as written, the engine that made it."""

    files: tuple[str, ...]
    report: dict[str, Any]
    engine: str


def reconstruct(
    photos: Sequence[bytes],
    recipe: Recipe,
    out_dir: Path,
    *,
    engine: Engine | None = None,
    on_progress: OnProgress | None = None,
    on_file: OnFile | None = None,
    should_stop: ShouldStop | None = None,
    unwrap: str = "auto",
) -> Reconstruction:
    """Make a textured model from 1 to 5 photos of one object and write every file of `ml.files` into `out_dir`.

    `photos` are the files' bytes, the main one first. `cutout.png` and `preview.glb` appear as soon as they are whole,
    and `on_file` is told; all the rest comes together at the end. `unwrap` is one of `ml.recipe.UNWRAPS`.
    Raises ReconstructionError, or Stopped once `should_stop()` is True; then nothing of the run is left.
    """
    if not 1 <= len(photos) <= MAX_PHOTOS:
        raise ReconstructionError("invalid_recipe", TOO_MANY if photos else NO_PHOTO)
    listeners = Listeners(on_progress, on_file, should_stop)
    with run.started(recipe.resolved(), out_dir, listeners, unwrap) as walk:
        made_from = _imagined(walk, photos, engine)
        return _finished(walk, made_from, {"remixed": False})


def remix(
    earlier: Path,
    recipe: Recipe,
    out_dir: Path,
    *,
    on_progress: OnProgress | None = None,
    on_file: OnFile | None = None,
    should_stop: ShouldStop | None = None,
    unwrap: str = "auto",
) -> Reconstruction:
    """Make another model from the scene of an result in folder `earlier`, without the network.

    What went into the scene (`ml.recipe.OF_THE_SCENE`) stays as it was; every other choice is the new recipe's. The new
    folder holds all that the next remix needs. Raises as `reconstruct`, and ReconstructionError(`source_unusable`).
    """
    if earlier.resolve() == out_dir.resolve():
        raise ReconstructionError("invalid_recipe", OWN_FOLDER)
    made_from, made = source.load(earlier)
    wanted, listeners = recipe.with_scene_of(made).resolved(), Listeners(on_progress, on_file, should_stop)
    with run.started(wanted, out_dir, listeners, unwrap) as walk:
        source.copy_files(earlier, walk.folder)
        walk.publish_early(files.CUTOUT)
        return _finished(walk, made_from, {"remixed": True})


def _imagined(walk: Run, photos: Sequence[bytes], engine: Engine | None) -> Origin:
    """The stages that need the photos and the networks."""
    with walk.stage("prepare"):
        opened = [decode.open_photo(each) for each in photos]
    with walk.stage("cutout") as step:
        cutouts: list[Cutout] = []
        for each in opened:
            cutouts.append(_cutout(walk, each, len(cutouts)))
            step(len(cutouts) / len(opened))
        walk.publish_early(files.CUTOUT)
    with walk.stage("scene"):
        engine = engine or engines.choose(walk.recipe.engine)
        fused = fusion.scene_of(engine, cutouts, walk.recipe.sides)
        fused.scene.save(walk.folder / files.SCENE)
    return Origin(fused.scene, fused.shots, _facts(engine, opened, cutouts, fused))


def _cutout(walk: Run, opened: Photo, number: int) -> Cutout:
    recipe = walk.recipe
    cutout = cut(opened, remove_background=recipe.remove_background, foreground_ratio=recipe.foreground_ratio)
    source.save_picture(cutout, number, walk.folder)
    return cutout


def _facts(engine: Engine, opened: Sequence[Photo], cutouts: Sequence[Cutout], fused: fusion.Fused) -> dict[str, Any]:
    """What the report says about photos and scene: `origin.FACTS`."""
    notes = [each.notes for each in opened] + [each.notes for each in cutouts] + [fused.notes]
    return {
        "engine": engine.name,
        "weights_hash": engine.weights_hash,
        "photo": {"width": opened[0].original_size[0], "height": opened[0].original_size[1]},
        "background": cutouts[0].method,
        "origin_notes": list(dict.fromkeys(chain.from_iterable(notes))),
        "shots": [shot.to_dict() for shot in fused.shots],
    }


def _finished(walk: Run, made_from: Origin, kind: dict[str, Any]) -> Reconstruction:
    """The stages after the scene, for a first model and a remix alike."""
    solid, model, made_from = _model_within_memory(walk, made_from)
    recipe = walk.recipe
    with walk.stage("views") as step:
        subject = Subject.of(model)
        turntable.turntable(
            subject,
            walk.folder,
            count=recipe.frame_count or 1,
            size=recipe.frame_size or 1,
            elevation=recipe.elevation,
            background=recipe.background,
            scene=made_from.scene if recipe.renderer == "nerf" else None,
            on_step=step,
        )
    with walk.stage("export") as step:
        write.write(model, walk.folder, recipe, {"recipe": _as_made(walk, made_from)})
        step(0.7)
        checks = _checks(walk, made_from, solid, subject)
    summary = kind | _summary(walk, made_from) | checks
    report.write(summary, walk.folder / files.REPORT)
    return Reconstruction(walk.publish_rest(), summary, made_from.facts["engine"])


def _model_within_memory(walk: Run, made_from: Origin) -> tuple[Mesh, TexturedMesh, Origin]:
    """The model; where memory ran out, once more and coarser, and the result says so."""
    try:
        return _model(walk, made_from)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
    walk.notes.append(COARSER)
    walk.recipe = replace(walk.recipe, grid=max((walk.recipe.grid or PREVIEW_GRID) // 2, PREVIEW_GRID))
    return _model(walk, made_from)


def _model(walk: Run, made_from: Origin) -> tuple[Mesh, TexturedMesh, Origin]:
    """The closed mesh, the same split at its texture's seams, and the origin with cameras that fit the mesh."""
    recipe, scene = walk.recipe, made_from.scene
    with walk.stage("surface") as step:
        _preview(walk, made_from)
        step(0.2)
        raw = marching_cubes.extract(
            scene, recipe.grid or PREVIEW_GRID, recipe.threshold, lambda f: step(0.2 + 0.8 * f)
        )
    with walk.stage("mesh"):
        solid = repair.finish(raw, recipe.faces or len(raw.faces))
        made_from = source.with_shots(made_from, camera_fit.fitted(solid, made_from.shots))
    with walk.stage("texture") as step:
        size = recipe.texture_size or 1024
        model = bake.bake(solid, scene, made_from.shots, size, on_step=step, method=walk.unwrap)
    walk.unwrap = model.unwrap
    return solid, model, made_from


def _preview(walk: Run, made_from: Origin) -> None:
    """A coarse model, published at once: something to look at while the fine one is made."""
    if files.PREVIEW in walk.published:
        return
    coarse = marching_cubes.extract(made_from.scene, PREVIEW_GRID, walk.recipe.threshold)
    write.preview(coarse, made_from.scene, walk.folder / files.PREVIEW)
    walk.publish_early(files.PREVIEW)


def _checks(walk: Run, made_from: Origin, solid: Mesh, subject: Subject) -> dict[str, Any]:
    """The mesh in numbers, and how it agrees with the main photo."""
    main = made_from.shots[0]
    check = turntable.self_check(subject, main.cutout, main.camera)
    if check["silhouette_iou"] < projection.LEAST_AGREEMENT:
        walk.notes.append(NOT_PAINTED)
    return {"mesh": printability.statistics(solid, walk.recipe.height_mm), "self_check": check}


def _summary(walk: Run, made_from: Origin) -> dict[str, Any]:
    return {
        "recipe": _as_made(walk, made_from),
        "unwrap": walk.unwrap,
        **made_from.facts,
        "versions": report.versions(),
        "notes": [*made_from.facts["origin_notes"], *walk.notes],
        **walk.costs.to_dict(),
    }


def _as_made(walk: Run, made_from: Origin) -> dict[str, Any]:
    """The recipe with what it came to: with the report's `unwrap` and the photos enough to make the model again."""
    return walk.recipe.to_dict() | {"engine": made_from.facts["engine"]}
