from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ml import engines
from ml.engines.triposr import engine as module
from ml.engines.triposr import network, precision
from ml.engines.triposr.engine import TripoSREngine, installed
from ml.engines.triposr.sizes import Sizes
from ml.errors import ReconstructionError
from ml.photo.cutout import Cutout


def cutout(seed: int = 0) -> Cutout:
    rgba = np.random.default_rng(seed).integers(0, 256, (512, 512, 4), dtype=np.uint8)
    return Cutout(rgba, (0, 0, 512, 512), "none")


@pytest.fixture
def engine(tiny_model: Path) -> TripoSREngine:
    return TripoSREngine(tiny_model)


def saved(engine: TripoSREngine, path: Path) -> bytes:
    engine.infer(cutout()).save(path)
    return path.read_bytes()


def test_the_same_photo_gives_the_same_scene_bytes(engine: TripoSREngine, tmp_path: Path) -> None:
    assert saved(engine, tmp_path / "one.npz") == saved(engine, tmp_path / "two.npz")


def test_another_photo_gives_another_scene(engine: TripoSREngine) -> None:
    assert not torch.equal(engine.infer(cutout(0)).planes, engine.infer(cutout(1)).planes)


def test_transparent_pixels_count_as_grey(engine: TripoSREngine) -> None:
    rgba = cutout().rgba.copy()
    rgba[..., 3] = 0
    grey = np.full_like(rgba, 128)
    grey[..., 3] = 255
    clear, plain = (Cutout(image, (0, 0, 512, 512), "none") for image in (rgba, grey))
    assert torch.equal(engine.infer(clear).planes, engine.infer(plain).planes)


def test_several_photos_in_one_pass_give_what_each_gives_alone(engine: TripoSREngine) -> None:
    together = engine.infer_many([cutout(seed) for seed in range(3)])
    for seed, scene in enumerate(together):
        assert torch.allclose(scene.planes.float(), engine.infer(cutout(seed)).planes.float(), atol=0.02)


def test_the_result_names_the_published_file(engine: TripoSREngine) -> None:
    assert (engine.name, engine.weights_hash, engine.precision) == ("triposr", "ab" * 32, "float32")


def test_out_of_memory_halves_the_batch(engine: TripoSREngine, monkeypatch: pytest.MonkeyPatch) -> None:
    original, batches = network.scene_codes, []

    def scarce(weights: Any, sizes: Any, pictures: Tensor) -> Tensor:
        batches.append(len(pictures))
        if len(pictures) > 2:
            raise MemoryError
        return original(weights, sizes, pictures)

    monkeypatch.setattr(network, "scene_codes", scarce)
    monkeypatch.setattr(module, "free_memory", lambda: 1 << 40)
    assert len(engine.infer_many([cutout(seed) for seed in range(5)])) == 5
    assert batches == [5, 2, 2, 1]


def test_out_of_memory_ends_with_advice(engine: TripoSREngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr(network, "scene_codes", never)
    with pytest.raises(ReconstructionError) as caught:
        engine.infer(cutout())
    assert caught.value.code == "out_of_memory"


def test_with_little_free_memory_photos_go_through_one_by_one(
    engine: TripoSREngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    original = network.scene_codes

    def counting(weights: network.Weights, sizes: Sizes, pictures: Tensor) -> Tensor:
        batches.append(len(pictures))
        return original(weights, sizes, pictures)

    monkeypatch.setattr(module, "free_memory", lambda: 1 << 20)
    monkeypatch.setattr(network, "scene_codes", counting)
    engine.infer_many([cutout(0), cutout(1)])
    assert batches == [1, 1]


def test_without_weights_auto_takes_compact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    assert not installed()
    assert engines.choose("auto").name == "compact"


def test_with_weights_auto_takes_triposr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_model: Path) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    (tmp_path / "triposr").mkdir()
    tiny_model.rename(module.weights_file())
    assert engines.choose("auto").name == "triposr"


def test_broken_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "triposr.safetensors"
    path.write_bytes(b"not weights")
    with pytest.raises(ReconstructionError, match=str(path)) as caught:
        TripoSREngine(path)
    assert caught.value.code == "engine_unavailable"


def test_an_unknown_precision_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(precision.VARIABLE, "int3")
    with pytest.raises(ValueError, match="int3"):
        precision.best_precision()
