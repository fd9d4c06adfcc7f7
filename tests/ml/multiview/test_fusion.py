"""Several photos of one object: a red box, twice as wide as it is deep, seen from known and unknown sides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.core.camera import pixel_rays
from ml.engines import load_scene
from ml.engines.compact.engine import inflate
from ml.mesh import marching_cubes
from ml.mesh.raycast import Caster
from ml.multiview import fusion
from ml.notes import note
from ml.photo.cutout import Cutout
from ml.scene.protocol import Scene
from ml.scene.query import mirror_planes
from ml.scene.volume import VolumeScene
from ml.training import posing
from ml.training.shapes.parts import box
from tests.ml.training.primitives import GREY, joined

SIZE = 512


def photo(azimuth: float, sides: tuple[float, float, float] = (0.5, 1.0, 0.7), color: int = 200) -> Cutout:
    """A box with these sides (x, y, z) seen by a level camera."""
    body = joined(box(GREY, sides))
    view = posing.pose(body.vertices, body.faces, azimuth, 0.0)
    directions = pixel_rays(SIZE, view.focal).numpy()
    covered = Caster(view.vertices, view.faces).occluded(np.zeros_like(directions), directions)
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    rgba[..., 0], rgba[..., 3] = color, covered.reshape(SIZE, SIZE) * 255
    return Cutout(rgba, (0, 0, SIZE, SIZE), "transparency")


def extent(scene: Scene) -> NDArray[Any]:
    """(3,) size of the scene's mesh."""
    return np.asarray(np.ptp(marching_cubes.extract(scene, 64).vertices, axis=0))


def grid_of(scene: Scene) -> torch.Tensor:
    assert isinstance(scene, VolumeScene)
    return scene.grid


def test_one_photo_gives_the_scene_of_its_engine() -> None:
    found = fusion.fuse(inflate, [photo(0.0)])
    torch.testing.assert_close(grid_of(found.scene), inflate(photo(0.0)).grid, atol=1e-6, rtol=0.0)  # spsolve varies
    assert len(found.photos) == 1
    assert found.notes == ()


def test_a_photo_of_the_side_determines_the_depth_of_the_object() -> None:
    found = fusion.fuse(inflate, [photo(0.0), photo(90.0)], ("front", "right"))
    depth, width, _ = extent(found.scene)
    assert depth / width == pytest.approx(0.5, abs=0.1)
    assert [round(posed.camera.azimuth) for posed in found.photos] == [0, 90]


def test_the_mirror_planes_are_those_of_the_main_photo() -> None:
    main = photo(0.0)
    planes = torch.linspace(0.0, 1.0, 36)

    def infer(cutout: Cutout) -> Scene:
        return replace(inflate(cutout), mirror_planes=planes if cutout is main else planes.flip(0))

    found = fusion.fuse(infer, [main, photo(90.0)], ("front", "right"))
    assert len(found.photos) == 2
    kept = mirror_planes(found.scene)
    assert kept is not None and torch.equal(kept, planes)


def test_photos_of_two_objects_are_not_fused() -> None:
    tall = photo(90.0, sides=(0.2, 0.1, 1.0))
    found = fusion.fuse(inflate, [photo(0.0, sides=(1.0, 1.0, 0.1)), tall], ("front", "right"))
    assert len(found.photos) == 1
    assert found.notes == (note("wrong_side", number=2),)


def test_each_side_keeps_the_colours_of_its_photo(tmp_path: Path) -> None:
    found = fusion.fuse(inflate, [photo(0.0, color=250), photo(180.0, color=60)], ("front", "back"))
    found.scene.save(tmp_path / "scene.npz")
    reach = float(extent(found.scene)[0]) / 2.0
    for scene in (found.scene, load_scene(tmp_path / "scene.npz")):
        front, back = scene.color(torch.tensor([[reach, 0.0, 0.0], [-reach, 0.0, 0.0]]))[:, 0] * 255.0
        assert front > 220
        assert back < 100


def test_a_photo_whose_side_is_ambiguous_is_left_out() -> None:
    """The box looks the same from opposite sides."""
    found = fusion.fuse(inflate, [photo(0.0), photo(180.0)])
    assert len(found.photos) == 1
    assert found.notes == (note("ambiguous_side", number=2),)
    assert torch.allclose(grid_of(found.scene), inflate(photo(0.0)).grid, atol=1e-2)
