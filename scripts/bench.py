"""Measure this machine: a whole job, stage by stage, and how fast the site responds meanwhile.

`make bench` prints the figures and asserts nothing; those in docs/measures.md come from here.
"""

from __future__ import annotations

import io
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "static" / "samples"
NOISE = 22
"""Largest change of an 8-bit value by the noise of a photo, so that it compresses like a camera's."""


def main() -> None:
    """All benchmarks, one after the other."""
    print(hardware())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = folder / "photo.jpg"
        photo.write_bytes(photo_of_12_megapixels())
        pipeline_bench(photo, folder / "out")
    subprocess.run([sys.executable, "-m", "scripts.bench_stages"], cwd=ROOT, check=True)
    site_bench()
    subprocess.run([sys.executable, "-m", "scripts.bench_triposr"], cwd=ROOT, check=False)


def hardware() -> str:
    """One line about the machine."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    memory = psutil.virtual_memory().total / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, load {os.getloadavg()[0]:.1f}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def photo_of_12_megapixels() -> bytes:
    """Our sample on a 4000 × 3000 picture with a little noise, like a camera's."""
    sample = (
        Image.open(next(SAMPLES.glob("locomotive.*"))).convert("RGB").resize((3000, 3000), Image.Resampling.LANCZOS)
    )
    scene = np.asarray(sample)
    wide = np.pad(scene, ((0, 0), (500, 500), (0, 0)), mode="edge").astype(np.int16)
    noisy = wide + np.random.default_rng(0).integers(-NOISE, NOISE + 1, wide.shape, dtype=np.int16)
    buffer = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def best_seconds(work: Callable[[], Any], repeats: int = 1) -> float:
    """The best of several runs: other work on the machine can only add time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def pipeline_bench(photo: Path, out: Path) -> None:
    """One job of standard quality in a fresh process: seconds and memory of each stage."""
    command = [sys.executable, "-m", "ml", str(photo), "--out", str(out), "--engine", "compact", "--json"]
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    total = time.perf_counter() - start
    report = json.loads((out / "report.json").read_text())
    print(f"\ncompact, standard quality, one photo of 12 megapixels ({photo.stat().st_size / 1e6:.1f} MB)")
    for stage in report["stages"]:
        print(f"  {stage['name']:<10}{stage['seconds']:>7.2f} s {stage['peak_mb']:>7.0f} MB")
    print(f"  {'stages':<10}{report['seconds']:>7.2f} s {report['peak_mb']:>7.0f} MB peak")
    print(f"  {'process':<10}{total:>7.2f} s in total, imports included")


def site_bench() -> None:
    """The site while a job runs, in a process with settings of its own."""
    subprocess.run([sys.executable, "-m", "scripts.bench_site"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
