"""The report of a run: seconds and memory per stage, and library versions."""

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
"""Their versions are reported because they shape the result."""

_STATUS, _RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class StageCost:
    """Wall-clock seconds of one stage, and the peak resident memory of the process during it in MB."""

    stage: str
    seconds: float
    peak_mb: float


@dataclass
class Costs:
    """The costs of the stages so far, in order."""

    stages: list[StageCost] = field(default_factory=list)

    @contextmanager
    def measured(self, stage: str) -> Iterator[None]:
        """Measure the body of the `with` statement as `stage`; a repeated stage replaces the earlier one."""
        _reset_peak()
        begin = time.perf_counter()
        yield
        cost = StageCost(stage, round(time.perf_counter() - begin, 3), round(peak_mb(), 1))
        self.stages = [earlier for earlier in self.stages if earlier.stage != stage] + [cost]

    def to_dict(self) -> dict[str, Any]:
        """Totals and a list of stages, for JSON."""
        return {
            "seconds": round(sum(cost.seconds for cost in self.stages), 3),
            "peak_mb": max((cost.peak_mb for cost in self.stages), default=0.0),
            "stages": [{"name": cost.stage, "seconds": cost.seconds, "peak_mb": cost.peak_mb} for cost in self.stages],
        }


def peak_mb() -> float:
    """Peak resident memory of this process in MB: on Linux since the last reset, elsewhere since its start."""
    with suppress(OSError, StopIteration, ValueError):
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _reset_peak() -> None:
    """Reset the peak to the current size; Linux only (proc(5), clear_refs)."""
    with suppress(OSError):
        _RESET_PEAK.write_text("5")


def versions() -> dict[str, str]:
    """Versions of Python and of the installed `LIBRARIES`."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name.lower()] = version(name)
    return found


def write(report: dict[str, Any], path: Path) -> None:
    """Write the report as readable JSON."""
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
