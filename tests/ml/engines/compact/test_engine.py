"""The compact engine and its scene: it meets the photo's silhouette and carries the photo's colours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.core.camera import RADIUS, Camera
from ml.engines import choose, load_scene
from ml.engines.compact import symmetry
from ml.engines.compact.engine import CompactEngine, inflate
from ml.errors import ReconstructionError
from ml.photo.cutout import SIZE, Cutout, cut
from ml.photo.decode import Photo
from ml.scene.volume import TRUNCATION, VolumeScene, density_of
from tests.ml.conftest import mushroom


@pytest.fixture(scope="module")
def cutout() -> Cutout:
    picture = mushroom()
    return cut(Photo(np.asarray(picture), picture.size))


@pytest.fixture(scope="module")
def scene(cutout: Cutout) -> VolumeScene:
    return inflate(cutout)


def ball_scene(radius: float = 0.4, cells: int = 64) -> VolumeScene:
    steps = torch.linspace(-RADIUS, RADIUS, cells)
    x, y, z = torch.meshgrid(steps, steps, steps, indexing="ij")
    grid = density_of(radius - (x**2 + y**2 + z**2).sqrt()).half()
    red, blue = torch.zeros(64, 64, 3, dtype=torch.uint8), torch.zeros(64, 64, 3, dtype=torch.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    return VolumeScene(grid=grid, front=red, back=blue)


def silhouette(scene: VolumeScene, size: int = 64, steps: int = 60) -> NDArray[np.bool_]:
    """(size, size) True where a ray from the photo's camera meets the solid."""
    origins, directions = scene.camera.rays(size)
    hit = torch.zeros(size * size, dtype=torch.bool)
    for distance in torch.linspace(0.8, 3.0, steps):
        hit |= scene.density(origins + directions * distance) > scene.threshold
    return hit.view(size, size).numpy()


def test_the_solid_meets_the_photos_silhouette(scene: VolumeScene, cutout: Cutout) -> None:
    seen = silhouette(scene)
    drawn = cutout.alpha.reshape(64, 8, 64, 8).mean(axis=(1, 3)) > 0.5
    assert (seen & drawn).sum() / (seen | drawn).sum() > 0.95


def test_it_stands_upright_with_right_on_the_right(scene: VolumeScene) -> None:
    cap, beside_the_stem = torch.tensor([[0.0, 0.3, 0.25]]), torch.tensor([[0.0, 0.3, -0.4]])
    assert scene.density(cap) > scene.threshold
    assert scene.density(beside_the_stem) < scene.threshold


def test_it_is_empty_outside_the_cube(scene: VolumeScene) -> None:
    points = torch.tensor([[0.9, 0.0, 0.0], [0.0, -0.9, 0.0], [0.0, 0.0, 2.0], [-5.0, 0.0, 0.0]])
    assert scene.density(points).max() < scene.threshold


def test_front_and_back_take_the_photos_colors(scene: VolumeScene) -> None:
    colors = scene.color(torch.tensor([[0.1, 0.2, 0.3], [-0.1, 0.2, 0.3], [0.05, 0.0, -0.4], [-0.05, 0.0, -0.4]]))
    red, cream = (200 / 255, 30 / 255, 25 / 255), (235 / 255, 230 / 255, 215 / 255)
    assert colors[0].tolist() == pytest.approx(red, abs=0.02)
    assert colors[1].tolist() == pytest.approx(red, abs=0.02)
    assert colors[2].tolist() == pytest.approx(cream, abs=0.02)
    assert colors[3].tolist() == pytest.approx(cream, abs=0.02)


def test_a_wider_silhouette_gives_a_thicker_solid(scene: VolumeScene) -> None:
    depths = torch.linspace(0.0, 0.8, 200)
    line = torch.stack([depths, torch.zeros(200), torch.zeros(200)], dim=1)
    cap = scene.density(line + torch.tensor([0.0, 0.0, 0.3])) > scene.threshold
    stem = scene.density(line + torch.tensor([0.0, 0.0, -0.3])) > scene.threshold
    assert cap.sum() > 1.3 * stem.sum() > 0


def test_without_trained_weights_the_engine_inflates(scene: VolumeScene, cutout: Cutout, tmp_path: Path) -> None:
    engine = CompactEngine(weights=tmp_path / "none.safetensors")
    assert engine.weights_hash == ""
    assert torch.equal(engine.infer(cutout).grid, scene.grid)


def test_the_same_cutout_gives_the_same_scene(cutout: Cutout) -> None:
    assert torch.equal(CompactEngine().infer(cutout).grid, CompactEngine().infer(cutout).grid)


def test_density_is_linear_near_the_surface() -> None:
    reach = torch.tensor([0.36, 0.38, 0.40, 0.42, 0.44])
    found = ball_scene().density(torch.stack([reach, torch.zeros(5), torch.zeros(5)], dim=1))
    assert found.tolist() == pytest.approx((0.5 + (0.40 - reach) / (2.0 * TRUNCATION)).tolist(), abs=0.02)


def test_the_grids_axes_are_x_y_z() -> None:
    grid = torch.zeros(32, 32, 32, dtype=torch.float16)
    grid[24:28, 12:16, 4:8] = 1.0
    marked = VolumeScene(grid=grid, front=torch.zeros(8, 8, 3, dtype=torch.uint8))
    centre = torch.tensor([[25.5, 13.5, 5.5]]) / 31.0 * 2.0 * RADIUS - RADIUS
    assert marked.density(centre).item() == pytest.approx(1.0)
    assert marked.density(centre.flip(1)).item() == 0.0


def test_the_back_has_its_own_colors_where_given() -> None:
    colors = ball_scene().color(torch.tensor([[0.4, 0.0, 0.0], [-0.4, 0.0, 0.0]]))
    assert colors[0, 0] > 0.7 > 0.1 > colors[0, 2]
    assert colors[1, 2] > 0.7 > 0.1 > colors[1, 0]


def test_the_outline_cuts_the_solid() -> None:
    outline = torch.zeros(64, 64, dtype=torch.float16)
    outline[:, 32:] = 1.0
    half = replace(ball_scene(), silhouette=outline)
    found = half.density(torch.tensor([[0.0, 0.2, 0.0], [0.0, -0.2, 0.0]]))
    assert found[0] > half.threshold > found[1]


def test_a_saved_scene_is_the_same_scene(tmp_path: Path, scene: VolumeScene) -> None:
    path = tmp_path / "scene.npz"
    scene.save(path)
    loaded = load_scene(path)
    points = (torch.rand(5000, 3, generator=torch.Generator().manual_seed(1)) * 2.0 - 1.0) * RADIUS
    assert torch.equal(loaded.density(points), scene.density(points))
    assert torch.equal(loaded.color(points), scene.color(points))
    assert loaded.camera == scene.camera
    assert path.stat().st_size < 1_500_000


def test_back_and_camera_survive_saving(tmp_path: Path) -> None:
    turned = replace(ball_scene(), camera=Camera(elevation=20.0))
    turned.save(tmp_path / "scene.npz")
    loaded = VolumeScene.load(tmp_path / "scene.npz")
    assert loaded.camera.elevation == 20.0
    assert loaded.back is not None and turned.back is not None
    assert torch.equal(loaded.back, turned.back)
    assert loaded.silhouette is None and loaded.mirror_planes is None


def test_the_mirror_planes_survive_saving(tmp_path: Path) -> None:
    planes = torch.linspace(0.0, 1.0, symmetry.ANGLES)
    replace(ball_scene(), mirror_planes=planes).save(tmp_path / "scene.npz")
    loaded = VolumeScene.load(tmp_path / "scene.npz")
    assert loaded.mirror_planes is not None and torch.equal(loaded.mirror_planes, planes)


def test_something_else_is_not_loaded_as_a_scene(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", kind=np.array("cooking recipe"))
    with pytest.raises(ValueError, match="cooking recipe"):
        load_scene(tmp_path / "other.npz")


def test_compact_is_chosen_by_its_name() -> None:
    assert choose("compact").name == "compact"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ReconstructionError) as refused:
        choose("steam")
    assert refused.value.code == "invalid_recipe"


def test_without_weights_auto_is_compact_and_triposr_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    assert choose("auto").name == "compact"
    with pytest.raises(ReconstructionError) as refused:
        choose("triposr")
    assert refused.value.code == "engine_unavailable"


def test_the_cutout_is_as_large_as_the_networks_expect(cutout: Cutout) -> None:
    assert cutout.rgba.shape == (SIZE, SIZE, 4)
