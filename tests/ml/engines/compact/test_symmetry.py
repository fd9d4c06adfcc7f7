"""The network's mirror planes: their normals, and those of a picture and of its mirror image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ml.core.camera import Camera
from ml.engines.compact import decode, symmetry
from ml.engines.compact.engine import predict
from ml.engines.compact.network import CompactConfig, CompactNetwork
from ml.photo.cutout import Cutout

SMALL = CompactConfig(widths=(16, 32, 64), layers=1, features=16, mirror_angles=symmetry.ANGLES)


@pytest.fixture(scope="module")
def network() -> CompactNetwork:
    torch.manual_seed(3)
    return CompactNetwork(SMALL).eval()


def lopsided() -> Cutout:
    """A bright and a dark half, of different height."""
    rgba = np.zeros((512, 512, 4), np.uint8)
    rgba[100:400, 60:256] = (220, 200, 40, 255)
    rgba[220:400, 256:450] = (30, 60, 90, 255)
    return Cutout(rgba, (0, 0, 512, 512), "none")


def test_the_first_plane_contains_the_camera() -> None:
    view = Camera().axes()[2]
    assert float((symmetry.normals()[0] @ view[:2]).abs()) < 1e-6
    assert float((symmetry.normals()[symmetry.ANGLES // 2] @ view[:2]).abs()) == pytest.approx(1.0)


def test_mirroring_twice_changes_nothing() -> None:
    values = torch.randn(2, symmetry.ANGLES)
    assert torch.equal(symmetry.mirror_image(symmetry.mirror_image(values)), values)
    assert torch.equal(symmetry.mirror_image(values)[:, 1], values[:, -1])


def test_a_mirrored_photo_has_mirrored_planes(network: CompactNetwork) -> None:
    photo = lopsided()
    mirrored = replace(photo, rgba=np.ascontiguousarray(photo.rgba[:, ::-1]))
    planes, of_mirrored = (decode.run_network(network, cutout.rgba)[0].mirror for cutout in (photo, mirrored))
    assert planes is not None and of_mirrored is not None
    assert torch.allclose(symmetry.mirror_image(planes), of_mirrored, atol=1e-4)
    assert float(planes.std()) > 1e-3


def test_a_scene_has_the_planes_that_its_network_predicts(network: CompactNetwork) -> None:
    planes = predict(network, lopsided()).mirror_planes
    assert planes is not None and planes.shape == (symmetry.ANGLES,)
    assert float(planes.min()) > 0.0 and float(planes.max()) < 1.0
    torch.manual_seed(3)
    assert predict(CompactNetwork(replace(SMALL, mirror_angles=0)).eval(), lopsided()).mirror_planes is None
