from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from ml.core.camera import Camera
from ml.mesh import marching_cubes
from ml.mesh import repair as meshes
from ml.mesh.geometry import face_areas_and_normals
from ml.mesh.mesh import Mesh
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.texture import projection
from ml.texture.bake import TexturedMesh, bake
from tests.ml.scenes import BLUE, GREEN, RED, AnalyticScene, Part, cutout_of

CLEAR = Cutout(np.zeros((512, 512, 4), np.uint8), (0, 0, 512, 512), "none")


def whitened(scene: AnalyticScene) -> Cutout:
    """The scene's outline, filled with white."""
    rgba = cutout_of(scene).rgba.copy()
    rgba[..., :3] = 255
    return replace(CLEAR, rgba=rgba)


@dataclass(frozen=True)
class NaNColors(AnalyticScene):
    def color(self, points: Tensor) -> Tensor:
        return torch.full((len(points), 3), float("nan"))


def mesh_of(scene: AnalyticScene) -> Mesh:
    return meshes.finish(marching_cubes.extract(scene, 96), 4_000)


def bake_photo(mesh: Mesh, scene: AnalyticScene, cutout: Cutout, size: int) -> TexturedMesh:
    """Painted with one photo, taken by the scene's own camera."""
    return bake(mesh, scene, [PosedPhoto(cutout, scene.camera)], size)


def colors_on(model: TexturedMesh) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the triangles and the texture's colours there, in [0, 1]."""
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
def _fast_layout() -> object:
    """Box projection: these tests are about colours, not about xatlas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.texture.unwrap.TIME_LIMIT", 0)
        yield


def test_without_a_photo_the_scene_colours_every_side(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    points, found = colors_on(bake_photo(toy_mesh, toy, CLEAR, 512))
    expected = toy.color(torch.from_numpy(points)).numpy()
    assert (np.abs(found - expected).max(axis=1) < 0.02).mean() > 0.97


def test_the_photo_paints_what_it_sees_and_nothing_behind(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    points, found = colors_on(bake_photo(toy_mesh, toy, whitened(toy), 512))
    white = found.min(axis=1) > 0.98
    front = (abs(points[:, 0] - 0.3) < 0.01) & (abs(points[:, 1] - 0.15) < 0.15) & (abs(points[:, 2] + 0.15) < 0.15)
    assert white[front].all()
    assert not white[points[:, 0] < -0.3].any()


def test_a_photo_of_another_outline_paints_nothing(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    elsewhere = replace(CLEAR, rgba=np.roll(whitened(toy).rgba, 60, axis=1))
    _, found = colors_on(bake_photo(toy_mesh, toy, elsewhere, 256))
    assert not (found.min(axis=1) > 0.98).any()


def test_a_part_in_front_keeps_the_photo_off_what_it_hides() -> None:
    screen = Part("box", (0.4, 0.0, 0.0), (0.05, 0.3, 0.3), RED)
    hidden = Part("box", (-0.3, 0.0, 0.0), (0.05, 0.2, 0.2), BLUE)
    scene = AnalyticScene((screen, hidden), camera=Camera())
    points, found = colors_on(bake_photo(mesh_of(scene), scene, whitened(scene), 512))
    behind = points[:, 0] < -0.1
    assert np.abs(found[behind] - np.array(BLUE)).max() < 0.02


def test_the_photo_lands_where_the_camera_saw_it(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    rgba = cutout_of(toy).rgba.copy()
    rgba[256:, :, :3] = 0
    points, found = colors_on(bake_photo(toy_mesh, toy, replace(CLEAR, rgba=rgba), 512))
    face = (abs(points[:, 0] - 0.3) < 0.01) & (abs(points[:, 1] - 0.15) < 0.15)
    below = toy.camera.project(torch.from_numpy(points)).numpy()[:, 1]
    assert np.abs(found[face & (below > 0.05) & (below < 0.25)]).max() < 0.02
    assert found[face & (below < -0.02), 0].min() > 0.8


def test_the_border_of_the_cutout_never_bleeds_in(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    rgba = cutout_of(toy).rgba.copy()
    rgba[rgba[..., 3] == 0] = (255, 0, 255, 0)
    painted = bake_photo(toy_mesh, toy, replace(CLEAR, rgba=rgba), 512).texture.astype(int)
    assert not ((painted[..., 0] > 235) & (painted[..., 2] > 225)).any()


def test_trust_fades_from_the_front_to_the_rim() -> None:
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), GREEN),), camera=Camera())
    mesh = mesh_of(scene)
    source = projection.projector(mesh, cutout_of(scene), scene.camera)
    angles = np.radians(np.arange(0, 181, 3))
    normals = np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1).astype(np.float32)
    trust = projection.look(source, normals * np.float32(0.5), normals).trust
    assert trust[0] > 0.99
    assert (np.diff(trust) <= 1e-3).all()
    assert np.abs(np.diff(trust)).max() < 0.5
    assert trust[angles > np.radians(80)].max() == 0.0


def test_seams_share_their_position_and_all_triangles_stay(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    model = bake_photo(toy_mesh, toy, CLEAR, 256)
    assert np.array_equal(model.mesh.vertices[model.mesh.faces], toy_mesh.vertices[toy_mesh.faces])
    assert len(model.mesh.vertices) == len(model.uv) == len(model.mesh.normals) > len(toy_mesh.vertices)


def bent_share(mesh: Mesh) -> float:
    """Share of a box's area on triangles of its six sides that are shaded as if they were bent by over 5 degrees."""
    areas, flat = face_areas_and_normals(mesh.vertices, mesh.faces)
    cosine = np.einsum("fkc,fc->fk", mesh.normals[mesh.faces], flat).min(axis=1)
    bent = (np.abs(flat).max(axis=1) > 0.995) & (cosine < np.cos(np.radians(5.0)))
    return float(areas[bent].sum() / areas.sum())


def test_the_sides_of_a_box_are_flat_up_to_its_edges() -> None:
    box = AnalyticScene((Part("box", (0.0, 0.0, 0.0), (0.4, 0.35, 0.3), RED),))
    solid = mesh_of(box)
    assert bent_share(solid) > 0.05
    assert bent_share(bake_photo(solid, box, CLEAR, 128).mesh) < 0.02


def test_a_ball_is_smooth_over_every_seam() -> None:
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), GREEN),))
    solid = mesh_of(scene)
    model = bake_photo(solid, scene, CLEAR, 128).mesh
    assert np.allclose(model.normals[model.faces], solid.normals[solid.faces], atol=1e-5)


def test_every_texel_has_a_colour_of_the_object(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    texels = bake_photo(toy_mesh, toy, CLEAR, 256).texture.reshape(-1, 3) / 255.0
    known = np.array([part.color for part in toy.parts])
    assert np.abs(texels[:, None] - known[None]).max(axis=2).min(axis=1).max() < 0.01


def test_colours_that_are_no_numbers_become_grey(toy_mesh: Mesh) -> None:
    painted = bake_photo(toy_mesh, NaNColors(), CLEAR, 128).texture
    assert np.unique(painted).tolist() == [128]


def from_side(scene: AnalyticScene, azimuth: float) -> AnalyticScene:
    """The same solid, photographed from another side."""
    return replace(scene, camera=Camera(elevation=10.0, azimuth=azimuth))


def posed(scene: AnalyticScene, cutout: Cutout | None = None) -> PosedPhoto:
    return PosedPhoto(cutout or cutout_of(scene), scene.camera)


def filled(scene: AnalyticScene, color: tuple[int, int, int]) -> PosedPhoto:
    """A photo of the scene's outline in one colour."""
    rgba = cutout_of(scene).rgba.copy()
    rgba[..., :3] = color
    return posed(scene, replace(CLEAR, rgba=rgba))


def test_a_second_photo_paints_the_side_that_the_first_does_not_show(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    back = filled(from_side(toy, 180.0), (255, 255, 255))
    points, found = colors_on(bake(toy_mesh, toy, [posed(toy), back], 512))
    white = found.min(axis=1) > 0.95
    behind = (abs(points[:, 0] + 0.3) < 0.01) & (abs(points[:, 1]) < 0.1) & (abs(points[:, 2] + 0.15) < 0.15)
    before = (abs(points[:, 0] - 0.3) < 0.01) & (abs(points[:, 1] - 0.15) < 0.15) & (abs(points[:, 2] + 0.15) < 0.15)
    assert white[behind].all() and not white[before].any()


def test_each_side_takes_the_photo_that_sees_it_best(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    green, blue = filled(toy, (0, 200, 0)), filled(from_side(toy, 60.0), (0, 0, 200))
    model = bake(toy_mesh, toy, [green, blue], 512)
    points, found = colors_on(model)
    low = abs(points[:, 2] + 0.15) < 0.15
    front, side = (abs(points[:, 0] - 0.3) < 0.01) & (points[:, 1] > 0.1), abs(points[:, 1] - 0.42) < 0.01
    assert (found[front & low & (points[:, 1] < 0.3), 1] > 0.7).all()
    assert (found[side & low & (abs(points[:, 0]) < 0.15), 2] > 0.7).all()


def test_two_photos_of_different_exposure_meet_without_an_edge() -> None:
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), GREEN),), camera=Camera())
    other = replace(scene, camera=Camera(azimuth=90.0))
    photos = [filled(scene, (150, 120, 90)), filled(other, (130, 104, 78))]
    points, found = colors_on(bake(mesh_of(scene), scene, photos, 512))
    seen = (points[:, 0] > 0.1) | (points[:, 1] > 0.1)
    seen &= (points[:, 0] + points[:, 1] > 0.3) & (abs(points[:, 2]) < 0.2)
    assert found[seen, 0] == pytest.approx(150 / 255, abs=0.03)


def test_what_the_photo_shows_is_seen_and_the_back_is_guessed(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    model = bake_photo(toy_mesh, toy, cutout_of(toy), 256)
    front = abs(model.mesh.vertices[:, 0] - 0.3) < 0.01
    inner = (abs(model.mesh.vertices[:, 1] - 0.15) < 0.15) & (abs(model.mesh.vertices[:, 2] + 0.15) < 0.15)
    assert model.seen.shape == (len(model.mesh.vertices),) and model.seen.dtype == np.float32
    assert model.seen[front & inner].min() > 0.95
    assert model.seen[(model.mesh.vertices[:, 0] < -0.2) & (model.mesh.vertices[:, 2] < 0.0)].max() == 0.0


def test_a_photo_of_the_back_makes_the_back_seen(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    model = bake(toy_mesh, toy, [posed(toy), posed(from_side(toy, 180.0))], 256)
    behind = (abs(model.mesh.vertices[:, 0] + 0.3) < 0.01) & (abs(model.mesh.vertices[:, 1]) < 0.1)
    assert model.seen[behind & (abs(model.mesh.vertices[:, 2] + 0.15) < 0.1)].min() > 0.9


def test_without_a_photo_nothing_is_seen(toy: AnalyticScene, toy_mesh: Mesh) -> None:
    assert bake(toy_mesh, toy, [], 128).seen.max() == 0.0
