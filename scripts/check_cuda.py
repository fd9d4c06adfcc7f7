"""Whether a CUDA device computes what a CPU does, and how fast: `python -m scripts.check_cuda` (or `make check-cuda`).

TripoSR at a tiny and at its full size, with seeded weights, in float32 and float16: errors against recorded numbers of
the published code, time of each step, peak memory, photos per second. The compact network likewise, compared with the
CPU. Prints a line of JSON for each case as soon as it is measured, the quickest first; without a CUDA device a sentence
on standard error, and the exit status is 1.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from torch import Tensor

from ml.core.camera import Camera
from ml.engines.compact.network import PICTURE, encode, load_network
from ml.engines.triposr import checkpoint, network, parity, render
from ml.engines.triposr.scene import TriplaneScene, decoder_layers
from ml.engines.triposr.sizes import Sizes
from ml.mesh import adaptive_grid

DATA = Path(__file__).parent.parent / "tests" / "ml" / "engines" / "triposr" / "data"
SEED = 7
"""Of the weights that the recorded numbers belong to."""
PRECISIONS = ("float32", "float16")
BATCHES = (1, 4, 16)
GRID, VIEWS, SIZE = 256, 30, 256
"""Cells per axis, and count and side in pixels of the views: those of standard quality."""
SECONDS = 1.0
"""Least time over which a rate is measured."""
Figures = dict[str, Any]


def case(name: str) -> tuple[Sizes, parity.Recorded]:
    """Sizes and recorded numbers of `tiny` or `full`."""
    with np.load(DATA / f"{name}.npz") as archive:
        recorded = dict(archive)
    if name == "full":
        return Sizes(), recorded | {"image": np.asarray(Image.open(DATA / "full.png"))}
    return Sizes.from_config(yaml.safe_load((DATA / f"{name}_config.yaml").read_text())), recorded


def triposr(name: str, precision: str, device: torch.device, batches: Sequence[int] = BATCHES) -> Figures:
    """Errors, seconds, peak memory and photos per second of one case."""
    sizes, recorded = case(name)
    converted = checkpoint.convert(_seeded(sizes), sizes, precision)
    weights = {key: value.to(device) for key, value in converted.items()}
    _forget_peak(device)
    errors = parity.errors(weights, sizes, recorded)
    pictures = torch.rand(max(batches), sizes.picture, sizes.picture, 3, device=device)
    codes = network.scene_codes(weights, sizes, pictures[:1])[0]
    scene = TriplaneScene(codes.half(), decoder_layers(weights))

    def run(count: int) -> Tensor:
        return network.scene_codes(weights, sizes, pictures[:count])

    rates = {count: _rate(partial(run, count), count, device) for count in batches}
    return {
        "errors": {key: float(f"{value:.2g}") for key, value in errors.items()},
        "photos_per_second": rates,
        "seconds": scene_seconds(scene, device),
        "peak_memory_mb": _peak(device),
    }


@lru_cache(maxsize=1)
def _seeded(sizes: Sizes) -> dict[str, Tensor]:
    """Drawn once for both precisions: at full size that takes half a minute."""
    return parity.seeded_weights(sizes, SEED)


def scene_seconds(scene: TriplaneScene, device: torch.device) -> dict[str, float]:
    """Seconds for the density grid and for all views of a scene."""
    threshold = float(scene.density(torch.zeros(1, 3)))
    cameras = [Camera(azimuth=360.0 * number / VIEWS) for number in range(VIEWS)]
    return {
        "grid": _seconds(lambda: adaptive_grid.sample(scene, GRID, threshold), device),
        "views": _seconds(lambda: list(render.views(scene, cameras, SIZE)), device),
    }


def compact(device: torch.device, batches: Sequence[int] = BATCHES) -> Figures:
    """Largest differences from the CPU in scene units (float32), photos per second (bfloat16), peak memory."""
    picture, mask = torch.rand(max(batches), 3, PICTURE, PICTURE), torch.zeros(max(batches), PICTURE, PICTURE)
    mask[:, 16:-16, 24:-24] = 1.0
    inputs = encode(picture, mask).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected = load_network()(inputs[:1])
        model, moved = load_network().to(device), inputs.to(device)
        _forget_peak(device)
        found = model(moved[:1])

        def run(count: int) -> Tensor:
            with torch.autocast(device.type, dtype=torch.bfloat16):
                front: Tensor = model(moved[:count]).front
            return front

        rates = {count: _rate(partial(run, count), count, device) for count in batches}
    differences = {
        key: float((getattr(found, key).cpu() - getattr(expected, key)).abs().max()) for key in ("front", "back")
    }
    return {"differences": differences, "photos_per_second": rates, "peak_memory_mb": _peak(device)}


def measure(
    device: torch.device, names: Sequence[str] = ("tiny", "full"), batches: Sequence[int] = BATCHES
) -> Iterator[tuple[str, Any]]:
    """All figures of a device, case by case."""
    yield "device", torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    yield "torch", torch.__version__
    yield "compact", compact(device, batches)
    for name in names:
        for precision in PRECISIONS:
            yield f"triposr {name} {precision}", triposr(name, precision, device, batches)


def _rate(run: Callable[[], object], count: int, device: torch.device) -> float:
    """Photos per second of a pass with `count` photos, after one pass that is not measured."""
    run()
    _wait(device)
    started, passes = time.perf_counter(), 0
    while passes == 0 or time.perf_counter() - started < SECONDS:
        run()
        _wait(device)
        passes += 1
    return round(count * passes / (time.perf_counter() - started), 2)


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    started = time.perf_counter()
    run()
    _wait(device)
    return round(time.perf_counter() - started, 3)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _forget_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: torch.device) -> float | None:
    """Peak memory on the device in MB; None on a CPU."""
    return round(torch.cuda.max_memory_allocated(device) / 1e6) if device.type == "cuda" else None


def main() -> int:
    if not torch.cuda.is_available():
        print("There is no CUDA device here; nothing was measured.", file=sys.stderr)
        return 1
    for name, figures in measure(torch.device("cuda")):
        print(json.dumps({name: figures}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
