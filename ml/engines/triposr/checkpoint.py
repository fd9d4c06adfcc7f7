"""Reading weights: the published checkpoint (a pickle of tensors) and our own conversion of it (safetensors).

Both are read strictly: every name and every shape must be the expected one, or nothing is loaded.
"""

from __future__ import annotations

import errno
import json
import os
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ml.engines.triposr import network
from ml.engines.triposr.precision import PRECISIONS
from ml.engines.triposr.sizes import Shape, Sizes, checkpoint_shapes

FORMAT = "1"
UNUSED = ("image_tokenizer.model.pooler.",)
"""Of the checkpoint, but no part of the computation: checked, not kept."""
HALVED = ("image_tokenizer.model.encoder.", "backbone.")
"""Matrices with these beginnings take the lower precision; all else stays float32."""


class CheckpointError(ValueError):
    """The file is not the expected checkpoint; the message names the file and the first tensor that is wrong."""


@dataclass(frozen=True)
class Model:
    """A network ready to run. `source_hash`: SHA-256 of the published file that the weights come from."""

    weights: Mapping[str, Tensor]
    sizes: Sizes
    precision: str
    source_hash: str


def read(path: Path, sizes: Sizes) -> dict[str, Tensor]:
    """The tensors of a published checkpoint, mapped into memory, not copied. Raises CheckpointError, or OSError."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist.")
    try:
        tensors = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {_reason(error)}") from error
    if not isinstance(tensors, dict):
        raise CheckpointError(f"{path} holds no tensors by name.")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise CheckpointError(f"{path}: {name} is not a tensor of floating-point numbers.")
    check(path, {name: tuple(tensor.shape) for name, tensor in tensors.items()}, checkpoint_shapes(sizes))
    return tensors


def check(path: Path, found: Mapping[str, Shape], expected: Mapping[str, Shape]) -> None:
    """Raises CheckpointError for the first tensor that is missing, misshapen or not expected."""
    for name, shape in expected.items():
        if name not in found:
            raise CheckpointError(f"{path}: {name} is missing.")
        if found[name] != shape:
            raise CheckpointError(f"{path}: {name} has shape {found[name]}, but {shape} is expected.")
    for name in found:
        if name not in expected:
            raise CheckpointError(f"{path}: {name} does not belong to this network.")


def convert(tensors: Mapping[str, Tensor], sizes: Sizes, precision: str) -> dict[str, Tensor]:
    """The checkpoint's tensors as the network runs them, and the tokens that are the same for every photo."""
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(UNUSED)}
    converted = {name: tensor.to(_dtype_of(name, tensor.dim(), precision)) for name, tensor in kept.items()}
    return converted | {network.START: network.start_tokens(kept, sizes)}


def save(path: Path, model: Model) -> None:
    """Write a converted model as safetensors: whole under its name, or not at all. Raises OSError."""
    about = {"format": FORMAT, "precision": model.precision, "source_sha256": model.source_hash}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    tensors = {name: tensor.contiguous() for name, tensor in model.weights.items()}
    try:
        save_file(tensors, temporary, metadata=about | {"sizes": json.dumps(asdict(model.sizes), sort_keys=True)})
        temporary.chmod(0o644)
        temporary.replace(path)
    except SafetensorError as error:
        full = "os error 28" in str(error)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error), str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path, device: torch.device | None = None) -> Model:
    """A converted model; on a CPU its tensors are the file itself, mapped. Raises CheckpointError, or OSError."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist.")
    try:
        with safe_open(path, framework="pt", device=str(device or "cpu")) as file:
            about = file.metadata() or {}
            model = Model({}, _sizes(path, about), about.get("precision", ""), about.get("source_sha256", ""))
            check(path, {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}, _shapes(model.sizes))  # noqa: SIM118
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise CheckpointError(f"{path} cannot be read: {_reason(error)}") from error
    for name, tensor in weights.items():
        if tensor.dtype != _dtype_of(name, tensor.dim(), model.precision):
            raise CheckpointError(f"{path}: {name} is {tensor.dtype}, which does not fit {model.precision}.")
    return Model(weights, model.sizes, model.precision, model.source_hash)


def _dtype_of(name: str, dimensions: int, precision: str) -> torch.dtype:
    matrix = dimensions == 2 and name.startswith(HALVED)
    return PRECISIONS[precision] if matrix else torch.float32


def _sizes(path: Path, about: Mapping[str, str]) -> Sizes:
    if about.get("format") != FORMAT or about.get("precision") not in PRECISIONS:
        raise CheckpointError(f"{path} was not written by this version; fetch the weights again.")
    return Sizes(**json.loads(about["sizes"]))


def _shapes(sizes: Sizes) -> dict[str, Shape]:
    """What a converted file holds."""
    shapes = {name: shape for name, shape in checkpoint_shapes(sizes).items() if not name.startswith(UNUSED)}
    return shapes | {network.START: (1, 3 * sizes.plane**2, sizes.heads * sizes.head_width)}


def _reason(error: Exception) -> str:
    """The first sentence of an error message: torch's own can fill a page."""
    return str(error).strip().split("\n")[0].split(". ")[0][:300] or type(error).__name__
