"""Train the compact network: `python -m ml.training.train [--meshes FOLDER] [--minutes N]`.

Resumes from the last checkpoint, makes samples as long as there are too few, logs held-out figures, and `--export`
writes the averaged weights into the repository.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from ml.engines.compact.network import WEIGHTS, CompactNetwork, encode, load_network
from ml.training import augment, curve, supply
from ml.training.dataset import Sample
from ml.training.losses import Batch, figures, losses
from ml.training.optimizer import Muon, split

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "var" / "train"
HELD = ("held_meshes", "held_shapes")
KEYS = ("picture", "cover", "occupancy", "depths", "back", "angles")


@dataclass(frozen=True)
class Settings:
    """Everything that shapes a run. `minutes` of wall clock, or `steps` where given, are the length of the schedule.

    A run without a checkpoint in `folder` begins with `weights`, where they are.
    """

    folder: Path = DATA
    weights: Path = WEIGHTS
    minutes: float = 60.0
    steps: int | None = None
    batch: int = 24
    rate: float = 5e-3
    decay: float = 0.02
    average: float = 0.998
    seed: int = 0
    report_every: float = 480.0
    threads: int = 2


@dataclass
class State:
    """What a checkpoint holds."""

    network: CompactNetwork
    averaged: CompactNetwork
    optimizers: tuple[Muon, torch.optim.AdamW]
    step: int = 0
    samples: int = 0


def open_shards(folder: Path) -> list[Sample]:
    """Memory-mapped shards below `folder`, in order of name."""
    names = sorted(each for each in folder.iterdir() if each.is_dir() and each.suffix != ".part")
    return [{key: np.load(each / f"{key}.npy", mmap_mode="r") for key in KEYS} for each in names]


def gather(shards: list[Sample], places: np.ndarray) -> Sample:
    """The samples at (shard, row) `places` (B, 2) as one batch of arrays."""
    return {key: np.stack([shards[shard][key][row] for shard, row in places]) for key in KEYS}


def to_batch(raw: Sample, rng: np.random.Generator | None) -> Batch:
    """Arrays of a shard -> tensors for the losses; with `rng` mirrored and with photo faults."""
    occupancy = np.unpackbits(raw["occupancy"], axis=-1)
    raw = {**raw, "occupancy": occupancy}
    if rng is not None:
        raw = augment.swap_colors(augment.stretch(augment.mirror(raw, rng), rng), rng)
        pairs = [augment.photograph(p, c, rng) for p, c in zip(raw["picture"], raw["cover"], strict=True)]
        picture, cover = (np.stack(each) for each in zip(*pairs, strict=True))
    else:
        picture, cover = raw["picture"].astype(np.float32) / 255.0, raw["cover"].astype(np.float32) / 255.0
    depths = torch.from_numpy(raw["depths"].astype(np.float32))
    return {
        "inputs": encode(torch.from_numpy(picture).permute(0, 3, 1, 2), torch.from_numpy(cover)),
        "seen": torch.isfinite(depths[..., 0]),
        "depths": depths,
        "occupancy": torch.from_numpy(np.ascontiguousarray(raw["occupancy"])),
        "back": torch.from_numpy(raw["back"].astype(np.float32) / 255.0).permute(0, 3, 1, 2),
        "elevation": torch.from_numpy(raw["angles"][:, 0].copy()),
    }


def batches(folder: Path, size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Endless augmented batches; looks for fresh shards every 200 batches."""
    while True:
        shards = open_shards(folder)
        rows = np.array([(i, row) for i, shard in enumerate(shards) for row in range(len(shard["angles"]))])
        for _ in range(200):
            yield to_batch(gather(shards, rows[rng.integers(len(rows), size=size)]), rng)


def start(settings: Settings) -> State:
    """The state of the last checkpoint, else the shipped weights, else a fresh network."""
    torch.manual_seed(settings.seed)
    network = CompactNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    heavy, light = split(network)
    muon = Muon(heavy, lr=settings.rate, decay=settings.decay)
    adam = torch.optim.AdamW(light, lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    state = State(network, deepcopy(network), (muon, adam))
    checkpoint = settings.folder / "last.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        state.averaged.load_state_dict(saved["averaged"])
        for optimizer, remembered in zip(state.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(remembered)
        state.step, state.samples = saved["step"], saved["samples"]
    elif settings.weights.exists():
        shipped = load_network(settings.weights).state_dict()
        network.load_state_dict(shipped)
        state.averaged.load_state_dict(shipped)
    return state


def save(state: State, folder: Path) -> None:
    """Write the checkpoint in one move, so that a killed run leaves a whole one."""
    part = folder / "last.part"
    saved = {
        "network": state.network.state_dict(),
        "averaged": state.averaged.state_dict(),
        "optimizers": [each.state_dict() for each in state.optimizers],
        "step": state.step,
        "samples": state.samples,
    }
    torch.save(saved, part)
    part.replace(folder / "last.pt")


def train_step(state: State, batch: Batch, settings: Settings, rate: float) -> dict[str, float]:
    """One step under bf16 autocast; returns the loss terms."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = state.network(batch["inputs"].contiguous(memory_format=torch.channels_last))
        terms = losses(state.network, output, batch)
    total = torch.stack(list(terms.values())).sum()
    state.network.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
    for optimizer in state.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    state.step, state.samples = state.step + 1, state.samples + len(batch["inputs"])
    _average(state, min(settings.average, (1.0 + state.step) / (10.0 + state.step)))
    return {key: float(value.detach()) for key, value in terms.items()}


@torch.no_grad()
def _average(state: State, keep: float) -> None:
    """Exponential moving average of the weights."""
    for ours, theirs in zip(state.averaged.parameters(), state.network.parameters(), strict=True):
        ours.lerp_(theirs, 1.0 - keep)


def schedule(fraction: float, peak: float) -> float:
    """Learning rate at this fraction of the run: a short warm-up, then half a cosine down to a hundredth."""
    warm = min(1.0, fraction / 0.02 + 0.02)
    return peak * warm * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(fraction, 1.0))))


@torch.no_grad()
def check(network: CompactNetwork, folder: Path, limit: int = 96, size: int = 32) -> dict[str, float]:
    """Held-out figures, averaged over batches."""
    network.eval()
    shards = open_shards(folder)
    rows = np.array([(i, row) for i, shard in enumerate(shards) for row in range(len(shard["angles"]))])[:limit]
    results = []
    for first in range(0, len(rows), size):
        batch = to_batch(gather(shards, rows[first : first + size]), None)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = network(batch["inputs"].contiguous(memory_format=torch.channels_last))
        results.append(figures(network, output, batch))
    return {key: float(np.mean([each[key] for each in results])) for key in results[0]}


def train(settings: Settings) -> State:
    """Train to the end of the schedule, with a checkpoint and a line of figures every `report_every` seconds."""
    torch.set_num_threads(settings.threads)
    stopping = _stop_when_asked()
    state = start(settings)
    rng = np.random.default_rng((settings.seed, state.step))
    began, first = time.monotonic(), state.step
    reported = began
    sums: dict[str, float] = {}
    steps = 0
    for batch in batches(settings.folder / "data", settings.batch, rng):
        fraction = 1.0 if stopping.is_set() else progress(settings, state.step - first, time.monotonic() - began)
        terms = train_step(state, batch, settings, schedule(fraction, settings.rate))
        sums = {key: sums.get(key, 0.0) + value for key, value in terms.items()}
        steps += 1
        if time.monotonic() - reported > settings.report_every or fraction >= 1.0:
            save(state, settings.folder)
            report(state, settings, {key: value / steps for key, value in sums.items()}, time.monotonic() - began)
            reported, sums, steps = time.monotonic(), {}, 0
        if fraction >= 1.0:
            return state
    return state


def progress(settings: Settings, steps: int, seconds: float) -> float:
    """Share of the schedule that is over: by steps where they were given (the same on every machine), else by time."""
    return (steps + 1) / settings.steps if settings.steps else seconds / 60.0 / settings.minutes


def _stop_when_asked() -> threading.Event:
    """Set at SIGTERM: the run then saves, reports and ends. Only the main thread can be asked."""
    stopping = threading.Event()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    return stopping


def report(state: State, settings: Settings, terms: dict[str, float], seconds: float) -> None:
    """One line to the log and to the terminal: loss terms and held-out figures of the averaged weights."""
    ready = [name for name in HELD if any((settings.folder / name).glob("*/angles.npy"))]
    held = {name: check(state.averaged, settings.folder / name) for name in ready}
    line: dict[str, object] = {"step": state.step, "samples": state.samples, "seconds": round(seconds)}
    line["loss"] = {key: round(value, 4) for key, value in terms.items()}
    line |= {name: {key: round(value, 4) for key, value in each.items()} for name, each in held.items()}
    with (settings.folder / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)
    curve.draw(settings.folder / "log.jsonl", settings.folder / "curve.svg")


def export(folder: Path, target: Path = WEIGHTS) -> Path:
    """Write the averaged weights of the last checkpoint as fp16 safetensors."""
    saved = torch.load(folder / "last.pt", weights_only=True)
    halves: dict[str, Tensor] = {key: value.half().contiguous() for key, value in saved["averaged"].items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file(halves, target, metadata={"step": str(saved["step"]), "samples": str(saved["samples"])})
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, default=DATA)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=20_000, help="how many different samples to make at most")
    parser.add_argument("--export", action="store_true", help="only write the last checkpoint's weights")
    options = parser.parse_args()
    if not options.export:
        settings = Settings(
            folder=options.folder,
            minutes=options.minutes,
            batch=options.batch,
            rate=options.rate,
            threads=options.threads,
        )
        with supply.supplied(options.folder, options.meshes, options.samples):
            train(settings)
    print(export(options.folder))


if __name__ == "__main__":
    main()
