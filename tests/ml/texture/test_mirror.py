"""The mirror plane: the far wheel from the near one, and no face on the back of a head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
import trimesh
from torch import Tensor

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.engines.compact import symmetry
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.texture import mirror, revolution, unobserved
from ml.texture.bake import TexturedMesh, bake
from tests.ml.scenes import RED, AnalyticScene, Part, cutout_of
from tests.ml.texture.test_bake import colors_on, mesh_of

LENGTH, WIDTH = 0.5, 0.22
"""Half sides of the car along x and y."""
BLACK, WHITE, BLUE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.1, 0.2, 0.9)
WHEELS = ((-0.36, -0.08), (0.1, -0.08))
"""x and z of the wheels, discs of radius 0.1 on both sides of the car; they are not symmetric along it."""


@dataclass(frozen=True)
class ProjectedColors(AnalyticScene):
    predicts_colors: bool = False
    mirror_planes: Tensor | None = None


CAR = ProjectedColors(
    (Part("box", (0.0, 0.0, 0.0), (LENGTH, WIDTH, 0.2), RED),), camera=Camera(elevation=30.0, azimuth=40.0)
)


@pytest.fixture(scope="module")
def car() -> Mesh:
    return mesh_of(CAR)


def paint(points: Floats) -> Floats:
    """Red, with black wheels, a blue front and a white stripe across the roof: the same on both sides of y = 0."""
    x, y, z = points.T
    color = np.tile(np.array(RED, np.float32), (len(points), 1))
    color[(x > LENGTH - 0.03) & (np.abs(y) > 0.08)] = BLUE
    color[(z > 0.17) & (np.abs(y) < 0.08)] = WHITE
    for along, up in WHEELS:
        color[(np.abs(y) > WIDTH - 0.03) & (np.hypot(x - along, z - up) < 0.1)] = BLACK
    return color


def photo(scene: AnalyticScene, mesh: Mesh) -> PosedPhoto:
    """The scene's silhouette in the colours of the surface that the photo shows."""
    cutout: Cutout = cutout_of(scene)
    origins, directions = camera_rays(scene.camera, 512)
    hits = Caster(mesh.vertices, mesh.faces).first_hits(origins, directions)
    hit = hits.face >= 0
    rgba = cutout.rgba.copy().reshape(-1, 4)
    points = origins[hit] + directions[hit] * hits.distance[hit, None]
    rgba[hit, :3] = (paint(points) * 255.0).astype(np.uint8)
    return PosedPhoto(replace(cutout, rgba=rgba.reshape(512, 512, 4)), scene.camera)


def model(scene: AnalyticScene, mesh: Mesh) -> TexturedMesh:
    return bake(mesh, scene, [photo(scene, mesh)], 512, method="box")


def far_side(textured: TexturedMesh) -> tuple[float, float]:
    """On the side that the photo does not show: brightness where wheels should be (0: black), redness between them."""
    points, found = colors_on(textured)
    far = points[:, 1] < 0.03 - WIDTH
    radius = np.min([np.hypot(points[:, 0] - x, points[:, 2] - z) for x, z in WHEELS], axis=0)
    wheel, body = far & (radius < 0.06), far & (radius > 0.16) & (np.abs(points[:, 2]) < 0.12)
    assert wheel.sum() > 10
    return float(np.median(found[wheel].max(axis=1))), float(np.median(found[body][:, 0]))


def probable(*degrees: float) -> Tensor:
    """Probabilities of mirror planes turned by these angles from the one that contains the camera."""
    planes = torch.full((symmetry.ANGLES,), 0.01)
    planes[[round(angle / 180.0 * symmetry.ANGLES) % symmetry.ANGLES for angle in degrees]] = 0.6
    return planes


def test_the_far_wheels_are_the_near_ones_mirrored(car: Mesh) -> None:
    wheels, body = far_side(model(CAR, car))
    assert wheels < 0.15 and body > 0.7


def test_a_plane_that_the_network_predicts_is_used(car: Mesh) -> None:
    wheels, body = far_side(model(replace(CAR, mirror_planes=probable(-CAR.camera.azimuth)), car))
    assert wheels < 0.15 and body > 0.7


def test_a_plane_that_fits_but_is_improbable_to_the_network_is_not_used(car: Mesh) -> None:
    elsewhere = replace(CAR, mirror_planes=probable(90.0 + CAR.camera.azimuth / 2.0))
    wheels, _ = far_side(model(elsewhere, car))
    assert wheels > 0.5


def test_a_weakly_certain_axis_hardly_changes_the_mirrored_wheels(car: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    without = model(CAR, car).texture.astype(int)
    monkeypatch.setattr(revolution, "find", lambda patches: revolution.Axis(0.0, 0.0, 0.01))
    assert np.abs(model(CAR, car).texture.astype(int) - without).max() <= 4


def test_the_plane_of_the_car_is_found(car: Mesh) -> None:
    view = CAR.camera.axes()[2].numpy()
    solid = trimesh.Trimesh(car.vertices, car.faces, process=False)
    points, faces = trimesh.sample.sample_surface(solid, 40_000, seed=1)
    points, normals = np.asarray(points, np.float32), np.asarray(solid.face_normals[faces], np.float32)
    patches = unobserved.divide(points, normals, paint(points), (normals @ view < -0.2).astype(np.float32))
    plane = mirror.find(patches, view)
    assert plane is not None
    assert abs(plane.normal[1]) > 0.99 and abs(plane.offset) < 0.03


def test_reflection_is_its_own_inverse() -> None:
    plane = mirror.Plane(np.array([0.6, 0.8, 0.0], np.float32), 0.1)
    points = np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32)
    assert np.allclose(plane.points(plane.points(points)), points, atol=1e-5)
    assert np.allclose((plane.points(points) + points) @ plane.normal, 0.2, atol=1e-5)


def test_a_plane_across_the_view_is_never_chosen() -> None:
    half = np.random.default_rng(3).uniform((0.02, -0.5, -0.5), (0.3, 0.5, 0.5), (3_000, 3)).astype(np.float32)
    half = half[half[:, 0] < 0.15 + 0.3 * half[:, 1] + 0.2 * half[:, 2] ** 2]  # no other plane fits
    points = np.concatenate([half, half * np.array([-1.0, 1.0, 1.0], np.float32)])
    normals = np.tile(np.array([0.0, 0.0, 1.0], np.float32), (len(points), 1))
    patches = unobserved.divide(points, normals, paint(points), np.ones(len(points), np.float32))
    along = mirror.find(patches, np.array([0.0, -1.0, 0.0], np.float32))
    assert along is not None and abs(along.normal[0]) > 0.99
    across = mirror.find(patches, np.array([-1.0, 0.0, 0.0], np.float32))
    assert across is None


def test_a_plane_counts_only_near_one_that_fits_the_shape_better_than_those_around_it() -> None:
    normals = np.random.default_rng(2).normal(size=(60_000, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    size = np.array([0.34, 0.4, 0.5], np.float32)
    points, normals = normals * size, normals / size
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    label = (points[:, 0] > 0) & (np.abs(points[:, 1] - 0.1) < 0.15) & (np.abs(points[:, 2]) < 0.2)
    color = np.where(label, 0.1, 0.9).astype(np.float32)[:, None].repeat(3, axis=1)
    patches = unobserved.divide(points, normals, color, (normals[:, 0] > 0.15).astype(np.float32))
    plane = mirror.find(patches, np.array([-1.0, 0.0, 0.0], np.float32))
    assert plane is not None
    assert abs(plane.normal[1]) > np.cos(np.radians(mirror.ANGLE_STEP * mirror.NEAR_VALLEY + 0.1))


def test_an_object_whose_sides_differ_has_no_plane() -> None:
    normals = np.random.default_rng(2).normal(size=(30_000, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    waves = normals @ np.array([[9.0, 2.0, -6.0], [7.0, -8.0, 3.0], [5.0, 4.0, 9.0]]) + np.array([0.3, 1.1, 2.0])
    patchwork = (np.sin(waves).sum(axis=1) > 0).astype(np.float32)
    seen = (normals[:, 0] > 0.2).astype(np.float32)
    patches = unobserved.divide(normals * np.float32(0.4), normals, patchwork[:, None].repeat(3, axis=1), seen)
    assert mirror.find(patches, np.array([-1.0, 0.0, 0.0], np.float32)) is None
