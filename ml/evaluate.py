"""How good the engines are: `python -m ml.evaluate [--meshes FOLDER] [--count N] [--engines inflated compact]`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.training import meshes, posing, rays, render, score
from ml.training.rays import Floats

SIZE = 512


@dataclass(frozen=True)
class Example:
    """One object with its picture. `rgba` (512, 512, 4) uint8; `truth` (10,000, 3) canonical points of its outer
    surface, turned so that the camera is at azimuth 0; `elevation` in degrees."""

    name: str
    rgba: NDArray[np.uint8]
    truth: Floats
    elevation: float
    target: render.Target


def example(solid: meshes.Solid, seed: int) -> Example:
    """`solid` from a seeded view: any side, -10° to 35° high, the canonical lens."""
    rng = np.random.default_rng(seed)
    azimuth, elevation, _ = posing.random_angles(rng)
    view = posing.pose(solid.vertices, solid.faces, azimuth, elevation)
    caster = rays.build(view.vertices, view.faces)
    normals = render.corner_normals(view.vertices, view.faces, caster.normals)
    corners = solid.vertices[view.faces]
    picture, cover = render.draw(caster, view, corners, normals, solid.colors, rng, SIZE)
    rgba = np.concatenate([picture, cover[..., None]], axis=2)
    truth = score.outer_points(solid.vertices, solid.faces, seed=seed) @ score._yaw(-azimuth).T
    return Example(
        solid.name,
        (rgba * 255 + 0.5).astype(np.uint8),
        score.boxed(truth),
        elevation,
        render.cast_target(caster, view, solid.colors),
    )


Reconstruct = Callable[[Example], tuple[Floats, NDArray[np.int64]]]
