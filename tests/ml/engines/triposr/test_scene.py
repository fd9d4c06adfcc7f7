from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.engines import load_scene
from ml.engines.triposr.decoder import CHUNK
from ml.engines.triposr.scene import TriplaneScene


def points(count: int, reach: float = RADIUS) -> Tensor:
    return (torch.rand(count, 3, generator=torch.Generator().manual_seed(3)) * 2.0 - 1.0) * reach


def straightforward(scene: TriplaneScene, at: Tensor) -> Tensor:
    """The decoder as the paper states it: sample, concatenate, multiply."""
    unit = at / RADIUS
    grid = torch.stack([unit[:, [0, 1]], unit[:, [0, 2]], unit[:, [1, 2]]])[:, None]
    x = F.grid_sample(scene.planes.float(), grid, align_corners=False)[:, :, 0].permute(2, 0, 1).flatten(1)
    for index, (matrix, bias) in enumerate(scene.layers):
        x = F.linear(F.silu(x) if index else x, matrix, bias)
    return x


def test_folding_the_first_layer_changes_nothing(chair: TriplaneScene) -> None:
    at = points(4000)
    assert torch.allclose(chair.decode(at), straightforward(chair, at), atol=1e-4)


def test_outside_the_planes_the_codes_are_zero(chair: TriplaneScene) -> None:
    at = points(4000, reach=1.2 * RADIUS)
    assert torch.allclose(chair.decode(at), straightforward(chair, at), atol=1e-4)


def test_a_point_does_not_depend_on_its_chunk(chair: TriplaneScene) -> None:
    at = points(CHUNK + 5)
    assert torch.allclose(chair.density(at)[-9:], chair.density(at[-9:]), rtol=1e-4)


def test_no_points_give_an_empty_result(chair: TriplaneScene) -> None:
    assert chair.density(torch.zeros(0, 3)).shape == (0,)
    assert chair.color(torch.zeros(0, 3)).shape == (0, 3)


def test_colors_are_srgb(chair: TriplaneScene) -> None:
    color = chair.color(points(500))
    assert color.shape == (500, 3)
    assert 0.0 <= float(color.min()) < float(color.max()) <= 1.0


def test_a_stored_scene_gives_the_same_values(chair: TriplaneScene, tmp_path: Path) -> None:
    kept = TriplaneScene(chair.planes, chair.layers, Camera(elevation=12.5), threshold=20.0)
    kept.save(tmp_path / "scene.npz")
    again = load_scene(tmp_path / "scene.npz")
    assert torch.equal(again.density(points(1000)), kept.density(points(1000)))
    assert torch.equal(again.color(points(1000)), kept.color(points(1000)))
    assert (again.camera, again.threshold, again.radius) == (Camera(elevation=12.5), 20.0, RADIUS)


def test_its_camera_is_assumed_and_stays_so_when_stored(chair: TriplaneScene, tmp_path: Path) -> None:
    TriplaneScene(chair.planes, chair.layers).save(tmp_path / "scene.npz")
    again = load_scene(tmp_path / "scene.npz")
    assert chair.camera.assumed
    assert again.camera == chair.camera


def test_the_same_scene_gives_the_same_bytes(chair: TriplaneScene, tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        chair.save(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_file_that_is_not_a_scene_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "scene.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ValueError, match=r"scene\.npz holds no triplane scene"):
        TriplaneScene.load(tmp_path / "scene.npz")


def test_a_scene_without_its_decoder_is_rejected(chair: TriplaneScene, tmp_path: Path) -> None:
    chair.save(tmp_path / "whole.npz")
    with np.load(tmp_path / "whole.npz") as archive:
        arrays = {name: archive[name] for name in archive.files if "layers.4." not in name and "layers.18." not in name}
    np.savez(tmp_path / "scene.npz", **arrays)
    with pytest.raises(ValueError, match="do not belong together"):
        TriplaneScene.load(tmp_path / "scene.npz")
