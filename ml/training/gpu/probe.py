"""What a step costs on this GPU, in several ways: `python -m ml.training.gpu.probe PACK.npz [--batch N]`.

Prints seconds as lines of JSON, and writes the flags of `ml.training.gpu.train` that are worth it here to a file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from ml.training import train as loop
from ml.training.gpu import augmenting, ray_casting
from ml.training.gpu.cache import Cache, render_batch
from ml.training.gpu.meshes import PackedMeshes, load
from ml.training.gpu.train import Settings, start

REPEATS = 5
"""Timed runs, after two that are not."""
RENDERING_SHARE = 0.3
"""Of the time that may go into new samples; the reuse of samples follows from it."""
WORTH_COMPILING = 0.88
"""A compiled step must take at most this fraction of the other's time: compiling costs up to a minute."""
ENCODER_TOO_SLOW = 1.7
"""The encoder is frozen if a step with it takes this many times as long as without training it."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.training.gpu.probe", description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--render", type=int, default=Settings.render)
    parser.add_argument("--flags", type=Path, default=loop.DATA / "flags", help="file for the flags")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = loop.Settings(folder=Path(folder), batch=options.batch, device=options.device)
        measure(Settings(options.pack, run, render=options.render), options.flags.write_text)


def measure(settings: Settings, keep: Callable[[str], object]) -> None:
    """Give `keep` the flags that are worth it, from what rendering and steps cost: before and after compiling."""
    device = torch.device(settings.run.device)
    packed, random = load(settings.pack, device), torch.Generator(device).manual_seed(0)
    chosen, rendering, cache = _rendering(settings, packed, random)
    plain = _step(settings, cache, random, "step")
    frozen = _step(replace(settings, frozen_encoder=True), cache, random, "step, encoder frozen")
    if plain > ENCODER_TOO_SLOW * frozen:
        settings, plain, chosen = replace(settings, frozen_encoder=True), frozen, [*chosen, "--frozen-encoder"]
    keep(f"{' '.join(chosen)} --reuse {_reuse(settings, rendering, plain):.1f}")
    compiled = _step(replace(settings, compile_network=True), cache, random, "step, compiled")
    if compiled < WORTH_COMPILING * plain:
        chosen = [*chosen, "--compile-network"]
    keep(f"{' '.join(chosen)} --reuse {_reuse(settings, rendering, min(plain, compiled)):.1f}")


def _reuse(settings: Settings, rendering: float, step: float) -> float:
    """How often each sample is seen if rendering takes RENDERING_SHARE of the time."""
    return max(2.0, rendering * (1.0 - RENDERING_SHARE) / (RENDERING_SHARE * step / settings.run.batch))


def _rendering(settings: Settings, packed: PackedMeshes, random: torch.Generator) -> tuple[list[str], float, Cache]:
    """The ray caster's flag, seconds for one sample, and a cache with a batch in it."""
    kernels = ray_casting.KERNELS if settings.run.device == "cuda" else ("plain",)
    for kernel in kernels:
        ray_casting.choose_kernel(kernel)
        cache = Cache(4 * settings.run.batch)

        def run(cache: Cache = cache) -> None:
            rows = torch.randint(len(packed), (settings.render,), generator=random, device=random.device)
            cache.add(render_batch(packed, rows, random, augment=True))

        seconds = _seconds(f"rendering, {kernel}", run) / settings.render
        if seconds < float("inf"):
            while cache.made < settings.run.batch:
                run()
            return [f"--kernel {kernel}"], seconds, cache
    raise SystemExit("No kernel of the ray caster works here.")


def _step(settings: Settings, cache: Cache, random: torch.Generator, name: str) -> float:
    state = start(settings)

    def batch() -> augmenting.Sample:
        return augmenting.as_batch(cache.draw(settings.run.batch, random), random)

    if name == "step":
        _seconds("augmentation", batch)
    losses: list[float] = []

    def step() -> None:
        losses.append(float(sum(loop.train_step(state, batch(), settings.run, 1e-3).values())))

    seconds = _seconds(name, step)
    print(json.dumps({"losses": [round(value, 3) for value in losses]}), flush=True)
    if torch.cuda.is_available():
        print(json.dumps({"peak memory, GB": round(torch.cuda.max_memory_allocated() / 1e9, 1)}), flush=True)
    return seconds


def _seconds(name: str, run: Callable[[], object]) -> float:
    """Mean seconds of a run, printed with those before it; infinite if it fails."""
    started = time.perf_counter()
    try:
        for _ in range(2):
            run()
        ready = _now()
        for _ in range(REPEATS):
            run()
        mean = (_now() - ready) / REPEATS
    except Exception:  # whatever fails here, another way may work
        traceback.print_exc()
        return float("inf")
    print(json.dumps({name: round(mean, 5), "before": round(ready - started, 1)}), flush=True)
    return mean


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


if __name__ == "__main__":
    main()
