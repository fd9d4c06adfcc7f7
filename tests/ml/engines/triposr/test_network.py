"""The network against what the published code computes with the same weights."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ml.core.memory import free_memory
from ml.engines.triposr import checkpoint, network, parity
from ml.engines.triposr.sizes import Sizes, checkpoint_shapes

from .conftest import DATA, SEED

PICTURE = torch.linspace(0.0, 1.0, 64 * 64 * 3).view(1, 64, 64, 3)


def check_errors(errors: dict[str, float]) -> None:
    assert {name: error for name, error in errors.items() if not error < 1e-4} == {}
    assert max(errors["ray_origins"], errors["ray_directions"]) < 1e-5


def relative(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


def test_it_lists_every_tensor_of_the_published_checkpoint() -> None:
    shapes = checkpoint_shapes(Sizes())
    assert len(shapes) == 549
    assert sum(math.prod(shape) for shape in shapes.values()) == 419_275_628


def test_it_computes_what_the_published_code_computes() -> None:
    errors = parity.measure(DATA, "tiny", SEED)
    assert {"image_tokens", "scene_codes", "density", "color", "views", "grid_density", "mesh_vertices"} <= set(errors)
    check_errors(errors)


@pytest.mark.slow
def test_it_computes_what_the_published_code_computes_at_full_size() -> None:
    if free_memory() < 4 << 30:
        pytest.skip("the full-size network in float32 needs 4 GB of free memory")
    with np.load(DATA / "full.npz") as archive:
        recorded = dict(archive) | {"image": np.asarray(Image.open(DATA / "full.png"))}
    check_errors(parity.errors(parity.seeded_weights(Sizes(), SEED), Sizes(), recorded))


def test_the_parity_check_detects_a_wrong_weight(tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    wrong = dict(tiny_weights)
    wrong["backbone.norm.weight"] = wrong["backbone.norm.weight"] * 1.01
    with np.load(DATA / "tiny.npz") as archive:
        errors = parity.errors(wrong, tiny, dict(archive))
    assert errors["image_tokens"] < 1e-4 < errors["scene_codes"]


def test_the_parity_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert parity.main([str(DATA), "tiny", "--seed", str(SEED)]) == 0
    check_errors(json.loads(capsys.readouterr().out))


def test_the_parity_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert parity.main([str(DATA), "tiny"]) == 2
    assert "tiny_model.ckpt" in capsys.readouterr().err


def test_stored_start_tokens_change_nothing(tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    stored = checkpoint.convert(tiny_weights, tiny, "float32")
    assert network.START in stored
    assert torch.equal(network.scene_codes(stored, tiny, PICTURE), network.scene_codes(tiny_weights, tiny, PICTURE))


def test_bfloat16_stays_close_to_float32(tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    halved = network.scene_codes(checkpoint.convert(tiny_weights, tiny, "bfloat16"), tiny, PICTURE)
    exact = network.scene_codes(tiny_weights, tiny, PICTURE)
    assert 0.0 < relative(halved, exact) < 0.02


def test_tiled_attention_is_attention() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 3, 1500, 8), torch.randn(2, 3, 70, 8), torch.randn(2, 3, 70, 8)
    expected = F.scaled_dot_product_attention(query, key, value)
    assert torch.allclose(network._tiled_attention(query, key, value), expected, atol=1e-5)


def test_photos_in_one_pass_do_not_see_each_other(tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    both = network.scene_codes(tiny_weights, tiny, torch.cat([PICTURE, 1.0 - PICTURE]))
    assert torch.allclose(both[0], network.scene_codes(tiny_weights, tiny, PICTURE)[0], atol=1e-4)
    assert not torch.allclose(both[0], both[1], atol=1e-2)
