"""How close each engine's model of a single photo is to the true object. The protocol is in docs/evaluation.md."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from ml import engines
from ml.core.camera import Camera
from ml.core.images import Floats
from ml.core.masks import iou
from ml.engine_registry import ENGINES
from ml.engines.compact import engine as compact
from ml.engines.compact.network import BINS
from ml.engines.compact.network import GRID as GRID_PIXELS
from ml.errors import ReconstructionError
from ml.evaluation import score, steps
from ml.evaluation.steps import ALL, Steps
from ml.mesh import ray_intervals
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays
from ml.photo.cutout import SIZE, Cutout
from ml.scene.protocol import Scene
from ml.training import meshes, posing, render

GRID = 128
"""Cells per axis of the surfaces that are measured."""
VIEW_SEED = 5000
"""Seed of the first object's view; the others count up from it."""
NAMES = ("inflated", *ENGINES)
"""What can be measured: the engines, and the compact one without its network."""
Infer = Callable[[Cutout], Scene]
Figures = dict[str, dict[str, dict[str, float]]]
"""Per set and engine (or condition), a number for each column."""


@dataclass(frozen=True)
class Example:
    """One object and its picture.

    `truth` (10,000, 3) points of its outer surface, rotated so that the camera is at azimuth 0, normalized to
    longest side 2. `elevation` in degrees. `occupancy` (64, 64, 64) bool along the rays of the picture's pixels.
    """

    name: str
    cutout: Cutout
    truth: Floats
    elevation: float
    occupancy: NDArray[np.bool_]


@dataclass(frozen=True)
class Result:
    """Scores of one engine for one object. `silhouette` and `volume` are IoUs, the volume's along the photo's rays."""

    name: str
    exact: score.Scores
    aligned: score.Scores
    silhouette: float
    volume: float
    elevation_error: float
    seconds: float


def make_example(mesh: meshes.ColoredMesh, seed: int) -> Example:
    """`mesh` from a seeded view: any side, −10° to 35° high, the canonical field of view."""
    rng = np.random.default_rng(seed)
    azimuth, elevation, _ = posing.random_angles(rng)
    posed = posing.pose(mesh.vertices, mesh.faces, azimuth, elevation)
    caster = Caster(posed.vertices, posed.faces)
    cutout = render_cutout(mesh, posed, caster, rng)
    occupancy = render.cast_target(caster, posed, mesh.colors).occupancy
    return Example(mesh.name, cutout, true_points(mesh, azimuth, seed), elevation, occupancy)


def render_cutout(
    mesh: meshes.ColoredMesh, posed: posing.PosedMesh, caster: Caster, rng: np.random.Generator
) -> Cutout:
    """A picture of the posed object in random light, its true mask as transparency."""
    normals = render.corner_normals(posed.vertices, posed.faces, caster.normals)
    corners = mesh.vertices[posed.faces]
    picture, cover = render.picture_of(render.see(caster, posed, corners, normals, mesh.colors, rng, SIZE))
    rgba = np.concatenate([_extended(picture, cover), cover[..., None]], axis=2)
    return Cutout((rgba * 255.0 + 0.5).astype(np.uint8), (0, 0, SIZE, SIZE), "none")


def true_points(mesh: meshes.ColoredMesh, azimuth: float, seed: int) -> Floats:
    """(10,000, 3) points of the outer surface in the frame of a camera at `azimuth` degrees, as in `Example`."""
    outer = score.outer_points(mesh.vertices, mesh.faces, seed=seed)
    return score.normalized(outer @ score.yaw_rotation(-azimuth).T)


def _extended(picture: Floats, cover: Floats) -> Floats:
    """The picture with the object's colours continued beyond its silhouette, as cutouts have them."""
    rows, columns = distance_transform_edt(cover < 0.5, return_distances=False, return_indices=True)
    return np.asarray(picture[rows, columns], np.float32)


def make_examples(objects: Iterable[meshes.ColoredMesh]) -> Iterator[Example]:
    """One seeded view of each object."""
    for number, mesh in enumerate(objects):
        yield make_example(mesh, VIEW_SEED + number)


def score_example(example: Example, infer: Infer, taken: Steps = ALL) -> Result | None:
    """Reconstruct the example and compare; None when the result has no surface."""
    started = time.perf_counter()
    scene = infer(example.cutout)
    seconds = time.perf_counter() - started
    try:
        mesh = steps.surface(scene, GRID, taken)
    except ReconstructionError:
        return None
    predicted = surface_points(mesh)
    return Result(
        name=example.name,
        exact=score.compare(predicted, example.truth),
        aligned=score.compare(score.aligned(predicted, example.truth), example.truth),
        silhouette=iou(silhouette(mesh, scene.camera), example.cutout.alpha > 0.5),
        volume=iou(occupancy(mesh, scene.camera), example.occupancy),
        elevation_error=abs(scene.camera.elevation - example.elevation),
        seconds=seconds,
    )


def surface_points(mesh: Mesh) -> Floats:
    """(10,000, 3) points of a mesh's outer surface, normalized to longest side 2."""
    return score.normalized(score.outer_points(mesh.vertices, mesh.faces.astype(np.int64)))


def silhouette(mesh: Mesh, camera: Camera) -> NDArray[np.bool_]:
    """(512, 512) mask of the mesh as the photo's camera sees it."""
    caster = Caster(mesh.vertices, mesh.faces)
    return caster.occluded(*camera_rays(camera, SIZE)).reshape(SIZE, SIZE)


def occupancy(mesh: Mesh, camera: Camera) -> NDArray[np.bool_]:
    """(64, 64, 64) depth bins inside the mesh along the rays of 64 × 64 pixels, by the same rule as the targets.

    A model that was scaled down together with its camera is measured at the camera's usual distance.
    """
    size, scale = GRID_PIXELS, camera.distance / Camera().distance
    caster = Caster(mesh.vertices, mesh.faces)
    origins, directions = camera_rays(camera, size)
    unit_depth = directions / (directions @ camera.axes()[2].numpy())[:, None]
    depths, faces = ray_intervals.all_hits(caster, origins, unit_depth)
    inside = ray_intervals.inside_after(caster, unit_depth, faces)
    offsets = np.where(faces >= 0, (depths - camera.distance) / scale, np.inf).astype(np.float32)
    return render.filled_bins(offsets, inside).reshape(size, size, BINS)


def infer_function(name: str) -> Infer | None:
    """The `infer` of one of NAMES; None if the engine is not installed."""
    if name == "inflated":
        return compact.inflate
    try:
        return engines.choose(name).infer
    except ReconstructionError:
        return None


def summary(results: list[Result]) -> dict[str, float]:
    """Means over the objects, for the elevation error the median; rounded."""
    rows = {
        "exact_f05": [result.exact.f[0] for result in results],
        "exact_f10": [result.exact.f[1] for result in results],
        "exact_f20": [result.exact.f[2] for result in results],
        "aligned_f05": [result.aligned.f[0] for result in results],
        "aligned_f10": [result.aligned.f[1] for result in results],
        "aligned_f20": [result.aligned.f[2] for result in results],
        "chamfer": [result.exact.chamfer for result in results],
        "aligned_chamfer": [result.aligned.chamfer for result in results],
        "silhouette_iou": [result.silhouette for result in results],
        "volume_iou": [result.volume for result in results],
        "seconds": [result.seconds for result in results],
    }
    figures = {key: round(float(np.mean(values)), 3) for key, values in rows.items()}
    return figures | {"elevation_error": round(float(np.median([result.elevation_error for result in results])), 1)}


def table(figures: dict[str, dict[str, float]]) -> str:
    """A Markdown table with a row per engine."""
    columns = list(next(iter(figures.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(f"{row[key]:g}" for key in columns) + " |" for name, row in figures.items()]
    return "\n".join(lines)


def evaluate(sets: dict[str, list[Example]], names: Iterable[str]) -> Figures:
    """Figures per set and engine; engines that are not installed are skipped."""
    installed = {name: infer for name in names if (infer := infer_function(name))}
    figures: Figures = {}
    for title, examples in sets.items():
        figures[title] = {name: _figures_of(examples, infer) for name, infer in installed.items()}
        print(f"\n{title}\n\n{table(figures[title])}", flush=True)
    return figures


def _figures_of(examples: list[Example], infer: Infer) -> dict[str, float]:
    results = [result for example in examples if (result := score_example(example, infer))]
    return summary(results) | {"objects": len(results)}
