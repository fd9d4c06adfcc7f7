"""Which precision this machine multiplies matrices in, and on which device."""

from __future__ import annotations

import os

import torch

from ml.core.precision import has_bfloat16

PRECISIONS: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
VARIABLE = "TRIPOSR_PRECISION"


def best_device() -> torch.device:
    """The first CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def best_precision() -> str:
    """A name of `PRECISIONS`: `TRIPOSR_PRECISION` where it is set, else the fastest that loses little.

    On a CPU bfloat16 pays only where the processor has it. Raises ValueError.
    """
    requested = os.environ.get(VARIABLE)
    if requested:
        if requested not in PRECISIONS:
            raise ValueError(f"{VARIABLE} is {requested}; it must be one of: {', '.join(PRECISIONS)}.")
        return requested
    if torch.cuda.is_available():
        return "bfloat16" if has_bfloat16("cuda") else "float16"
    return "bfloat16" if has_bfloat16() else "float32"
