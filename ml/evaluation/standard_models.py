"""Models as the site makes them at standard quality: tunnels, feet, flat faces, and the seconds of a job."""

from __future__ import annotations

import tempfile
import time
from functools import lru_cache
from pathlib import Path

import numpy as np

from ml.evaluation import flatness, score, steps, topology
from ml.evaluation.single_photo import VIEW_SEED, render_cutout
from ml.evaluation.steps import ALL, Steps
from ml.mesh import repair
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster
from ml.photo.cutout import Cutout, cut
from ml.photo.decode import open_photo
from ml.pipeline.reconstruct import reconstruct
from ml.recipe import QUALITIES, Recipe
from ml.scene.protocol import Scene
from ml.training import posing
from ml.training.meshes import ColoredMesh

MIN_SHOWN = 0.3
"""Cosine of the angle to the view from which on the photo shows a face of a box, and not only at a grazing angle."""
STANDARD = QUALITIES["standard"]


def photos(folder: Path) -> list[Path]:
    """The photos of a folder in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png", ".webp"))


@lru_cache(maxsize=32)
def read(path: Path) -> Cutout:
    """The cutout of a photo."""
    return cut(open_photo(path.read_bytes()))


def photo_figures(cutout: Cutout, taken: Steps = ALL) -> dict[str, float]:
    """Topology and stance of the model of a photo."""
    mesh = _mesh(steps.infer(cutout, taken), taken)
    measured = topology.measure(mesh.vertices, mesh.faces)
    return {
        "genus": measured.genus,
        "components": measured.components,
        "feet": measured.feet,
        "stance": round(measured.stance, 3),
    }


def box_flatness(number: int, box: ColoredMesh, taken: Steps = ALL) -> float:
    """How flat the faces are that the photo shows, of the model of a box."""
    rng = np.random.default_rng(VIEW_SEED + number)
    azimuth, elevation, _ = posing.random_angles(rng)
    posed = posing.pose(box.vertices, box.faces, azimuth, elevation)
    scene = steps.infer(render_cutout(box, posed, Caster(posed.vertices, posed.faces), rng), taken)
    turn = score.yaw_rotation(-azimuth)
    shown = [normal for normal in np.vstack([turn.T, -turn.T]) if -normal @ scene.camera.axes()[2].numpy() > MIN_SHOWN]
    return flatness.flat_fraction(_mesh(scene, taken), scene.camera, np.stack(shown))


def job_seconds(path: Path) -> tuple[float, float]:
    """Seconds by the clock and of processor time of this process that a job takes for a photo."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        result = reconstruct([path.read_bytes()], Recipe(engine="compact"), Path(folder) / "model")
        return float(result.report["seconds"]), time.process_time() - started


def _mesh(scene: Scene, taken: Steps) -> Mesh:
    return repair.finish(steps.surface(scene, STANDARD.grid, taken), STANDARD.faces)
