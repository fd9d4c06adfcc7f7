"""The stage that paints the mesh: the photos' light is measured and taken out before they are projected onto it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ml.core.images import Floats
from ml.mesh.mesh import Mesh
from ml.photo.posed_photo import PosedPhoto
from ml.pipeline.run import Run
from ml.pipeline.source import Source, with_photos
from ml.recipe import Recipe
from ml.texture import bake, relief, relight, roughness
from ml.texture.bake import TexturedMesh
from ml.texture.relight import LitPicture
from ml.texture.unwrap import unwrapping


def textured(run: Run, source: Source, mesh: Mesh) -> tuple[TexturedMesh, Source]:
    """The mesh with its texture, and the source; with `relight` its photos have base colours from here on."""
    recipe, main = run.recipe, source.photos[0]
    size = recipe.texture_size or 1024
    with run.stage("texture") as step, unwrapping(mesh, size, run.unwrap) as layout:
        lights = _lights(recipe, source, mesh)
        fine = relief.find(lights[0], main) if recipe.quality != "draft" else None
        source = _without_light(source, lights)
        model = bake.paint(mesh, source.scene, _painting_photos(recipe, source), size, layout, step)
        normals = relief.normal_map(model, fine, mesh, main) if fine else None
        model = replace(model, roughness=roughness.estimate(lights[0]), normal_map=normals)
    run.unwrap = model.unwrap
    return model, source


def vertex_colors(recipe: Recipe, source: Source, mesh: Mesh) -> Floats:
    """(V, 3) colours of a preview's vertices, sRGB in [0, 1]."""
    source = _without_light(source, _lights(recipe, source, mesh))
    return bake.vertex_colors(mesh, source.scene, _painting_photos(recipe, source))


def _lights(recipe: Recipe, source: Source, mesh: Mesh) -> list[LitPicture | None]:
    """The light in each photo, if the recipe asks to take it out."""
    return [relight.measure(mesh, photo) if recipe.relight else None for photo in source.photos]


def _without_light(source: Source, lights: Sequence[LitPicture | None]) -> Source:
    """The source's photos with base colours as far as their light is known."""
    return with_photos(source, [relight.without_light(*pair) for pair in zip(source.photos, lights, strict=True)])


def _painting_photos(recipe: Recipe, source: Source) -> Sequence[PosedPhoto]:
    """The photos that are projected onto the model: stretching along the main photo's view keeps its picture only."""
    return source.photos if recipe.depth == 1.0 else source.photos[:1]
