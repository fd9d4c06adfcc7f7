"""Degenerate scenes through the whole pipeline: a clear error and no file, or a valid model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from torch import Tensor

from ml import files
from ml.errors import ReconstructionError
from ml.mesh import marching_cubes
from ml.mesh.mesh import Mesh
from ml.pipeline.reconstruct import Reconstruction, reconstruct
from ml.recipe import Recipe
from tests.ml.conftest import SMALL
from tests.ml.scenes import RED, AnalyticScene, FieldScene, Part, SceneEngine

INFINITE, NOT_A_NUMBER = float("inf"), float("nan")


@dataclass(frozen=True)
class OneCell(AnalyticScene):
    """Dense around a single grid point."""

    def density(self, points: Tensor) -> Tensor:
        return torch.where(points.norm(dim=1) < 1e-3, 100.0, 0.0)


@dataclass(frozen=True)
class BadCorner(AnalyticScene):
    """The toy, with `value` in an empty corner."""

    value: float = NOT_A_NUMBER

    def density(self, points: Tensor) -> Tensor:
        return torch.where(points.amin(dim=1) > 0.7, self.value, super().density(points))


@dataclass(frozen=True)
class Steep(AnalyticScene):
    """The toy with infinite density inside and minus infinity outside."""

    def density(self, points: Tensor) -> Tensor:
        return torch.where(super().density(points) > self.threshold, INFINITE, -INFINITE)


INVALID = {
    "empty": FieldScene(value=0.0),
    "fills the cube": FieldScene(value=100.0),
    "infinite everywhere": FieldScene(value=INFINITE),
    "minus infinite everywhere": FieldScene(value=-INFINITE),
    "not a number anywhere": FieldScene(value=NOT_A_NUMBER),
    "not a number in a corner": BadCorner(),
    "one cell": OneCell(),
}
EDGE_TO_EDGE = (
    Part("box", (0.2, 0.2, 0.0), (0.2, 0.2, 0.3), RED),
    Part("box", (-0.2, -0.2, 0.0), (0.2, 0.2, 0.3), RED),
)
VALID = {
    "infinite inside": Steep(),
    "two boxes that share an edge": AnalyticScene(EDGE_TO_EDGE),
    "touching all walls": AnalyticScene((Part("box", (0.0, 0.0, 0.0), (0.9, 0.9, 0.3), RED),)),
}


def model_of(scene: AnalyticScene, photo: bytes, out_dir: Path, recipe: Recipe = SMALL) -> Reconstruction:
    return reconstruct([photo], recipe, out_dir, engine=SceneEngine(scene))


@pytest.mark.parametrize("name", INVALID)
def test_a_scene_without_a_surface_is_rejected_and_leaves_no_file(
    name: str, tmp_path: Path, mushroom_png: bytes
) -> None:
    with pytest.raises(ReconstructionError) as error:
        model_of(INVALID[name], mushroom_png, tmp_path / "out")
    assert error.value.code == "empty_scene"
    assert not (tmp_path / "out").exists()


def test_a_threshold_above_every_density_is_rejected_and_leaves_no_file(tmp_path: Path, mushroom_png: bytes) -> None:
    weak = FieldScene(value=30.0)
    with pytest.raises(ReconstructionError, match="lower threshold"):
        model_of(weak, mushroom_png, tmp_path / "out", Recipe.from_dict(SMALL.to_dict() | {"threshold": 900.0}))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", VALID)
def test_an_unusual_scene_with_a_surface_gives_a_watertight_model(
    name: str, tmp_path: Path, mushroom_png: bytes
) -> None:
    made = model_of(VALID[name], mushroom_png, tmp_path)
    assert made.report["mesh"]["watertight"]
    assert trimesh.load_mesh(tmp_path / files.STL).is_watertight


def test_a_surface_without_volume_is_rejected_and_its_preview_removed(
    tmp_path: Path, mushroom_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = Mesh(np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32), np.eye(3, dtype=np.float32))
    monkeypatch.setattr(marching_cubes, "extract", lambda *_, **__: sheet)
    announced: list[str] = []
    with pytest.raises(ReconstructionError) as error:
        reconstruct(
            [mushroom_png], SMALL, tmp_path / "out", engine=SceneEngine(AnalyticScene()), on_file=announced.append
        )
    assert error.value.code == "empty_scene"
    assert files.PREVIEW in announced
    assert not (tmp_path / "out").exists()


def test_a_non_manifold_surface_is_repaired(
    tmp_path: Path, mushroom_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tetrahedra that meet at an edge of four triangles."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1]], np.float32) * 0.3
    one = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]
    other = [[0, 1, 4], [0, 5, 1], [1, 5, 4], [4, 5, 0]]
    tied = Mesh(vertices, np.array(one + other, np.int32), vertices)
    monkeypatch.setattr(marching_cubes, "extract", lambda *_, **__: tied)
    made = model_of(AnalyticScene(), mushroom_png, tmp_path)
    assert made.report["mesh"]["watertight"]
    assert trimesh.load_mesh(tmp_path / files.STL).is_watertight
