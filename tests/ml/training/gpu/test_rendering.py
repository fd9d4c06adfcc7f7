"""Samples from the device agree with those of the renderer that uses embree."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ml.engines.compact.network import PICTURE
from ml.mesh.raycast import Caster
from ml.training import posing, render
from ml.training.gpu import augmenting, deforming, meshes, pack, rendering
from ml.training.gpu.cache import Cache, render_batch
from ml.training.meshes import ColoredMesh
from ml.training.shapes.parts import box
from tests.ml.training.primitives import joined

AZIMUTHS, ELEVATIONS, FOV = (30.0, 250.0), (10.0, -5.0), 40.0


def stool() -> ColoredMesh:
    """A seat on two legs of different heights of colour: asymmetric, with a gap, 36 triangles."""
    parts = [
        box(np.array([0.8, 0.2, 0.1], np.float32), (1.6, 1.0, 0.3), (0.0, 0.0, 0.8)),
        box(np.array([0.1, 0.7, 0.2], np.float32), (0.3, 1.0, 1.6), (0.6, 0.0, -0.2)),
        box(np.array([0.1, 0.2, 0.8], np.float32), (0.3, 0.3, 1.6), (-0.6, 0.2, -0.2)),
    ]
    whole = joined(*parts, name="stool")
    return ColoredMesh("stool", whole.vertices, whole.faces, np.repeat([part.color for part in parts], 12, axis=0))


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> meshes.PackedMeshes:
    path = tmp_path_factory.mktemp("pack") / "pack.npz"
    pack.write(path, [stool()], [joined(box(np.full(3, 0.5, np.float32), (1.0, 1.0, 1.0)), name="plain")])
    return meshes.load(path, torch.device("cpu"))


@pytest.fixture(scope="module")
def rendered(packed: meshes.PackedMeshes) -> rendering.Rendered:
    batch = meshes.gather(packed, torch.tensor([0, 0]), 24, 40)
    posed = meshes.pose(batch, batch.vertices, *map(torch.tensor, (AZIMUTHS, ELEVATIONS, (FOV, FOV))))
    return rendering.render(batch, batch.vertices, posed, torch.Generator().manual_seed(1))


@pytest.mark.parametrize("row", [0, 1])
def test_the_target_is_that_of_the_embree_renderer(
    packed: meshes.PackedMeshes, rendered: rendering.Rendered, row: int
) -> None:
    vertices, faces = packed.vertices[:24].numpy(), packed.faces[:36].numpy()
    view = posing.pose(vertices, faces, AZIMUTHS[row], ELEVATIONS[row], FOV)
    truth = render.cast_target(Caster(view.vertices, view.faces), view, packed.colors[:36].numpy())
    seen = np.isfinite(truth.depths[..., 0])
    found = rendered.depths[row].float().numpy()
    assert (np.isfinite(found[..., 0]) == seen).mean() > 0.999
    both = seen & np.isfinite(found[..., 0])
    assert (np.abs(found - truth.depths)[both] < 4e-3).mean() > 0.99
    filled = augmenting.unpacked(rendered.occupancy)[row].numpy().astype(bool)
    assert (filled == truth.occupancy)[both].mean() > 0.995
    back = rendered.back[row].numpy()[both] / 255.0
    assert (np.abs(back - truth.back[both]).max(axis=-1) < 0.01).mean() > 0.99


def test_the_picture_shows_what_the_target_holds(rendered: rendering.Rendered) -> None:
    small = rendered.cover[:, ::2, ::2] > 127
    target = rendered.depths[..., 0].isfinite()
    assert ((small & target).sum() / (small | target).sum()) > 0.93
    assert rendered.valid.all()


def test_lit_sides_differ_and_colours_are_those_of_the_object(rendered: rendering.Rendered) -> None:
    picture = rendered.picture[0].float()[rendered.cover[0] == 255]
    assert picture.shape[0] > PICTURE * PICTURE * 0.1
    assert len(torch.unique((picture / 16).round(), dim=0)) > 6


def test_a_deformed_object_stays_centred_and_in_its_box(packed: meshes.PackedMeshes) -> None:
    batch = meshes.gather(packed, torch.zeros(32, dtype=torch.long), 24, 40)
    _, vertices = deforming.deformed(batch, torch.Generator().manual_seed(2))
    low, high = vertices.amin(dim=1), vertices.amax(dim=1)
    assert torch.allclose((low + high).abs().amax(), torch.zeros(()), atol=1e-4)
    assert torch.allclose((high - low).amax(dim=1), torch.full((32,), 2.0), atol=1e-4)
    assert (vertices - batch.vertices).abs().amax(dim=(1, 2)).gt(0.01).float().mean() > 0.5


def test_the_cache_replaces_the_oldest_samples(packed: meshes.PackedMeshes, rendered: rendering.Rendered) -> None:
    cache = Cache(capacity=3)
    cache.add(rendered)
    assert len(cache) == 2
    cache.add(render_batch(packed, torch.tensor([1, 1]), torch.Generator().manual_seed(3), augment=True))
    assert (len(cache), cache.made) == (3, 4)
    assert not torch.equal(cache.arrays["depths"][0].nan_to_num(), rendered.depths[0].nan_to_num())
    assert torch.equal(cache.arrays["depths"][1].nan_to_num(), rendered.depths[1].nan_to_num())
