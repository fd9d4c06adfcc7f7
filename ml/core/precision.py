"""Which precision a device multiplies matrices in without detours."""

from __future__ import annotations

from functools import cache

import torch


@cache
def has_bfloat16(device: str = "cpu") -> bool:
    """Whether a device of this type multiplies bfloat16 itself; a CPU does with AVX-512 BF16 or AMX.

    Others convert each operand first: there the compact network takes twenty times as long as in float32.
    """
    if device != "cpu":
        return bool(torch.cuda.is_bf16_supported())
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
