"""Several photos of one object: a red box, twice as wide as it is deep, seen from known and unknown sides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.core.camera import RADIUS, Camera, pixel_rays
from ml.engines import load_scene
from ml.engines.compact.engine import inflate
from ml.mesh import marching_cubes
from ml.mesh.raycast import Caster
from ml.multiview import fusion, registration, side_search, tsdf, visual_hull
from ml.photo.cutout import Cutout
from ml.scene.volume import VolumeScene
from ml.training import posing
from ml.training.shapes.parts import box
from tests.ml.training.primitives import GREY, joined

SIZE = 512


@dataclass(frozen=True)
class Inflating:
    """An engine that knows nothing of objects: what the second photo adds is plain to see."""

    name: str = "inflating"
    weights_hash: str = ""

    def infer(self, cutout: Cutout) -> VolumeScene:
        return inflate(cutout)


def photo(azimuth: float, sides: tuple[float, float, float] = (0.5, 1.0, 0.7), color: int = 200) -> Cutout:
    """The box of these sides (x, y, z) seen by a level camera."""
    body = joined(box(GREY, sides))
    view = posing.pose(body.vertices, body.faces, azimuth, 0.0)
    directions = pixel_rays(SIZE, view.focal).numpy()
    seen = Caster(view.vertices, view.faces).occluded(np.zeros_like(directions), directions)
    rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
    rgba[..., 0], rgba[..., 3] = color, seen.reshape(SIZE, SIZE) * 255
    return Cutout(rgba, (0, 0, SIZE, SIZE), "transparency")


def extent(found: fusion.Fused) -> np.ndarray:
    vertices = marching_cubes.extract(found.scene, 64).vertices
    return np.asarray(np.ptp(vertices, axis=0))


def test_one_photo_is_what_the_engine_made_of_it() -> None:
    found = fusion.scene_of(Inflating(), [photo(0.0)])
    torch.testing.assert_close(found.scene.grid, inflate(photo(0.0)).grid, atol=1e-6, rtol=0.0)  # spsolve varies
    assert len(found.photos) == 1
    assert found.notes == ()


def test_a_photo_of_the_side_tells_how_deep_the_object_is() -> None:
    found = fusion.scene_of(Inflating(), [photo(0.0), photo(90.0)], ("front", "right"))
    depth, width, _ = extent(found)
    assert depth / width == pytest.approx(0.5, abs=0.1)
    assert [round(photo.camera.azimuth) for photo in found.photos] == [0, 90]


def test_photos_of_two_objects_are_not_mixed() -> None:
    tall = photo(90.0, sides=(0.2, 0.1, 1.0))
    found = fusion.scene_of(Inflating(), [photo(0.0, sides=(1.0, 1.0, 0.1)), tall], ("front", "right"))
    assert len(found.photos) == 1
    assert "Photo 2" in found.notes[0]


def test_each_side_keeps_the_colours_of_its_photo(tmp_path: Path) -> None:
    found = fusion.scene_of(Inflating(), [photo(0.0, color=250), photo(180.0, color=60)], ("front", "back"))
    found.scene.save(tmp_path / "scene.npz")
    reach = float(extent(found)[0]) / 2.0
    for read in (found.scene, load_scene(tmp_path / "scene.npz")):
        front, back = read.color(torch.tensor([[reach, 0.0, 0.0], [-reach, 0.0, 0.0]]))[:, 0] * 255.0
        assert front > 220
        assert back < 100


def test_a_photo_that_two_sides_would_explain_is_left_out_and_its_side_asked_for() -> None:
    """The box looks the same from the right and from the left."""
    found = fusion.scene_of(Inflating(), [photo(0.0), photo(180.0)])
    assert len(found.photos) == 1
    assert found.notes == (fusion.UNSURE.format(number=2),)
    assert torch.allclose(found.scene.grid, inflate(photo(0.0)).grid, atol=1e-2)


@pytest.mark.parametrize(("valleys", "sure"), [((90.0,), True), ((90.0, 270.0), False)])
def test_a_side_is_sure_only_where_no_other_side_fits_as_well(
    valleys: tuple[float, ...], sure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misfit(views: object, cameras: object, other: object, azimuth: float) -> float:
        return min(abs(azimuth - valley) / 180.0 for valley in valleys)

    monkeypatch.setattr(side_search, "_misfit", misfit)
    main, other = (registration.view_of(inflate(each), visual_hull.outline(each)) for each in (photo(0.0), photo(90.0)))
    found = side_search.search([main], [main.scene.camera], other)
    assert found.sure is sure
    assert found.cameras[-1].azimuth == pytest.approx(90.0, abs=30.0)


def test_where_the_photos_agree_on_nothing_every_ray_through_an_outline_still_meets_something() -> None:
    """As for a thin part that each photo puts at another depth: no place is solid, some are only less empty."""
    views = [registration.view_of(inflate(each), visual_hull.outline(each)) for each in (photo(0.0), photo(90.0))]
    placed = [
        registration.Placed(view, Camera(azimuth=azimuth)) for view, azimuth in zip(views, (0.0, 90.0), strict=True)
    ]
    points = visual_hull.lattice(80, RADIUS)
    hull = visual_hull.hull([each.outline for each in views], [each.camera for each in placed], points)
    nowhere = tsdf.Means(torch.full((len(points),), -0.08), -0.1 - points.norm(dim=1))
    found = tsdf.filled(placed, points, nowhere, hull)
    for each in placed:
        assert visual_hull.overlap(each.view.outline, each.camera, points[found > 0.0]) > 0.9
    assert (found > 0.0).float().mean() < 0.6 * (hull > 0.0).float().mean()


def test_a_joined_solid_is_smooth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distances with a grain of one grid cell: the surface does not follow them."""
    view = registration.view_of(inflate(photo(0.0)), visual_hull.outline(photo(0.0)))
    grain = torch.Generator().manual_seed(1)

    def grainy(placed: object, points: torch.Tensor, found: object, hull: torch.Tensor) -> torch.Tensor:
        return 0.3 - points.norm(dim=1) + 0.02 * torch.randn(len(points), generator=grain)

    monkeypatch.setattr(tsdf, "filled", grainy)
    grid = tsdf.solid([registration.Placed(view, Camera())])
    mesh = marching_cubes.extract(VolumeScene(grid, tsdf.picture(photo(0.0))), 128)
    assert np.linalg.norm(mesh.vertices, axis=1).std() < 0.005
