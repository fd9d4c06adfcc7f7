"""Train on a GPU: `python -m ml.training.gpu.train PACK.npz --minutes 9` (or `make train DEVICE=cuda PACK=…`).

Samples are rendered on the device into a cache while training runs, each is seen about `reuse` times, newly augmented.
Resumes from the checkpoint in its folder; writes one every minute, with the averaged weights, while all are finite.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ml.engines.compact.network import WEIGHTS
from ml.training import train as loop
from ml.training.conventions import is_held_out
from ml.training.gpu import augmenting, ray_casting
from ml.training.gpu.cache import BYTES_PER_SAMPLE, Cache, render_batch
from ml.training.gpu.meshes import PackedMeshes, load
from ml.training.losses import metrics

CACHE_SHARE = 0.4
"""Of the device's memory."""
HELD_OUT_SEED = 900
"""Of the views of held-out meshes: the same in every run."""


@dataclass(frozen=True)
class Settings:
    """What a run on a GPU has beyond `ml.training.train.Settings`."""

    pack: Path
    run: loop.Settings
    render: int = 64
    """Meshes that are rendered at once."""
    reuse: float = 6.0
    """How often a sample is seen before, on average, it is replaced or joined by new ones."""
    first: int = 4096
    """Samples in the cache before the first step."""
    capacity: int = 200_000
    """Samples in the cache; less where the device's memory is smaller."""
    kernel: str = "triton"
    """The ray caster's: one of `ray_casting.KERNELS`."""
    out: Path | None = None
    """Where the averaged weights are written with every checkpoint."""
    compile_network: bool = False
    """Whether the network is, too: takes one to one and a half minutes before the first step."""
    frozen_encoder: bool = False
    """Whether the photo encoder keeps the weights that it starts with."""


def train(settings: Settings) -> loop.State:
    """Train to the end of the schedule; log and checkpoint every `report_every` seconds."""
    device = torch.device(settings.run.device)
    torch.manual_seed(settings.run.seed)
    ray_casting.choose_kernel(settings.kernel)
    random = torch.Generator(device).manual_seed(settings.run.seed)
    packed = load(settings.pack, device)
    trained, held = _split(packed, device)
    cache, held_cache = Cache(_capacity(settings, device)), Cache(max(len(held), 1))
    for number in range(0, len(held), settings.render):
        held_random = torch.Generator(device).manual_seed(HELD_OUT_SEED)
        held_cache.add(render_batch(packed, held[number : number + settings.render], held_random, augment=False))
    return _run(settings, start(settings), _Supply(settings, packed, trained, cache, random), held_cache)


def start(settings: Settings) -> loop.State:
    """`ml.training.train.start`, with the network compiled or its encoder frozen as the settings say."""
    state = loop.start(settings.run)
    if settings.frozen_encoder and state.network.photo:
        state.network.photo.encoder.requires_grad_(False)
    if settings.compile_network:
        state.network.compile()
    return state


@dataclass(frozen=True)
class _Supply:
    """Renders new samples whenever the cache has been read often enough."""

    settings: Settings
    packed: PackedMeshes
    trained: Tensor
    cache: Cache
    random: torch.Generator

    def batch(self, seen: int) -> augmenting.Sample:
        """Random samples, after rendering as many as `seen` samples of training call for."""
        while self.cache.made < self.settings.first or seen > self.settings.reuse * self.cache.made:
            rows = torch.randint(
                len(self.trained), (self.settings.render,), generator=self.random, device=self.random.device
            )
            self.cache.add(render_batch(self.packed, self.trained[rows], self.random, augment=True))
        return self.cache.draw(self.settings.run.batch, self.random)


def _run(settings: Settings, state: loop.State, supply: _Supply, held: Cache) -> loop.State:
    run = settings.run
    started = reported = time.monotonic()
    first_step, first_samples, steps = state.step, state.samples, 0
    sums: dict[str, Tensor] = {}
    _report(state, supply.cache, held, {}, 0.0)
    while True:
        seen = state.samples - first_samples
        fraction = loop.progress(run, state.step - first_step, time.monotonic() - started)
        batch = augmenting.as_batch(supply.batch(seen), supply.random)
        terms = loop.train_step(state, batch, run, loop.schedule(fraction, run.rate))
        sums = loop.added(sums, terms)
        steps += 1
        if time.monotonic() - reported > run.report_every or fraction >= 1.0:
            loop.save(state, run.folder)
            if settings.out:
                loop.export(run.folder, settings.out)
            means = {key: round(float(value) / steps, 4) for key, value in sums.items()}
            _report(state, supply.cache, held, means, time.monotonic() - started)
            reported, sums, steps = time.monotonic(), {}, 0
        if fraction >= 1.0:
            return state


@torch.no_grad()
def _report(state: loop.State, cache: Cache, held: Cache, means: dict[str, float], seconds: float) -> None:
    """Print loss terms, held-out metrics and the number of different samples as one line of JSON."""
    entry: dict[str, object] = {"step": state.step, "samples": state.samples, "different": cache.made}
    entry |= {"seconds": round(seconds), "loss": means}
    if len(held):
        state.averaged.eval()
        rows = torch.arange(len(held), device=held.arrays["cover"].device)
        batch = augmenting.as_batch(held.rows(rows), None)
        output = state.averaged(batch["inputs"].contiguous(memory_format=torch.channels_last))
        entry["held_out"] = {key: round(value, 4) for key, value in metrics(state.averaged, output, batch).items()}
    print(json.dumps(entry), flush=True)


def _split(packed: PackedMeshes, device: torch.device) -> tuple[Tensor, Tensor]:
    """Numbers of the meshes to train on, and of the held-out ones."""
    held = torch.tensor([is_held_out(name) for name in packed.names], device=device)
    return held.logical_not().nonzero()[:, 0], held.nonzero()[:, 0]


def _capacity(settings: Settings, device: torch.device) -> int:
    if device.type != "cuda":
        return settings.capacity
    memory = torch.cuda.get_device_properties(device).total_memory
    return min(settings.capacity, int(memory * CACHE_SHARE) // BYTES_PER_SAMPLE)


def parts(path: Path, megabytes: float = 15.0) -> list[Path]:
    """The file cut into parts of at most `megabytes`, beside it: `NAME.0`, `NAME.1`, …; `cat` joins them again."""
    content, size = path.read_bytes(), int(megabytes * 1e6)
    written = []
    for number, start in enumerate(range(0, len(content), size)):
        part = path.with_name(f"{path.name}.{number}")
        part.write_bytes(content[start : start + size])
        written.append(part)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.training.gpu.train", description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--out", type=Path, default=loop.DATA / "gpu.safetensors", help="the averaged weights")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=6e-3)
    parser.add_argument("--reuse", type=float, default=6.0)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="weights to start from, as far as they fit")
    parser.add_argument("--imagenet", type=Path, help="weights of the photo encoder (ml.training.imagenet)")
    parser.add_argument("--kernel", default="triton", choices=ray_casting.KERNELS, help="of the ray caster")
    parser.add_argument(
        "--compile-network", action="store_true", help="compile the network, too: a start of over a minute"
    )
    parser.add_argument("--frozen-encoder", action="store_true", help="do not train the photo encoder")
    parser.add_argument("--parts", action="store_true", help="also cut the weights into parts of 15 MB")
    options = parser.parse_args()
    run = loop.Settings(
        folder=options.out.parent,
        weights=options.weights,
        imagenet=options.imagenet,
        minutes=options.minutes,
        batch=options.batch,
        rate=options.rate,
        report_every=60.0,
        device=options.device,
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        options.pack,
        run,
        reuse=options.reuse,
        kernel=options.kernel,
        out=options.out,
        compile_network=options.compile_network,
        frozen_encoder=options.frozen_encoder,
    )
    try:
        train(settings)
    except FloatingPointError as error:
        print(error, file=sys.stderr)
    print(*(parts(options.out) if options.parts else [options.out]))


if __name__ == "__main__":
    main()
