"""bfloat16 is used where the processor has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ml.core.precision import has_bfloat16
from ml.training.optimizer import orthogonalised


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    has_bfloat16.cache_clear()
    yield
    has_bfloat16.cache_clear()


@pytest.mark.parametrize(
    ("able", "expected"), [({"avx2": True}, False), ({"avx512_bf16": True}, True), ({"amx_bf16": True}, True)]
)
def test_a_processor_has_bfloat16_with_avx512_or_amx(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert has_bfloat16() is expected


def test_without_it_the_optimizer_computes_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    update = orthogonalised(torch.randn(1, 6, 4))
    assert not torch.equal(update, update.bfloat16().float())
