"""What a run says about itself: seconds and memory per stage, versions, checks."""

from __future__ import annotations

import json
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("torch", "numpy", "pillow", "rembg", "onnxruntime", "trimesh", "PyMCubes", "xatlas")

_STATUS, _RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class StageCost:
    """Wall-clock seconds of one stage and the process's peak resident memory in it, in MB."""

    stage: str
    seconds: float
    peak_mb: float


@dataclass
class Costs:
    """What each stage has cost so far, in order."""

    stages: list[StageCost] = field(default_factory=list)

    @contextmanager
    def measured(self, stage: str) -> Iterator[None]:
        """Measure what happens inside as `stage`."""
        _forget_peak()
        begin = time.perf_counter()
        yield
        cost = StageCost(stage, round(time.perf_counter() - begin, 3), round(peak_mb(), 1))
        self.stages = [each for each in self.stages if each.stage != stage] + [cost]

    def to_dict(self) -> dict[str, Any]:
        """Totals and a list of stages, ready for JSON."""
        return {
            "seconds": round(sum(each.seconds for each in self.stages), 3),
            "peak_mb": max((each.peak_mb for each in self.stages), default=0.0),
            "stages": [{"name": each.stage, "seconds": each.seconds, "peak_mb": each.peak_mb} for each in self.stages],
        }


def peak_mb() -> float:
    """Peak resident memory of this process in MB: since the last stage began on Linux, since its start elsewhere."""
    with suppress(OSError, StopIteration, ValueError):
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _forget_peak() -> None:
    """Linux only: let the peak start from the present size (see proc(5), clear_refs)."""
    with suppress(OSError):
        _RESET_PEAK.write_text("5")


def versions() -> dict[str, str]:
    """Python and the libraries that shape a result."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name.lower()] = version(name)
    return found


def write(report: dict[str, Any], path: Path) -> None:
    """Write the report as readable JSON."""
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
