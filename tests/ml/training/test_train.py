import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ml.engines.compact.network import PICTURE, CompactConfig, CompactNetwork, encode, load_network
from ml.training import dataset, train

SMALL = replace(train.NETWORK, widths=(16, 32, 64), layers=1, features=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a dozen samples; the first eight of them are the held-out set, too."""
    path: Path = tmp_path_factory.mktemp("train")
    samples = list(dataset.make_samples(dataset.generate_objects(8), 12, 8))
    dataset.write_shards(path / "data", iter(samples), "shapes_8")
    dataset.write_shards(path / "held_shapes", iter(samples[:8]), "shapes_8")
    return path


def test_a_short_run_learns_resumes_and_exports(folder: Path) -> None:
    settings = train.Settings(
        folder=folder, network=SMALL, weights=folder / "none", steps=20, batch=4, threads=1, rate=2e-3
    )
    torch.manual_seed(settings.seed)
    before = train.evaluate(CompactNetwork(SMALL), folder / "held_shapes")
    first = train.train(settings)
    resumed = train.start(settings)
    assert resumed.step == first.step == 20
    assert train.evaluate(resumed.network, folder / "held_shapes")["front"] < before["front"]
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert entries[-1]["samples"] == first.samples
    exported = load_file(train.export(folder, folder / "compact.safetensors"))
    averaged = resumed.averaged.state_dict()
    assert all(torch.allclose(exported[key].float(), averaged[key], atol=2e-2) for key in averaged)


def test_exported_weights_load_into_the_engine_and_fit_the_repository(tmp_path: Path) -> None:
    state = train.start(train.Settings(folder=tmp_path))
    train.save(state, tmp_path)
    weights = train.export(tmp_path, tmp_path / "compact.safetensors")
    assert weights.stat().st_size < 25_000_000
    network = load_network(weights)
    assert network.config == train.NETWORK
    loaded = network.state_dict()
    assert all(torch.allclose(loaded[key], value, atol=2e-2) for key, value in state.averaged.state_dict().items())


@pytest.mark.parametrize("added", [{}, {"layers": 9, "detail_blocks": 3}], ids=["as shipped", "larger"])
def test_a_run_without_a_checkpoint_starts_where_the_shipped_weights_are(added: dict[str, int], tmp_path: Path) -> None:
    """What is new in the network changes nothing yet, whatever extent the object has."""
    larger = CompactConfig(**(asdict(train.NETWORK) | added))
    started = train.start(train.Settings(folder=tmp_path, network=larger)).network
    mask = torch.zeros(2, PICTURE, PICTURE)
    mask[:, 16:112, 16:112] = 1.0
    picture = encode(torch.rand(2, 3, PICTURE, PICTURE), mask)
    with torch.no_grad():
        shipped, new = (network(picture, torch.tensor([0.2, 0.9])) for network in (load_network(), started))
    assert torch.allclose(shipped.front, new.front, atol=1e-4)
    assert torch.allclose(shipped.thickness, new.thickness, atol=1e-4)
    assert torch.allclose(shipped.elevation, new.elevation, atol=1e-2)


def test_a_batch_that_is_not_finite_changes_no_weight(folder: Path) -> None:
    settings = train.Settings(folder=folder / "fresh", network=SMALL, weights=folder / "none", decay=0.0)
    state = train.start(settings)
    before = [value.clone() for value in state.network.parameters()]
    shards = train.open_shards(folder / "data")
    batch = train.to_batch(train.gather(shards, train.sample_indices(shards)), None)
    terms = train.train_step(state, {**batch, "inputs": batch["inputs"] * torch.nan}, settings, 1e-3)
    assert terms["front"].isnan()
    assert all(torch.equal(value, old) for value, old in zip(state.network.parameters(), before, strict=True))


def test_a_checkpoint_is_not_replaced_by_weights_that_are_not_finite(tmp_path: Path) -> None:
    state = train.start(train.Settings(folder=tmp_path, network=SMALL, weights=tmp_path / "none"))
    train.save(state, tmp_path)
    good = (tmp_path / "last.pt").read_bytes()
    with torch.no_grad():
        state.averaged.pos_embed[0, 0] = torch.nan
    with pytest.raises(FloatingPointError, match="last checkpoint is kept"):
        train.save(state, tmp_path)
    assert (tmp_path / "last.pt").read_bytes() == good


def test_the_learning_rate_warms_up_and_ends_near_zero() -> None:
    assert train.schedule(0.0, 1.0) < 0.1
    assert train.schedule(0.05, 1.0) > 0.9
    assert train.schedule(1.0, 1.0) == pytest.approx(0.01, abs=1e-3)
