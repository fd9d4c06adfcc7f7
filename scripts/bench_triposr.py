"""Compare our TripoSR with a naive implementation: `python -m scripts.bench_triposr [--full] [--scene FILE]`.

The naive implementation does what the published code does: float32, torch's own attention, every point of the grid,
every sample of every ray. Its long parts are measured on a fraction of the work, which the table names. Without
`--full` the network has a quarter of its depth (with seeded weights), so that a run takes about a minute.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.engines.triposr import checkpoint, network, parity, render
from ml.engines.triposr.checkpoint import Model
from ml.engines.triposr.precision import PRECISIONS, best_precision
from ml.engines.triposr.scene import TriplaneScene
from ml.engines.triposr.sizes import Sizes
from ml.mesh import adaptive_grid
from scripts.bench import best_seconds

SCENE = Path(__file__).parent.parent / "tests" / "ml" / "engines" / "triposr" / "data" / "chair.npz"
GRID, VIEWS, SIZE = 256, 30, 256
"""Cells per axis, and count and side in pixels of the views: those of standard quality."""
GRID_STRIDE, RAY_STRIDE = 32, 16
"""The naive implementation computes one in so many grid points, and one in so many rays of one view."""
SEED = 7
"""Of the network's weights."""
RATE_SHAPE = (3072, 1024, 3072)
"""Matrix product whose speed stands for the machine's: a large one of the network (tokens, width, outputs)."""


@dataclass(frozen=True)
class Row:
    """One line of the table; `naive` and `ours` in `unit`."""

    step: str
    naive: float
    ours: float
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times less ours needs."""
        return self.naive / self.ours


def matrix_rate(precision: str) -> float:
    """Floating-point operations per second of this machine in one large matrix product."""
    rows, inner, columns = RATE_SHAPE
    x, matrix = (torch.ones(count, inner, dtype=PRECISIONS[precision]) for count in (rows, columns))
    return 2.0 * rows * inner * columns / best_seconds(lambda: F.linear(x, matrix), 6)


def operations(sizes: Sizes) -> float:
    """Multiplications and additions for one photo: matrix products only, without the photo-independent first layer."""
    tokens, planes, vit, width = (
        1 + (sizes.picture // sizes.patch) ** 2,
        3 * sizes.plane**2,
        sizes.vit_width,
        sizes.width,
    )
    layer = tokens * vit * (4 * vit + 2 * sizes.vit_hidden) + 2 * tokens**2 * vit
    self_attention = 4 * planes * width**2 + 2 * planes**2 * width
    cross = 2 * planes * width**2 + 2 * tokens * vit * width + 2 * planes * tokens * width
    forward = 12 * planes * width**2
    block = sizes.blocks * (self_attention + cross + forward) - self_attention
    return 2.0 * (sizes.vit_layers * layer + block + planes * width**2)


def network_run(variant: str, folder: Path, sizes: Sizes) -> dict[str, float]:
    """Seconds for loading and for one photo, and peak memory in GB; runs in a process of its own."""
    start = time.perf_counter()
    if variant == "naive":
        weights: Any = torch.load(folder / "model.ckpt", weights_only=True)
        weights = {name: tensor.clone() for name, tensor in weights.items()}
    else:
        weights = checkpoint.load(folder / "ours.safetensors").weights
    loaded = time.perf_counter() - start
    picture = torch.linspace(0.0, 1.0, sizes.picture**2 * 3).view(1, sizes.picture, sizes.picture, 3)
    photo = best_seconds(lambda: network.scene_codes(weights, sizes, picture), 1 if variant == "naive" else 2)
    return {"load": loaded, "photo": photo, "peak": peak_memory()}


def peak_memory() -> float:
    """Peak memory of this process in GB, by Linux's VmHWM: `ru_maxrss` would include the parent's before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1e6 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def network_rows(sizes: Sizes) -> list[Row]:
    """Loading, one photo, and memory."""
    precision = best_precision()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = parity.seeded_weights(sizes, SEED)
        torch.save(weights, folder / "model.ckpt")
        converted = checkpoint.convert(weights, sizes, precision)
        checkpoint.save(folder / "ours.safetensors", Model(converted, sizes, precision, ""))
        del weights, converted
        with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
            naive, ours = (pool.apply(network_run, (variant, folder, sizes)) for variant in ("naive", "ours"))
    rate = matrix_rate(precision)
    fraction = operations(sizes) / ours["photo"] / rate
    note = f"{precision}, {100.0 * fraction:.0f} % of this machine's {rate / 1e9:.0f} GFLOP/s"
    return [
        Row("load of the weights", naive["load"], ours["load"], note="warm file cache, mapped: read on first use"),
        Row(f"network, {sizes.vit_layers} + {sizes.blocks} blocks", naive["photo"], ours["photo"], note=note),
        Row("peak memory", naive["peak"], ours["peak"], "GB"),
    ]


def naive_decode(scene: TriplaneScene, points: Tensor) -> Tensor:
    """Sample the three planes, concatenate, and apply all layers."""
    unit = points / RADIUS
    grid = torch.stack([unit[:, [0, 1]], unit[:, [0, 2]], unit[:, [1, 2]]])[:, None]
    x = F.grid_sample(scene.planes.float(), grid, align_corners=False)[:, :, 0].permute(2, 0, 1).flatten(1)
    for index, (matrix, bias) in enumerate(scene.layers):
        x = F.linear(F.silu(x) if index else x, matrix, bias)
    return x


@dataclass(frozen=True)
class NaiveScene(TriplaneScene):
    """The same scene, decoded naively."""

    def decode(self, points: Tensor) -> Tensor:
        """(N, 3) points -> (N, 4)."""
        return naive_decode(self, points)


def grid_row(scene: TriplaneScene) -> Row:
    """The density grid of GRID³ cells."""
    naive = NaiveScene(scene.planes, scene.layers)
    chunk = (torch.rand(GRID**3 // GRID_STRIDE, 3, generator=torch.Generator().manual_seed(1)) * 2.0 - 1.0) * RADIUS
    part = best_seconds(lambda: [naive.density(points) for points in chunk.split(1 << 17)])  # type: ignore[no-untyped-call]
    ours = best_seconds(lambda: adaptive_grid.sample(scene, GRID, scene.threshold), 2)
    return Row(f"{GRID}³ density grid", part * GRID_STRIDE, ours, note=f"naive from 1/{GRID_STRIDE} of the points")


def views_row(scene: TriplaneScene) -> Row:
    """VIEWS pictures by volume rendering, and how close they are to densely sampled ones."""
    cameras = [Camera(10.0, 360.0 * index / VIEWS) for index in range(VIEWS)]
    pictures: list[Tensor] = []
    ours = best_seconds(lambda: pictures.extend(render.views(scene, cameras, SIZE)))
    origins, directions = (rays[:: RAY_STRIDE + 1] for rays in cameras[1].rays(SIZE))
    dense: list[Tensor] = []
    naive = NaiveScene(scene.planes, scene.layers)
    part = best_seconds(lambda: dense.append(render.dense(naive, origins, directions)))
    error = (pictures[1].view(-1, 3)[:: RAY_STRIDE + 1] - dense[0]).square().mean()
    note = f"PSNR {-10.0 * float(torch.log10(error)):.1f} dB; naive from {len(origins)} rays of one view"
    return Row(f"{VIEWS} views of {SIZE}²", part * VIEWS * SIZE**2 / len(origins), ours, note=note)


def hardware() -> str:
    """One line about the machine."""
    name = str(torch.cpu.get_capabilities().get("cpu_name", platform.machine()))
    return f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}, CPU only"


def measure(full: bool = False, scene: Path = SCENE) -> list[Row]:
    """All rows of the table."""
    sizes = Sizes() if full else replace(Sizes(), vit_layers=3, blocks=4)
    chair = TriplaneScene.load(scene)
    with torch.inference_mode():
        return [*network_rows(sizes), grid_row(chair), views_row(chair)]


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench_triposr", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--full", action="store_true", help="the full network depth: takes minutes and 5 GB of memory")
    parser.add_argument("--scene", type=Path, default=SCENE, help="a triplane scene.npz (default: the tests' chair)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.full, options.scene)
    if options.json:
        print(json.dumps({"hardware": hardware(), "rows": [asdict(row) | {"ratio": row.ratio} for row in rows]}))
        return 0
    print(f"TripoSR on {hardware()}\n\n{'step':28}{'naive':>10}{'ours':>10}{'ratio':>8}")
    for row in rows:
        print(f"{row.step:28}{row.naive:>8.2f} {row.unit:2}{row.ours:>7.2f} {row.unit:2}{row.ratio:>7.1f}×  {row.note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
