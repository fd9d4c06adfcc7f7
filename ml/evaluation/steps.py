"""The steps from a prediction to a model, each of which can be left out to measure what it brings."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from ml.engines.compact.decode import DECODING
from ml.engines.compact.engine import CompactEngine
from ml.mesh import feet, marching_cubes
from ml.mesh.flatten import flatten
from ml.mesh.mesh import Mesh
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.scene.protocol import Scene
from ml.scene.volume import VolumeScene
from ml.texture import bake
from ml.texture.bake import TexturedMesh
from ml.texture.relight import relight


@dataclass(frozen=True)
class Steps:
    """Which steps are taken: `ground` (`ml.engines.compact.ground`,
    `ml.mesh.feet`), `tunnels` (`ml.mesh.tunnels`, `strands`), `flat`
    (`ml.mesh.flatten`), `relit` (`ml.texture.relight`), and `continued`: unobserved surface takes the colours of mirror
    images or continues those around it (`ml.texture.revolution`, `mirror`, `unobserved`, `detail`), not the scene's."""

    ground: bool = True
    tunnels: bool = True
    flat: bool = True
    relit: bool = True
    continued: bool = True


ALL, NONE = Steps(), Steps(ground=False, tunnels=False, flat=False, relit=False, continued=False)


def infer(cutout: Cutout, steps: Steps = ALL) -> VolumeScene:
    """The compact engine's scene."""
    return CompactEngine(decoding=replace(DECODING, level_feet=steps.ground)).infer(cutout)


def surface(scene: Scene, grid: int, steps: Steps = ALL) -> Mesh:
    """The scene's surface before it is simplified."""
    mesh = marching_cubes.extract(scene, grid, photos=[scene.camera] if steps.tunnels else ())
    mesh = flatten(mesh, scene.camera) if steps.flat else mesh
    return feet.level(mesh, scene.camera) if steps.ground else mesh


def textured(mesh: Mesh, scene: VolumeScene, cutout: Cutout, size: int, steps: Steps = ALL) -> TexturedMesh:
    """The model with a texture of `size` pixels a side."""
    photo = PosedPhoto(cutout, scene.camera)
    colored = scene if steps.continued else PredictedColors(*(getattr(scene, field.name) for field in fields(scene)))
    return bake.bake(mesh, colored, [relight(mesh, photo) if steps.relit else photo], size, method="box")


class PredictedColors(VolumeScene):
    """A scene whose own colours are used for unobserved surface."""

    @property
    def predicts_colors(self) -> bool:
        """True: its colours are those of all sides."""
        return True
