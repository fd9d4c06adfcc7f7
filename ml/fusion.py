"""Several photos of one object become one scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.cutout import Cutout
from ml.engines import Engine
from ml.scene import Scene
from ml.shot import Shot


@dataclass(frozen=True)
class Fused:
    """The scene of all photos, the photos that it was made of (the main one first), and sentences for the user."""

    scene: Scene
    shots: tuple[Shot, ...]
    notes: tuple[str, ...] = ()


def scene_of(engine: Engine, cutouts: Sequence[Cutout], sides: Sequence[str | float] = ()) -> Fused:
    """One scene of 1 to 5 cutouts, in the frame of the first, whose camera stands at azimuth 0.

    `sides` as in the recipe. Raises ReconstructionError as the engine does.
    """
    scene = engine.infer(cutouts[0])
    return Fused(scene, (Shot(cutouts[0], scene.camera),))
