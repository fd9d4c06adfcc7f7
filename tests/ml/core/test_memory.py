"""Free memory, and errors that mean it ran out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from ml.core import memory


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    return tmp_path


def test_a_lower_limit_of_the_container_counts(cgroup: Path) -> None:
    (cgroup / "memory.max").write_text("3000\n")
    (cgroup / "memory.current").write_text("1000\n")
    assert memory.free_memory() == 2000


def test_a_container_over_its_limit_has_no_memory_left(cgroup: Path) -> None:
    (cgroup / "memory.max").write_text("1000\n")
    (cgroup / "memory.current").write_text("3000\n")
    assert memory.free_memory() == 0


def test_without_a_limit_the_machine_counts(cgroup: Path) -> None:
    (cgroup / "memory.max").write_text("max\n")
    assert 0 < memory.free_memory() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_every_kind_of_memory_error_is_recognised(error: BaseException) -> None:
    assert memory.out_of_memory(error)


def test_other_errors_are_not_memory_errors() -> None:
    assert not memory.out_of_memory(RuntimeError("shapes do not match"))


def test_freed_memory_goes_back_to_the_system() -> None:
    """The last block is kept: it holds what was freed below it, as small things do that outlive a job."""
    blocks = [np.ones(65_536, np.uint8) for _ in range(1600)]
    kept = blocks[-1]
    blocks.clear()
    before = psutil.Process().memory_info().rss
    memory.give_back()
    assert before - psutil.Process().memory_info().rss > 50 << 20
    assert kept[0] == 1
