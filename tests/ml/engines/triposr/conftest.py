from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor

from ml.engines.triposr import checkpoint
from ml.engines.triposr.checkpoint import Model
from ml.engines.triposr.parity import seeded_weights
from ml.engines.triposr.scene import TriplaneScene
from ml.engines.triposr.sizes import Sizes

DATA = Path(__file__).parent / "data"
SEED = 7


@pytest.fixture(scope="session")
def tiny() -> Sizes:
    return Sizes.from_config(yaml.safe_load((DATA / "tiny_config.yaml").read_text()))


@pytest.fixture(scope="session")
def tiny_weights(tiny: Sizes) -> dict[str, Tensor]:
    return seeded_weights(tiny, SEED)


@pytest.fixture
def tiny_checkpoint(tmp_path: Path, tiny_weights: dict[str, Tensor]) -> Path:
    """The tiny network in the format of the published `model.ckpt`."""
    path = tmp_path / "published" / "model.ckpt"
    path.parent.mkdir()
    torch.save(tiny_weights, path)
    return path


@pytest.fixture
def tiny_model(tmp_path: Path, tiny: Sizes, tiny_weights: dict[str, Tensor]) -> Path:
    """The tiny network as it is after its conversion."""
    path = tmp_path / "tiny.safetensors"
    converted = checkpoint.convert(tiny_weights, tiny, "float32")
    checkpoint.save(path, Model(converted, tiny, "float32", "ab" * 32))
    return path


@pytest.fixture(scope="session")
def chair() -> TriplaneScene:
    return TriplaneScene.load(DATA / "chair.npz")
