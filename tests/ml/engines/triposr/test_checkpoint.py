"""A checkpoint is loaded whole and right, or not at all, and the message says what is wrong with which file."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from torch import Tensor

from ml.engines.triposr import checkpoint
from ml.engines.triposr.checkpoint import CheckpointError, Model
from ml.engines.triposr.sizes import Sizes

NAME = "backbone.proj_in.weight"


class Trap:
    """Unpickled without care, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def refusal(path: Path, sizes: Sizes) -> str:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.read(path, sizes)
    assert str(path) in str(caught.value)
    return str(caught.value)


def saved(path: Path, tensors: Mapping[str, object]) -> Path:
    torch.save(tensors, path)
    return path


def test_it_reads_the_published_format(tiny: Sizes, tiny_checkpoint: Path, tiny_weights: dict[str, Tensor]) -> None:
    tensors = checkpoint.read(tiny_checkpoint, tiny)
    assert set(tensors) == set(tiny_weights)
    assert all(torch.equal(tensors[name], tiny_weights[name]) for name in tensors)


def test_it_names_a_missing_tensor(tmp_path: Path, tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    rest = {name: tensor for name, tensor in tiny_weights.items() if name != NAME}
    assert f"{NAME} is missing" in refusal(saved(tmp_path / "a.ckpt", rest), tiny)


def test_it_names_the_first_of_several(tmp_path: Path, tiny: Sizes) -> None:
    assert "embeddings.cls_token is missing" in refusal(saved(tmp_path / "a.ckpt", {}), tiny)


def test_it_names_an_extra_tensor(tmp_path: Path, tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    path = saved(tmp_path / "a.ckpt", {**tiny_weights, "backbone.surprise": torch.zeros(2)})
    assert "backbone.surprise does not belong" in refusal(path, tiny)


def test_it_names_a_misshapen_tensor(tmp_path: Path, tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    message = refusal(saved(tmp_path / "a.ckpt", {**tiny_weights, NAME: torch.zeros(3, 5)}), tiny)
    assert f"{NAME} has shape (3, 5), but (64, 64) is expected" in message


def test_a_value_that_is_not_a_tensor_is_rejected(tmp_path: Path, tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    assert f"{NAME} is not a tensor" in refusal(saved(tmp_path / "a.ckpt", {**tiny_weights, NAME: "text"}), tiny)


def test_a_truncated_file_is_rejected(tiny: Sizes, tiny_checkpoint: Path) -> None:
    tiny_checkpoint.write_bytes(tiny_checkpoint.read_bytes()[:200_000])
    assert "cannot be read" in refusal(tiny_checkpoint, tiny)


def test_it_runs_no_code_out_of_a_pickle(tmp_path: Path, tiny: Sizes) -> None:
    path = saved(tmp_path / "a.ckpt", {NAME: Trap(tmp_path / "sprung")})
    assert "cannot be read" in refusal(path, tiny)
    assert not (tmp_path / "sprung").exists()


def test_a_converted_model_comes_back(tiny_model: Path, tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    model = checkpoint.load(tiny_model)
    assert (model.sizes, model.precision, model.source_hash) == (tiny, "float32", "ab" * 32)
    assert torch.equal(model.weights[NAME], tiny_weights[NAME])
    assert not any("pooler" in name for name in model.weights)


def test_only_matrices_of_the_transformers_are_halved(tiny: Sizes, tiny_weights: dict[str, Tensor]) -> None:
    converted = checkpoint.convert(tiny_weights, tiny, "bfloat16")
    assert converted[NAME].dtype == torch.bfloat16
    assert {converted[name].dtype for name in converted if "norm" in name or "decoder" in name} == {torch.float32}


def test_a_truncated_conversion_is_rejected(tiny_model: Path) -> None:
    tiny_model.write_bytes(tiny_model.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"tiny\.safetensors cannot be read"):
        checkpoint.load(tiny_model)


def test_a_conversion_with_a_missing_tensor_is_rejected(tmp_path: Path, tiny: Sizes, tiny_model: Path) -> None:
    model = checkpoint.load(tiny_model)
    rest = {name: tensor for name, tensor in model.weights.items() if name != NAME}
    checkpoint.save(tmp_path / "less.safetensors", Model(rest, tiny, "float32", ""))
    with pytest.raises(CheckpointError, match=rf"less\.safetensors: {NAME} is missing"):
        checkpoint.load(tmp_path / "less.safetensors")


def test_a_conversion_without_disk_space_leaves_nothing(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    model = checkpoint.load(tiny_model)
    monkeypatch.setattr(checkpoint, "save_file", full_disk)
    with pytest.raises(OSError, match="No space left") as caught:
        checkpoint.save(tmp_path / "new.safetensors", model)
    assert caught.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.glob("*.safetensors*")] == ["tiny.safetensors"]
