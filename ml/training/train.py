"""Train the compact network: `python -m ml.training.train [--meshes FOLDER] [--minutes N]`.

Resumes from the last checkpoint, makes samples while there are too few, and logs held-out metrics. At the end, or with
`--export` alone, it writes the averaged weights into the repository.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ml.core.precision import has_bfloat16
from ml.engines.compact import symmetry
from ml.engines.compact.network import WEIGHTS, CompactConfig, CompactNetwork, encode, load_weights, save_network
from ml.training import augment, curve, imagenet
from ml.training.conventions import Sample
from ml.training.losses import Batch, losses, metrics, true_extent
from ml.training.optimizer import Muon, clip_gradients, split

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "var" / "train"
HELD_OUT_SETS = "held_*"
"""Folders of the samples that are measured, never trained on."""
NETWORK = CompactConfig(
    layers=8,
    token_side=16,
    detail_blocks=2,
    extent_bins=32,
    mirror_angles=symmetry.ANGLES,
    exact_distances=True,
    photo_encoder=True,
)
"""The network that is trained, and whose weights are shipped: 11 million parameters, 23 MB of weights."""
ARRAYS = ("picture", "cover", "occupancy", "depths", "back", "angles")
"""File names of a shard's arrays."""
BATCHES_PER_SCAN = 200
"""Batches between two looks for new shards."""
WARM_UP = 0.02
"""Fraction of the schedule over which the learning rate rises to its peak."""
FINAL_RATE = 0.01
"""Learning rate at the end of the schedule, as a fraction of the peak."""


@dataclass(frozen=True)
class Settings:
    """Everything that determines a run."""

    folder: Path = DATA
    network: CompactConfig = NETWORK
    weights: Path = WEIGHTS
    """Where a run without a checkpoint in `folder` starts from, if the file exists."""
    imagenet: Path | None = None
    """Weights of the photo encoder for a run without a checkpoint, from `ml.training.imagenet`."""
    minutes: float = 60.0
    """Length of the schedule in wall-clock time."""
    steps: int | None = None
    """Length of the schedule in steps, instead of `minutes`."""
    batch: int = 24
    """Samples of a step."""
    rate: float = 5e-3
    """Peak learning rate."""
    decay: float = 0.02
    """Weight decay of the matrices."""
    average: float = 0.998
    """Decay of the exponential moving average of the weights, per step."""
    seed: int = 0
    report_every: float = 480.0
    """Seconds between two checkpoints with a log entry."""
    threads: int = 2
    device: str = "cpu"


@dataclass
class State:
    """What a checkpoint holds."""

    network: CompactNetwork
    averaged: CompactNetwork
    optimizers: tuple[Muon, torch.optim.AdamW]
    step: int = 0
    samples: int = 0


def open_shards(folder: Path, arrays: Sequence[str] = ARRAYS) -> list[Sample]:
    """Memory-mapped shards below `folder`, in order of name."""
    paths = sorted(path for path in folder.iterdir() if path.is_dir() and path.suffix != ".part")
    return [{key: np.load(path / f"{key}.npy", mmap_mode="r") for key in arrays} for path in paths]


def sample_indices(shards: list[Sample]) -> np.ndarray:
    """(N, 2) shard and row of every sample."""
    return np.array([(index, row) for index, shard in enumerate(shards) for row in range(len(shard["cover"]))])


def gather(shards: list[Sample], indices: np.ndarray) -> Sample:
    """The samples at `indices` (B, 2), shard and row, as one batch of arrays."""
    return {key: np.stack([shards[shard][key][row] for shard, row in indices]) for key in shards[0]}


def to_batch(raw: Sample, rng: np.random.Generator | None) -> Batch:
    """Arrays of a shard -> tensors for the losses; augmented if `rng` is given."""
    occupancy = np.unpackbits(raw["occupancy"], axis=-1)
    raw = {**raw, "occupancy": occupancy}
    if rng is not None:
        raw = augment.swap_colors(augment.stretch(augment.mirror(raw, rng), rng), rng)
        pairs = [augment.degrade(*pair, rng) for pair in zip(raw["picture"], raw["cover"], strict=True)]
        picture, cover = (np.stack(arrays) for arrays in zip(*pairs, strict=True))
    else:
        picture, cover = raw["picture"].astype(np.float32) / 255.0, raw["cover"].astype(np.float32) / 255.0
    depths = torch.from_numpy(raw["depths"].astype(np.float32))
    return {
        "inputs": encode(torch.from_numpy(picture).permute(0, 3, 1, 2), torch.from_numpy(cover), exact=True),
        "silhouette": torch.isfinite(depths[..., 0]),
        "depths": depths,
        "occupancy": torch.from_numpy(np.ascontiguousarray(raw["occupancy"])),
        "back": torch.from_numpy(raw["back"].astype(np.float32) / 255.0).permute(0, 3, 1, 2),
        "elevation": torch.from_numpy(raw["angles"][:, 0].copy()),
    }


def batches(folder: Path, size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Augmented batches without end; picks up new shards every BATCHES_PER_SCAN batches."""
    while True:
        shards = open_shards(folder)
        indices = sample_indices(shards)
        for _ in range(BATCHES_PER_SCAN):
            yield to_batch(gather(shards, indices[rng.integers(len(indices), size=size)]), rng)


def start(settings: Settings) -> State:
    """The state of the last checkpoint, else the shipped weights, else a fresh network."""
    torch.manual_seed(settings.seed)
    network = CompactNetwork(settings.network)
    if not (settings.folder / "last.pt").exists():
        initialize(network, settings)
    network.to(device=settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    matrices, others = split(network)
    muon = Muon(matrices, lr=settings.rate, decay=settings.decay)
    adam = torch.optim.AdamW(others, lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    state = State(network, deepcopy(network), (muon, adam))
    checkpoint = settings.folder / "last.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=settings.device)
        network.load_state_dict(saved["network"])
        state.averaged.load_state_dict(saved["averaged"])
        for optimizer, optimizer_state in zip(state.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(optimizer_state)
        state.step, state.samples = saved["step"], saved["samples"]
    return state


def initialize(network: CompactNetwork, settings: Settings) -> None:
    """Take over the shipped weights as far as names and shapes agree, and the published ones of the photo encoder.

    What is new in the network starts as the identity, so that a run continues where the shipped weights are.
    """
    if settings.weights.is_file():
        shapes = {key: value.shape for key, value in network.state_dict().items()}
        shipped = load_weights(settings.weights)[1]
        fitting = {key: value for key, value in shipped.items() if shapes.get(key) == value.shape}
        network.load_state_dict(fitting, strict=False)
    if settings.imagenet and network.photo:
        imagenet.load_into(network.photo.encoder, settings.imagenet)


def save(state: State, folder: Path) -> None:
    """Replace the checkpoint atomically, so that a killed run leaves a complete one.

    Raises FloatingPointError if a weight is not finite, and keeps the checkpoint before.
    """
    if not all(value.isfinite().all() for value in state.averaged.parameters()):
        raise FloatingPointError(f"A weight is not finite after step {state.step}; the last checkpoint is kept.")
    part = folder / "last.part"
    saved = {
        "config": asdict(state.network.config),
        "network": state.network.state_dict(),
        "averaged": state.averaged.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in state.optimizers],
        "step": state.step,
        "samples": state.samples,
    }
    torch.save(saved, part)
    part.replace(folder / "last.pt")


def train_step(state: State, batch: Batch, settings: Settings, rate: float) -> dict[str, Tensor]:
    """One step, in bfloat16 where the device has it; returns the loss terms, still on the device."""
    with torch.autocast(settings.device, dtype=torch.bfloat16, enabled=has_bfloat16(settings.device)):
        output = state.network(batch["inputs"].contiguous(memory_format=torch.channels_last), true_extent(batch))
        terms = losses(state.network, output, batch)
    total = torch.stack(list(terms.values())).sum()
    state.network.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    clip_gradients(state.network)
    for optimizer in state.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)
        optimizer.step()
    state.step, state.samples = state.step + 1, state.samples + len(batch["inputs"])
    _average(state, min(settings.average, (1.0 + state.step) / (10.0 + state.step)))
    return {key: value.detach() for key, value in terms.items()}


@torch.no_grad()
def _average(state: State, decay: float) -> None:
    """Exponential moving average of the weights."""
    averages: list[Tensor] = list(state.averaged.parameters())
    latest: list[Tensor] = list(state.network.parameters())
    torch._foreach_lerp_(averages, latest, 1.0 - decay)


def schedule(fraction: float, peak: float) -> float:
    """Learning rate at this fraction of the run: a short warm-up, then half a cosine down to FINAL_RATE."""
    warm_up = min(1.0, fraction / WARM_UP + 0.02)
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(fraction, 1.0)))
    return peak * warm_up * (FINAL_RATE + (1.0 - FINAL_RATE) * cosine)


@torch.no_grad()
def evaluate(network: CompactNetwork, folder: Path, limit: int = 96, size: int = 32) -> dict[str, float]:
    """Metrics of the first `limit` samples of a held-out set, averaged over batches of `size`."""
    network.eval()
    shards = open_shards(folder)
    indices = sample_indices(shards)[:limit]
    results = []
    for first in range(0, len(indices), size):
        batch = to_batch(gather(shards, indices[first : first + size]), None)
        output = network(batch["inputs"].contiguous(memory_format=torch.channels_last))
        results.append(metrics(network, output, batch))
    return {key: float(np.mean([result[key] for result in results])) for key in results[0]}


def train(settings: Settings) -> State:
    """Train to the end of the schedule, with a checkpoint and a log entry every `report_every` seconds."""
    torch.set_num_threads(settings.threads)
    stopping = _stop_on_sigterm()
    state = start(settings)
    rng = np.random.default_rng((settings.seed, state.step))
    started, first_step = time.monotonic(), state.step
    reported = started
    sums: dict[str, Tensor] = {}
    steps = 0
    for batch in batches(settings.folder / "data", settings.batch, rng):
        fraction = 1.0 if stopping.is_set() else progress(settings, state.step - first_step, time.monotonic() - started)
        terms = train_step(state, batch, settings, schedule(fraction, settings.rate))
        sums = added(sums, terms)
        steps += 1
        if time.monotonic() - reported > settings.report_every or fraction >= 1.0:
            save(state, settings.folder)
            report(
                state, settings, {key: float(value) / steps for key, value in sums.items()}, time.monotonic() - started
            )
            reported, sums, steps = time.monotonic(), {}, 0
        if fraction >= 1.0:
            return state
    return state


def added(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> dict[str, Tensor]:
    """Sums of loss terms by name, starting from none."""
    return {key: sums[key] + value if key in sums else value for key, value in terms.items()}


def progress(settings: Settings, steps: int, seconds: float) -> float:
    """Fraction of the schedule that is done: by steps if they are set (reproducible on any machine), else by time."""
    return (steps + 1) / settings.steps if settings.steps else seconds / 60.0 / settings.minutes


def _stop_on_sigterm() -> threading.Event:
    """An event that SIGTERM sets: the run then saves, reports and ends. Only the main thread can handle signals."""
    stopping = threading.Event()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    return stopping


def report(state: State, settings: Settings, terms: dict[str, float], seconds: float) -> None:
    """Append loss terms and held-out metrics of the averaged weights to the log, print them, redraw the curve."""
    ready = sorted(path.parents[1].name for path in settings.folder.glob(f"{HELD_OUT_SETS}/*_0000/angles.npy"))
    held_out = {name: evaluate(state.averaged, settings.folder / name) for name in ready}
    entry: dict[str, object] = {"step": state.step, "samples": state.samples, "seconds": round(seconds)}
    for name, values in {"loss": terms, **held_out}.items():
        entry[name] = {key: round(value, 4) for key, value in values.items()}
    with (settings.folder / "log.jsonl").open("a") as log:
        log.write(json.dumps(entry) + "\n")
    print(json.dumps(entry), flush=True)
    curve.draw(settings.folder / "log.jsonl", settings.folder / "curve.svg")


def export(folder: Path, target: Path = WEIGHTS) -> Path:
    """Write the averaged weights of the last checkpoint as fp16 safetensors."""
    saved = torch.load(folder / "last.pt", weights_only=True, map_location="cpu")
    network = CompactNetwork(CompactConfig(**saved["config"]))
    network.load_state_dict(saved["averaged"])
    save_network(network, target, {"step": str(saved["step"]), "samples": str(saved["samples"])})
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, default=DATA)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=20_000, help="make at most this many different samples")
    parser.add_argument("--export", action="store_true", help="only write the weights of the last checkpoint")
    options = parser.parse_args()
    if not options.export:
        settings = Settings(
            folder=options.folder,
            minutes=options.minutes,
            batch=options.batch,
            rate=options.rate,
            threads=options.threads,
        )
        from ml.training import supply  # embree and trimesh, which a GPU machine may lack

        with supply.supply_samples(options.folder, options.meshes, options.samples):
            train(settings)
    print(export(options.folder))


if __name__ == "__main__":
    main()
