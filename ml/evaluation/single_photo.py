"""How close each engine's model of a single photo comes to the true object. The protocol is in docs/evaluation.md."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from ml import engines
from ml.core.camera import Camera
from ml.core.images import Floats
from ml.core.masks import iou
from ml.engine_registry import ENGINES
from ml.engines.compact import engine as compact
from ml.errors import ReconstructionError
from ml.evaluation import score
from ml.mesh import marching_cubes, ray_intervals
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays
from ml.photo.cutout import SIZE, Cutout
from ml.scene.protocol import Scene
from ml.training import meshes, posing, render

GRID = 128
"""Cells per axis of the surfaces that are judged."""
VIEW_SEED = 5000
NAMES = ("inflated", *ENGINES)
Infer = Callable[[Cutout], Scene]
Figures = dict[str, dict[str, dict[str, float]]]
"""Per set and engine (or way of asking it), a number for each column."""


@dataclass(frozen=True)
class Example:
    """One object and its picture.

    `truth` (10,000, 3) points of its outer surface, turned so that the camera stands at azimuth 0, boxed to longest
    side 2. `elevation` in degrees. `occupancy` (64, 64, 64) bool along the rays of the picture's pixels.
    """

    name: str
    cutout: Cutout
    truth: Floats
    elevation: float
    occupancy: NDArray[np.bool_]


@dataclass(frozen=True)
class Result:
    """One object by one engine. F-scores at 0.05, 0.1 and 0.2; `volume` is the IoU along the rays, camera as given."""

    name: str
    exact: score.Scores
    aligned: score.Scores
    silhouette: float
    volume: float
    elevation_error: float
    seconds: float


def example(solid: meshes.Solid, seed: int) -> Example:
    """`solid` from a seeded view: any side, −10° to 35° high, the canonical lens."""
    rng = np.random.default_rng(seed)
    azimuth, elevation, _ = posing.random_angles(rng)
    view = posing.pose(solid.vertices, solid.faces, azimuth, elevation)
    caster = Caster(view.vertices, view.faces)
    cutout = photo(solid, view, caster, rng)
    occupancy = render.cast_target(caster, view, solid.colors).occupancy
    return Example(solid.name, cutout, truth(solid, azimuth, seed), elevation, occupancy)


def photo(solid: meshes.Solid, view: posing.View, caster: Caster, rng: np.random.Generator) -> Cutout:
    """The picture of a posed object, lit at random."""
    normals = render.corner_normals(view.vertices, view.faces, caster.normals)
    picture, cover = render.draw(caster, view, solid.vertices[view.faces], normals, solid.colors, rng, SIZE)
    rgba = np.concatenate([_carried_on(picture, cover), cover[..., None]], axis=2)
    return Cutout((rgba * 255.0 + 0.5).astype(np.uint8), (0, 0, SIZE, SIZE), "none")


def truth(solid: meshes.Solid, azimuth: float, seed: int) -> Floats:
    """(10,000, 3) points of the outer surface as a camera at `azimuth` degrees has them before it, as in `Example`."""
    return score.boxed(score.outer_points(solid.vertices, solid.faces, seed=seed) @ score.yaw(-azimuth).T)


def _carried_on(picture: Floats, cover: Floats) -> Floats:
    """The picture with the object's colours going on beyond its silhouette, as a cutout has them."""
    rows, columns = distance_transform_edt(cover < 0.5, return_distances=False, return_indices=True)
    return np.asarray(picture[rows, columns], np.float32)


def examples(solids: Iterable[meshes.Solid]) -> Iterator[Example]:
    """One seeded view of each object that the data set would have taken, too."""
    for number, solid in enumerate(solids):
        yield example(solid, VIEW_SEED + number)


def judge(found: Example, infer: Infer) -> Result | None:
    """What an engine makes of an example; None when it finds no shape in it."""
    started = time.perf_counter()
    scene = infer(found.cutout)
    seconds = time.perf_counter() - started
    try:
        mesh = marching_cubes.extract(scene, GRID)
    except ReconstructionError:
        return None
    guess = points(mesh)
    return Result(
        name=found.name,
        exact=score.compare(guess, found.truth),
        aligned=score.compare(score.aligned(guess, found.truth), found.truth),
        silhouette=iou(silhouette(mesh, scene.camera), found.cutout.alpha > 0.5),
        volume=iou(occupancy(mesh, scene.camera), found.occupancy),
        elevation_error=abs(scene.camera.elevation - found.elevation),
        seconds=seconds,
    )


def points(mesh: Mesh) -> Floats:
    """(10,000, 3) points of a mesh's outer surface, boxed to longest side 2."""
    return score.boxed(score.outer_points(mesh.vertices, mesh.faces.astype(np.int64)))


def silhouette(mesh: Mesh, camera: Camera) -> NDArray[np.bool_]:
    """(512, 512) which pixels of the photo's camera see the mesh."""
    caster = Caster(mesh.vertices, mesh.faces)
    return caster.occluded(*camera_rays(camera, SIZE)).reshape(SIZE, SIZE)


def occupancy(mesh: Mesh, camera: Camera) -> NDArray[np.bool_]:
    """(64, 64, 64) the mesh along the rays of 64 × 64 pixels, filled into depth bins as the data set fills the truth.

    A model that was made smaller together with its camera is measured at the camera's usual distance.
    """
    size, scale = render.GRID, camera.distance / Camera().distance
    caster = Caster(mesh.vertices, mesh.faces)
    origins, directions = camera_rays(camera, size)
    unit_depth = directions / (directions @ camera.axes()[2].numpy())[:, None]
    depths, faces = ray_intervals.all_hits(caster, origins, unit_depth)
    inside = ray_intervals.inside_after(caster, unit_depth, faces)
    offsets = np.where(faces >= 0, (depths - camera.distance) / scale, np.inf).astype(np.float32)
    return render.filled_bins(offsets, inside).reshape(size, size, render.BINS)


def engine_named(name: str) -> Infer | None:
    """`inflated` is the compact engine without its network. None where an engine is not installed."""
    if name == "inflated":
        return compact.inflate
    try:
        return engines.choose(name).infer
    except ReconstructionError:
        return None


def summary(results: list[Result]) -> dict[str, float]:
    """Means over the objects, the median of the elevation's error; rounded."""
    rows = {
        "exact_f05": [each.exact.f[0] for each in results],
        "exact_f10": [each.exact.f[1] for each in results],
        "exact_f20": [each.exact.f[2] for each in results],
        "aligned_f05": [each.aligned.f[0] for each in results],
        "aligned_f10": [each.aligned.f[1] for each in results],
        "aligned_f20": [each.aligned.f[2] for each in results],
        "chamfer": [each.exact.chamfer for each in results],
        "aligned_chamfer": [each.aligned.chamfer for each in results],
        "silhouette_iou": [each.silhouette for each in results],
        "volume_iou": [each.volume for each in results],
        "seconds": [each.seconds for each in results],
    }
    figures = {key: round(float(np.mean(values)), 3) for key, values in rows.items()}
    return figures | {"elevation_error": round(float(np.median([each.elevation_error for each in results])), 1)}


def table(figures: dict[str, dict[str, float]]) -> str:
    """A Markdown table: one engine a row."""
    columns = list(next(iter(figures.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(f"{row[key]:g}" for key in columns) + " |" for name, row in figures.items()]
    return "\n".join(lines)


def evaluate(sets: dict[str, list[Example]], names: Iterable[str]) -> Figures:
    """Figures per set and engine; engines that are not installed are left out."""
    found: Figures = {}
    for title, each in sets.items():
        found[title] = {}
        for name in names:
            infer = engine_named(name)
            if infer is None:
                continue
            results = [result for result in map(partial(judge, infer=infer), each) if result]
            found[title][name] = summary(results) | {"objects": len(results)}
        print(f"\n{title}\n\n{table(found[title])}", flush=True)
    return found
