"""From photos to a model: every stage in order, timed, stoppable, and with nothing left behind after a failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ml import engines, files
from ml.core import frames
from ml.core.frames import Placement
from ml.core.memory import out_of_memory
from ml.cutout_options import CutoutOptions
from ml.engines import Engine
from ml.errors import ReconstructionError
from ml.export import write
from ml.mesh import base, feet, marching_cubes, printability, repair
from ml.mesh.flatten import flatten
from ml.mesh.mesh import Mesh
from ml.multiview import camera_fit, fusion
from ml.notes import Note, note, notes_from_json, notes_to_json
from ml.photo import decode
from ml.photo.cutout import Cutout, cut
from ml.photo.decode import Photo
from ml.pipeline import painting, report
from ml.pipeline.beside import OnStep, beside
from ml.pipeline.run import Run, start_run
from ml.pipeline.source import Source, copy_source_files, load_source, save_cutout, with_photos
from ml.recipe import MAX_PHOTOS, PLATE, Recipe
from ml.render import mesh_renderer, turntable
from ml.render.mesh_renderer import PreparedModel
from ml.scene import stretched
from ml.stages import Listeners, OnFile, OnProgress, ShouldStop, ignore, never
from ml.texture import plate, projection, unseen
from ml.texture.bake import TexturedMesh

PREVIEW_GRID = 64
"""Cells per axis of the preview, and of the coarsest grid to retry with: still a recognisable shape."""
BED_MM = 220.0
"""Print volume along each axis of a common filament printer; a larger model gets a note."""
NO_PHOTO = "Add at least one photo."
TOO_MANY = f"A model can be made from at most {MAX_PHOTOS} photos."
OWN_FOLDER = "Choose a different folder for the new version; this one holds the earlier result."


@dataclass(frozen=True)
class Reconstruction:
    """The result: the names of all files in `out_dir`, the report as written, and the name of the engine."""

    files: tuple[str, ...]
    report: dict[str, Any]
    engine: str


def reconstruct(
    photos: Sequence[bytes],
    recipe: Recipe,
    out_dir: Path,
    *,
    engine: Engine | None = None,
    on_progress: OnProgress = ignore,
    on_file: OnFile = ignore,
    should_stop: ShouldStop = never,
    unwrap: str = "auto",
) -> Reconstruction:
    """Make a textured model from 1 to 5 photos of one object and write every file of `ml.files` into `out_dir`.

    `photos` are encoded pictures, the main one first. `cutout.png` and `preview.glb` appear as soon as they are
    complete, announced through `on_file`; all other files appear at the end. `unwrap` is one of `ml.recipe.UNWRAPS`.
    Raises ReconstructionError, or Stopped once `should_stop()` returns True; either way no file of the run remains.
    """
    if not 1 <= len(photos) <= MAX_PHOTOS:
        raise ReconstructionError("invalid_recipe", TOO_MANY if photos else NO_PHOTO)
    listeners = Listeners(on_progress, on_file, should_stop)
    with start_run(recipe.resolved(), out_dir, listeners, unwrap) as run:
        return _finish_model(run, _infer_scene(run, photos, engine), remixed=False)


def remix(
    earlier: Path,
    recipe: Recipe,
    out_dir: Path,
    *,
    on_progress: OnProgress = ignore,
    on_file: OnFile = ignore,
    should_stop: ShouldStop = never,
    unwrap: str = "auto",
) -> Reconstruction:
    """Make another model from the scene of the result in folder `earlier`, without running the network.

    Settings that shaped the scene (`ml.recipe.SCENE_FIELDS`) keep their values; all others come from `recipe`. The new
    folder can itself be remixed. Raises as `reconstruct` does, and ReconstructionError(`source_unusable`).
    """
    if earlier.resolve() == out_dir.resolve():
        raise ReconstructionError("invalid_recipe", OWN_FOLDER)
    source, earlier_recipe = load_source(earlier)
    listeners = Listeners(on_progress, on_file, should_stop)
    with start_run(recipe.with_scene_of(earlier_recipe).resolved(), out_dir, listeners, unwrap) as run:
        copy_source_files(earlier, run.folder)
        run.publish_early(files.CUTOUT)
        return _finish_model(run, source, remixed=True)


def _infer_scene(run: Run, photos: Sequence[bytes], engine: Engine | None) -> Source:
    """The stages that need the photos and the networks."""
    with run.stage("prepare"):
        opened = [decode.open_photo(data) for data in photos]
    with run.stage("cutout") as step:
        cutouts: list[Cutout] = []
        for photo in opened:
            cutouts.append(_cut_out(run, photo, len(cutouts)))
            step(len(cutouts) / len(opened))
        run.publish_early(files.CUTOUT)
    with run.stage("scene"):
        engine = engine or engines.choose(run.recipe.engine)
        fused = fusion.fuse(engine.infer, cutouts, run.recipe.sides)
        fused.scene.save(run.folder / files.SCENE)
    return Source(fused.scene, fused.photos, _metadata(engine, opened, cutouts, fused))


def _cut_out(run: Run, photo: Photo, number: int) -> Cutout:
    recipe = run.recipe
    options = CutoutOptions.of_photo(recipe, number)
    cutout = cut(
        photo,
        remove_background=options.remove_background,
        foreground_ratio=recipe.foreground_ratio,
        mask=options.mask,
        subject=options.subject,
    )
    save_cutout(cutout, number, run.folder)
    return cutout


def _metadata(
    engine: Engine, opened: Sequence[Photo], cutouts: Sequence[Cutout], fused: fusion.Fused
) -> dict[str, Any]:
    """The report's entries about photos and scene: `source.METADATA_KEYS`."""
    return {
        "engine": engine.name,
        "weights_hash": engine.weights_hash,
        "photo": {"width": opened[0].original_size[0], "height": opened[0].original_size[1]},
        "background": cutouts[0].method,
        "origin_notes": notes_to_json([*_notes_on_photos(opened, cutouts), *fused.notes]),
        "shots": [photo.to_dict() for photo in fused.photos],
    }


def _notes_on_photos(opened: Sequence[Photo], cutouts: Sequence[Cutout]) -> list[Note]:
    """The notes of every photo and its cutout; with several photos they say which one."""
    notes = [(*photo.notes, *cutout.notes) for photo, cutout in zip(opened, cutouts, strict=True)]
    if len(notes) == 1:
        return list(notes[0])
    return [entry.of_photo(number) for number, entries in enumerate(notes, start=1) for entry in entries]


def _finish_model(run: Run, source: Source, *, remixed: bool) -> Reconstruction:
    """The stages after the scene, the same for a first model and a remix."""
    depth = run.recipe.depth
    source = replace(source, scene=stretched.stretch(source.scene, source.photos[0].camera, depth))
    mesh, bare, source = _build_within_memory(run, source)
    recipe = run.recipe
    model = _with_plate(run, bare)
    with run.stage("views") as step:
        prepared = mesh_renderer.prepare(model)
        bare_prepared = prepared if model is bare else mesh_renderer.prepare(bare)
        turntable.write(
            prepared,
            run.folder,
            count=recipe.frame_count or 1,
            size=recipe.frame_size or 1,
            elevation=recipe.elevation,
            background=recipe.background,
            volume=turntable.Volume(source.scene, bare_prepared) if recipe.renderer == "nerf" else None,
            on_step=step,
        )
    extras = {"recipe": _recipe_used(run, source)}
    with run.stage("export") as step, beside(lambda _: write.write(model, run.folder, recipe, extras)) as written:
        checks = _compare(run, source, bare_prepared) | _measure(run, mesh, model) | _unseen(source, bare)
        written(lambda _: step(0.5))
    summary = {"remixed": remixed} | _summary(run, source) | checks
    report.write(summary, run.folder / files.REPORT)
    return Reconstruction(run.publish_rest(), summary, source.metadata["engine"])


def _build_within_memory(run: Run, source: Source) -> tuple[Mesh, TexturedMesh, Source]:
    """As `_build_model`; if memory runs out, once more with a grid half as fine, and a note says so."""
    try:
        return _build_model(run, source)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
    run.notes.append(note("coarser_grid"))
    run.recipe = replace(run.recipe, grid=max((run.recipe.grid or PREVIEW_GRID) // 2, PREVIEW_GRID))
    return _build_model(run, source)


def _build_model(run: Run, source: Source) -> tuple[Mesh, TexturedMesh, Source]:
    """The closed mesh, the same mesh split at texture seams, and the source with its cameras fitted to the mesh.

    With `relight` the source's photos have base colours, which the self-check then compares.
    """
    recipe = run.recipe
    with run.stage("surface") as step, beside(partial(_extract_surface, run.recipe, source)) as surface:
        _publish_preview(run, source)
        step(0.2)  # rough share of the preview in this stage
        raw = surface(lambda fraction: step(0.2 + 0.8 * fraction))
    with run.stage("mesh"):
        budget = recipe.faces or len(raw.faces)
        standing = feet.level(flatten(raw, source.photos[0].camera), source.photos[0].camera)
        whole = repair.finish(standing, budget, largest_part=recipe.largest_part)
        mesh = repair.reduce_faces(base.cut_flat(whole, recipe.base), budget)
        source = with_photos(source, camera_fit.fit_assumed_cameras(mesh, source.photos))
    model, source = painting.textured(run, source, mesh)
    return mesh, model, source


def _extract_surface(recipe: Recipe, source: Source, on_step: OnStep) -> Mesh:
    cameras = [photo.camera for photo in source.photos]
    return marching_cubes.extract(source.scene, recipe.grid or PREVIEW_GRID, recipe.threshold, on_step, photos=cameras)


def _publish_preview(run: Run, source: Source) -> None:
    """Publish a coarse model to look at while the final one is made; only once, even when the build is repeated."""
    if files.PREVIEW in run.published:
        return
    light = write.preview_mesh(marching_cubes.extract(source.scene, PREVIEW_GRID, run.recipe.threshold))
    write.preview(light, painting.vertex_colors(run.recipe, source, light), run.folder / files.PREVIEW)
    run.publish_early(files.PREVIEW)


def _with_plate(run: Run, model: TexturedMesh) -> TexturedMesh:
    """The model on a plate, if the recipe asks for one."""
    if run.recipe.base != PLATE:
        return model
    return plate.with_plate(model, _placement(run, model.mesh).mm_per_unit)


def _placement(run: Run, mesh: Mesh) -> Placement:
    return frames.place(mesh.vertices, run.recipe.height_mm, run.recipe.size_axis)


def _compare(run: Run, source: Source, prepared: PreparedModel) -> dict[str, Any]:
    """How well the model, without a plate, matches the main photo."""
    main = source.photos[0]
    check = turntable.compare_with_photo(prepared, main.cutout, main.camera)
    if check["silhouette_iou"] < projection.MIN_SILHOUETTE_IOU:
        run.notes.append(note("not_painted"))
    return {"self_check": check}


def _measure(run: Run, mesh: Mesh, model: TexturedMesh) -> dict[str, Any]:
    """How the model is placed in the files, and statistics of what is printed, with notes on both."""
    placement = _placement(run, model.mesh)
    printed = mesh
    if run.recipe.base == PLATE:
        printed = base.joined(mesh, base.plate_under(mesh, _placement(run, mesh).mm_per_unit))
    statistics = printability.statistics(printed, placement)
    if printed is not mesh:
        statistics["parts"] -= 1  # the plate overlaps the model and is printed with it as one piece
    if not statistics["stands"]:
        run.notes.append(note("falls_over"))
    if max(statistics["size_mm"]) > BED_MM:
        depth, width, height = statistics["size_mm"]
        run.notes.append(note("larger_than_bed", size=f"{width:.0f} × {depth:.0f} × {height:.0f}"))
    return {"placement": placement.to_dict(), "mesh": statistics}


def _unseen(source: Source, model: TexturedMesh) -> dict[str, Any]:
    """What no photo shows, and which further photo would help most."""
    return {"unseen": unseen.unseen(model, [photo.camera.azimuth for photo in source.photos]).to_dict()}


def _summary(run: Run, source: Source) -> dict[str, Any]:
    return {
        "recipe": _recipe_used(run, source),
        "unwrap": run.unwrap,
        **source.metadata,
        "versions": report.versions(),
        "notes": notes_to_json([*notes_from_json(source.metadata["origin_notes"]), *run.notes]),
        **run.costs.to_dict(),
    }


def _recipe_used(run: Run, source: Source) -> dict[str, Any]:
    """The recipe with every value filled in; with the photos and the report's `unwrap` it reproduces the model."""
    return run.recipe.to_dict() | {"engine": source.metadata["engine"]}
