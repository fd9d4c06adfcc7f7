"""Training the shading network."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.engines.compact.network import load_network
from ml.texture import shading_network
from ml.training import dataset
from ml.training.conventions import Sample
from ml.training.shading import samples, train
from ml.training.train import gather, open_shards, sample_indices


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight samples, as training data and as held-out ones."""
    result = tmp_path_factory.mktemp("shading")
    make = partial(samples.make_sample, load_network())
    made = list(dataset.make_samples(dataset.generate_objects(7), 8, 7, make))
    for name in ("data", "held"):
        dataset.write_shards(result / name, iter(made), "shapes_7")
    return result


@pytest.fixture(scope="module")
def raw(folder: Path) -> Sample:
    shards = open_shards(folder / "data", train.ARRAYS)
    return gather(shards, sample_indices(shards))


def test_a_short_run_from_scratch_learns(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shading_network, "WEIGHTS", tmp_path / "none.safetensors")
    torch.manual_seed(0)
    before = train.evaluate(shading_network.ShadingNetwork(), folder / "held")
    after = train.evaluate(train.train(folder, minutes=0.1, batch=4), folder / "held")
    assert after["shading"] < 0.9 * before["shading"]


def test_what_is_mirrored_is_mirrored_as_a_whole(raw: Sample) -> None:
    plain, augmented = train.to_batch(raw, None), train.to_batch(raw, np.random.default_rng(0))
    mirrored = 0
    for row in range(len(plain.mask)):
        is_same = torch.equal(plain.shading[row], augmented.shading[row])
        mirrored += not is_same
        axes = [] if is_same else [-1]
        sign = torch.tensor([1.0 if is_same else -1.0, 1.0, 1.0])[:, None, None]
        assert torch.equal(plain.shading[row].flip(axes), augmented.shading[row])
        assert torch.equal(plain.mask[row].flip(axes), augmented.mask[row])
        assert torch.equal(plain.normals[row].flip(axes) * sign, augmented.normals[row])
        assert torch.equal(plain.change[row].flip(axes) * sign[:2], augmented.change[row])
    assert 0 < mirrored < len(plain.mask)


def test_a_constant_brightness_is_no_error(raw: Sample) -> None:
    """One picture does not tell how bright its light was."""

    class Brighter(shading_network.ShadingNetwork):
        def forward(self, colors: torch.Tensor, normals: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return batch.shading + 0.7, batch.change

    batch = train.to_batch(raw, None)
    terms = train.losses(Brighter(), batch)
    assert float(terms["shading"]) < 1e-4
    assert float(terms["change"]) == 0.0


def test_saved_weights_are_loaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shading_network, "WEIGHTS", tmp_path / "weights" / "shading.safetensors")
    network = shading_network.ShadingNetwork()
    train.save(network, shading_network.WEIGHTS)
    loaded = shading_network.network.__wrapped__()
    for name, values in network.state_dict().items():
        assert torch.allclose(loaded.state_dict()[name], values, atol=2e-3)
