"""The mirror planes of rendered samples: what the network learns to recognise."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ml.engines.compact.symmetry import ANGLES, mirror_image
from ml.mesh.raycast import Caster
from ml.training import augment, symmetry
from ml.training.conventions import Sample
from ml.training.meshes import ColoredMesh
from ml.training.posing import pose
from ml.training.render import cast_target
from ml.training.shapes.parts import box
from tests.ml.training.primitives import GREY, ball, joined

STEP = 180 // ANGLES
"""Degrees from one plane to the next."""


def car() -> ColoredMesh:
    """A long block along x with a cabin at one end: symmetric about y = 0 alone."""
    return joined(box(GREY, (2.0, 0.8, 0.5)), box(GREY, (0.7, 0.8, 0.6), (-0.6, 0.0, 0.5)))


def lopsided() -> ColoredMesh:
    """An L lying on the ground, with legs of unequal length and width: symmetric about no upright plane."""
    return joined(box(GREY, (2.0, 0.3, 0.4)), box(GREY, (0.3, 1.2, 0.4), (0.8, 0.7, 0.0)))


def sample(mesh: ColoredMesh, azimuth: float, elevation: float = 15.0) -> Sample:
    """The arrays of a sample, seen from `azimuth`, that mirroring changes and planes are found in."""
    posed = pose(mesh.vertices, mesh.faces, azimuth, elevation)
    target = cast_target(Caster(posed.vertices, posed.faces), posed, mesh.colors)
    angles = np.array([[elevation, posed.fov, azimuth]], np.float32)
    arrays = {"occupancy": target.occupancy, "depths": target.depths, "picture": target.back}
    return {"angles": angles, **{key: values[None] for key, values in arrays.items()}}


def planes(arrays: Sample) -> Tensor:
    """(ANGLES,) how far each plane is a mirror plane."""
    silhouette = torch.from_numpy(np.isfinite(arrays["depths"][..., 0]))
    elevation = torch.from_numpy(arrays["angles"][:, 0])
    return symmetry.planes(torch.from_numpy(arrays["occupancy"]), silhouette, elevation)[0]


def test_a_cars_mirror_plane_is_where_the_camera_sees_it() -> None:
    for azimuth in (0.0, 40.0, 70.0, 115.0):
        found = planes(sample(car(), azimuth))
        expected = round(-azimuth / STEP) % ANGLES
        assert int(found.argmax()) in {(expected + step) % ANGLES for step in (-1, 0, 1)}
        assert float(found.max()) > 0.5
        assert float(found[(expected + ANGLES // 2) % ANGLES]) == 0.0  # the plane across the car


def test_a_ball_is_symmetric_about_every_plane() -> None:
    assert float(planes(sample(ball(), 0.0)).min()) > 0.5


def test_what_has_no_mirror_plane_gets_none() -> None:
    assert float(planes(sample(lopsided(), 30.0)).max()) == 0.0


def test_a_mirrored_sample_has_the_mirrored_planes() -> None:
    arrays = sample(car(), 40.0)
    draws = (augment.mirror(arrays, np.random.default_rng(seed)) for seed in range(20))
    mirrored = next(drawn for drawn in draws if not np.array_equal(drawn["occupancy"], arrays["occupancy"]))
    assert torch.allclose(planes(mirrored), mirror_image(planes(arrays)), atol=0.35)
    assert int(planes(mirrored).argmax()) == int(mirror_image(planes(arrays)).argmax())


def test_nothing_is_symmetric_about_every_plane() -> None:
    arrays = sample(car(), 0.0)
    arrays["depths"] = np.full_like(arrays["depths"], np.nan)
    assert float(planes(arrays).min()) == 1.0
