import json

import numpy as np
import pytest
import torch

from ml.engines.compact.network import BINS, CompactNetwork, Output, bin_centres, load_network
from ml.training import dataset, losses, optimizer, train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder of a dozen samples, the first eight of them held out, too."""
    path = tmp_path_factory.mktemp("train")
    dataset.write(path / "data", dataset.samples(dataset.generated(8), 12, 8), "shapes_8")
    dataset.write(path / "held_shapes", dataset.samples(dataset.generated(8), 8, 8), "shapes_8")
    return path


def perfect(batch, network):
    depths = torch.nan_to_num(batch["depths"])
    features = torch.zeros(*batch["seen"].shape, network.bins.in_features)
    front, end, back = depths.unbind(-1)
    return Output(front, (end - front).clamp_min(0.01), back, features, batch["back"], batch["elevation"])


def batch_of(folder, count=4):
    rows = np.array([[0, row] for row in range(count)])
    return train.to_batch(train.gather(train.open_shards(folder / "data"), rows), None)


@pytest.mark.slow
def test_a_tiny_run_learns_resumes_and_exports(folder):
    settings = train.Settings(folder=folder, weights=folder / "none", steps=30, batch=4, report_every=4.0, rate=2e-3)
    before = train.check(CompactNetwork().eval(), folder / "held_shapes")
    first = train.train(settings)
    again = train.start(settings)
    assert again.step == first.step == 30
    after = train.check(again.network, folder / "held_shapes")
    assert after["front"] < before["front"]
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["samples"] == first.samples
    weights = train.export(folder, folder / "compact.safetensors")
    assert weights.stat().st_size < 25_000_000
    loaded = load_network(weights).state_dict()
    assert all(torch.allclose(loaded[key], value, atol=2e-2) for key, value in again.averaged.state_dict().items())


def test_a_run_without_a_checkpoint_begins_with_the_shipped_weights(tmp_path):
    begun = train.start(train.Settings(folder=tmp_path)).network.state_dict()
    shipped = load_network().state_dict()
    assert all(torch.equal(begun[key], shipped[key]) for key in shipped)


def test_the_truth_costs_nothing_but_the_hidden_bins(folder):
    network, batch = CompactNetwork(), batch_of(folder)
    terms = losses.losses(network, perfect(batch, network), batch)
    assert all(float(value.detach()) < 1e-3 for key, value in terms.items() if key not in ("hidden", "thickness"))
    assert float(terms["thickness"].detach()) < 0.05


def test_the_true_depths_alone_already_fill_most_of_the_volume(folder):
    network, batch = CompactNetwork(), batch_of(folder)
    torch.nn.init.constant_(network.bins.bias, -5.0)
    assert losses.figures(network, perfect(batch, network), batch)["iou"] > 0.6


def test_decoding_fills_every_pixel_and_what_the_logits_hold_behind_it():
    front, thickness = torch.full((2, 2), -0.5), torch.full((2, 2), 0.01)
    logits = torch.where(bin_centres() > 0.5, 3.0, -3.0).expand(2, 2, BINS)
    filled = losses.decode(front, thickness, logits)
    assert filled[..., bin_centres() < 0.0].any(dim=-1).all()
    assert filled[..., bin_centres() > 0.5].all()
    assert not filled[..., (bin_centres() > 0.0) & (bin_centres() < 0.5)].any()


def test_relief_does_not_mind_a_shift():
    truth = torch.randn(1, 16, 16)
    seen = torch.ones(1, 16, 16, dtype=torch.bool)
    assert float(losses.relief(truth + 3.0, truth, seen)) == pytest.approx(0.0, abs=1e-5)
    assert float(losses.relief(truth * 2.0, truth, seen)) > 0.05


def test_the_update_of_a_matrix_has_all_singular_values_near_one():
    values = torch.linalg.svdvals(optimizer.orthogonalised(torch.randn(24, 40)))
    assert values.min() > 0.5 and values.max() < 1.4


def test_muon_brings_a_matrix_to_its_goal():
    torch.manual_seed(0)
    goal, matrix = torch.randn(8, 12), torch.nn.Parameter(torch.zeros(8, 12))
    muon = optimizer.Muon([matrix], lr=0.1, decay=0.0)
    for step in range(150):
        muon.param_groups[0]["lr"] = 0.1 * (1 - step / 150)
        matrix.grad = matrix.detach() - goal
        muon.step()
    assert float((matrix.detach() - goal).abs().mean()) < 0.1


def test_every_parameter_belongs_to_exactly_one_optimiser():
    network = CompactNetwork()
    heavy, light = optimizer.split(network)
    assert len(heavy) + len(light) == len(list(network.parameters()))
    assert all(each.ndim >= 2 for each in heavy)


def test_the_learning_rate_warms_up_and_ends_near_zero():
    assert train.schedule(0.0, 1.0) < 0.1
    assert train.schedule(0.05, 1.0) > 0.9
    assert train.schedule(1.0, 1.0) == pytest.approx(0.01, abs=1e-3)
