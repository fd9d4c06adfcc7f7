from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.core.camera import Camera
from ml.mesh import marching_cubes, repair
from ml.mesh.geometry import face_areas_and_normals
from ml.mesh.mesh import Mesh
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.texture import projection
from ml.texture.bake import TexturedMesh, bake
from tests.ml.scenes import BLUE, GREEN, RED, AnalyticScene, Part, cutout_of

CLEAR = Cutout(np.zeros((512, 512, 4), np.uint8), (0, 0, 512, 512), "none")


def whitened(scene: AnalyticScene) -> Cutout:
    """The scene's silhouette, filled with white."""
    rgba = cutout_of(scene).rgba.copy()
    rgba[..., :3] = 255
    return replace(CLEAR, rgba=rgba)


@dataclass(frozen=True)
class NaNColors(AnalyticScene):
    def color(self, points: Tensor) -> Tensor:
        return torch.full((len(points), 3), float("nan"))


def mesh_of(scene: AnalyticScene) -> Mesh:
    return repair.finish(marching_cubes.extract(scene, 96), 4_000)


def bake_photo(mesh: Mesh, scene: AnalyticScene, cutout: Cutout, size: int) -> TexturedMesh:
    """Painted with one photo, taken by the scene's own camera."""
    return bake(mesh, scene, [PosedPhoto(cutout, scene.camera)], size)


def colors_on(model: TexturedMesh) -> tuple[NDArray[Any], NDArray[Any]]:
    """Centres of the triangles and the colours of the texture there, in [0, 1]."""
    middle = model.uv[model.mesh.faces].mean(axis=1) * model.texture.shape[0]
    x, y = middle.astype(int).clip(0, model.texture.shape[0] - 1).T
    return model.mesh.vertices[model.mesh.faces].mean(axis=1), model.texture[y, x] / 255.0


@pytest.fixture(scope="module")
def toy() -> AnalyticScene:
    return AnalyticScene()


@pytest.fixture(scope="module")
def toy_mesh(toy: AnalyticScene) -> Mesh:
    return mesh_of(toy)


@pytest.fixture(scope="module", autouse=True)
def _fast_layout() -> Iterator[None]:
    """Box projection: these tests are about colours, not about xatlas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.texture.unwrap.TIME_LIMIT", 0)
        yield


def test_without_a_photo_every_side_has_the_colours_of_the_scene(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    points, found = colors_on(bake_photo(toy_mesh, toy, CLEAR, 512))
    expected = toy.color(torch.from_numpy(points)).numpy()
    assert (np.abs(found - expected).max(axis=1) < 0.02).mean() > 0.97


def test_the_photo_is_projected_onto_what_it_shows_and_nothing_behind(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    points, found = colors_on(bake_photo(toy_mesh, toy, whitened(toy), 512))
    white = found.min(axis=1) > 0.98
    front = (abs(points[:, 0] - 0.3) < 0.01) & (abs(points[:, 1] - 0.15) < 0.15) & (abs(points[:, 2] + 0.15) < 0.15)
    assert white[front].all()
    assert not white[points[:, 0] < -0.3].any()


def test_a_photo_with_another_silhouette_is_not_projected(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    elsewhere = replace(CLEAR, rgba=np.roll(whitened(toy).rgba, 60, axis=1))
    _, found = colors_on(bake_photo(toy_mesh, toy, elsewhere, 256))
    assert not (found.min(axis=1) > 0.98).any()


def test_the_photo_is_not_projected_onto_an_occluded_part() -> None:
    screen = Part("box", (0.4, 0.0, 0.0), (0.05, 0.3, 0.3), RED)
    hidden = Part("box", (-0.3, 0.0, 0.0), (0.05, 0.2, 0.2), BLUE)
    scene = AnalyticScene((screen, hidden), camera=Camera())
    points, found = colors_on(bake_photo(mesh_of(scene), scene, whitened(scene), 512))
    behind = points[:, 0] < -0.1
    assert np.abs(found[behind] - np.array(BLUE)).max() < 0.02


def test_the_photo_is_projected_from_its_camera(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    rgba = cutout_of(toy).rgba.copy()
    rgba[256:, :, :3] = 0
    points, found = colors_on(bake_photo(toy_mesh, toy, replace(CLEAR, rgba=rgba), 512))
    face = (abs(points[:, 0] - 0.3) < 0.01) & (abs(points[:, 1] - 0.15) < 0.15)
    below = toy.camera.project(torch.from_numpy(points)).numpy()[:, 1]
    assert np.abs(found[face & (below > 0.05) & (below < 0.25)]).max() < 0.02
    assert found[face & (below < -0.02), 0].min() > 0.8


def test_the_background_of_the_cutout_does_not_bleed_in(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    rgba = cutout_of(toy).rgba.copy()
    rgba[rgba[..., 3] == 0] = (255, 0, 255, 0)
    painted = bake_photo(toy_mesh, toy, replace(CLEAR, rgba=rgba), 512).texture.astype(int)
    assert not ((painted[..., 0] > 235) & (painted[..., 2] > 225)).any()


def test_confidence_falls_from_the_front_to_the_silhouette() -> None:
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), GREEN),), camera=Camera())
    mesh = mesh_of(scene)
    projector = projection.make_projector(mesh, cutout_of(scene), scene.camera)
    angles = np.radians(np.arange(0, 181, 3))
    normals = np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1).astype(np.float32)
    confidence = projection.observe(projector, normals * np.float32(0.5), normals).confidence
    assert confidence[0] > 0.99
    assert (np.diff(confidence) <= 1e-3).all()
    assert np.abs(np.diff(confidence)).max() < 0.5
    assert confidence[angles > np.radians(80)].max() == 0.0


def test_splitting_at_seams_keeps_all_triangles_and_positions(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    model = bake_photo(toy_mesh, toy, CLEAR, 256)
    assert np.array_equal(model.mesh.vertices[model.mesh.faces], toy_mesh.vertices[toy_mesh.faces])
    assert len(model.mesh.vertices) == len(model.uv) == len(model.mesh.normals) > len(toy_mesh.vertices)


def bent_fraction(mesh: Mesh) -> float:
    """Fraction of a box's area on triangles of its six sides whose normals deviate by more than 5 degrees."""
    areas, flat = face_areas_and_normals(mesh.vertices, mesh.faces)
    cosine = np.einsum("fkc,fc->fk", mesh.normals[mesh.faces], flat).min(axis=1)
    bent = (np.abs(flat).max(axis=1) > 0.995) & (cosine < np.cos(np.radians(5.0)))
    return float(areas[bent].sum() / areas.sum())


def test_the_sides_of_a_box_are_shaded_flat_up_to_its_edges() -> None:
    box = AnalyticScene((Part("box", (0.0, 0.0, 0.0), (0.4, 0.35, 0.3), RED),))
    mesh = mesh_of(box)
    assert bent_fraction(mesh) > 0.05
    assert bent_fraction(bake_photo(mesh, box, CLEAR, 128).mesh) < 0.02


def test_a_ball_is_shaded_smoothly_across_seams() -> None:
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), GREEN),))
    mesh = mesh_of(scene)
    model = bake_photo(mesh, scene, CLEAR, 128).mesh
    assert np.allclose(model.normals[model.faces], mesh.normals[mesh.faces], atol=1e-5)


def test_every_texel_has_one_of_the_object_colours(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    texels = bake_photo(toy_mesh, toy, CLEAR, 256).texture.reshape(-1, 3) / 255.0
    known = np.array([part.color for part in toy.parts])
    assert np.abs(texels[:, None] - known[None]).max(axis=2).min(axis=1).max() < 0.01


def test_colours_that_are_not_numbers_become_grey(toy_mesh: Mesh) -> None:
    painted = bake_photo(toy_mesh, NaNColors(), CLEAR, 128).texture
    assert np.unique(painted).tolist() == [128]


def from_side(scene: AnalyticScene, azimuth: float) -> AnalyticScene:
    """The same object, photographed from another side."""
    return replace(scene, camera=Camera(elevation=10.0, azimuth=azimuth))


def posed(scene: AnalyticScene, cutout: Cutout | None = None) -> PosedPhoto:
    return PosedPhoto(cutout or cutout_of(scene), scene.camera)


def uniform(scene: AnalyticScene, color: tuple[int, int, int]) -> PosedPhoto:
    """A photo of the scene's silhouette in one colour."""
    rgba = cutout_of(scene).rgba.copy()
    rgba[..., :3] = color
    return posed(scene, replace(CLEAR, rgba=rgba))


def test_a_second_photo_paints_the_side_that_the_first_does_not_show(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    back = uniform(from_side(toy, 180.0), (255, 255, 255))
    points, found = colors_on(bake(toy_mesh, toy, [posed(toy), back], 512))
    white = found.min(axis=1) > 0.95
    behind = (abs(points[:, 0] + 0.3) < 0.01) & (abs(points[:, 1]) < 0.1) & (abs(points[:, 2] + 0.15) < 0.15)
    before = (abs(points[:, 0] - 0.3) < 0.01) & (abs(points[:, 1] - 0.15) < 0.15) & (abs(points[:, 2] + 0.15) < 0.15)
    assert white[behind].all() and not white[before].any()


def test_each_side_is_painted_by_the_photo_with_the_best_view(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    green, blue = uniform(toy, (0, 200, 0)), uniform(from_side(toy, 60.0), (0, 0, 200))
    model = bake(toy_mesh, toy, [green, blue], 512)
    points, found = colors_on(model)
    low = abs(points[:, 2] + 0.15) < 0.15
    front, side = (abs(points[:, 0] - 0.3) < 0.01) & (points[:, 1] > 0.1), abs(points[:, 1] - 0.42) < 0.01
    assert (found[front & low & (points[:, 1] < 0.3), 1] > 0.7).all()
    assert (found[side & low & (abs(points[:, 0]) < 0.15), 2] > 0.7).all()


def test_two_photos_with_different_exposure_are_blended_without_an_edge() -> None:
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), GREEN),), camera=Camera())
    other = replace(scene, camera=Camera(azimuth=90.0))
    photos = [uniform(scene, (150, 120, 90)), uniform(other, (130, 104, 78))]
    points, found = colors_on(bake(mesh_of(scene), scene, photos, 512))
    observed = (points[:, 0] > 0.1) | (points[:, 1] > 0.1)
    observed &= (points[:, 0] + points[:, 1] > 0.3) & (abs(points[:, 2]) < 0.2)
    assert found[observed, 0] == pytest.approx(150 / 255, abs=0.03)


def test_the_side_of_the_photo_is_observed_and_the_back_is_not(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    model = bake_photo(toy_mesh, toy, cutout_of(toy), 256)
    front = abs(model.mesh.vertices[:, 0] - 0.3) < 0.01
    inner = (abs(model.mesh.vertices[:, 1] - 0.15) < 0.15) & (abs(model.mesh.vertices[:, 2] + 0.15) < 0.15)
    assert model.observed.shape == (len(model.mesh.vertices),) and model.observed.dtype == np.float32
    assert model.observed[front & inner].min() > 0.95
    assert model.observed[(model.mesh.vertices[:, 0] < -0.2) & (model.mesh.vertices[:, 2] < 0.0)].max() == 0.0


def test_a_photo_of_the_back_makes_the_back_observed(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    model = bake(toy_mesh, toy, [posed(toy), posed(from_side(toy, 180.0))], 256)
    behind = (abs(model.mesh.vertices[:, 0] + 0.3) < 0.01) & (abs(model.mesh.vertices[:, 1]) < 0.1)
    assert model.observed[behind & (abs(model.mesh.vertices[:, 2] + 0.15) < 0.1)].min() > 0.9


def test_without_a_photo_nothing_is_observed(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    assert bake(toy_mesh, toy, [], 128).observed.max() == 0.0
