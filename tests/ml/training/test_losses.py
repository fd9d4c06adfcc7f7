import numpy as np
import pytest
import torch

from ml.engines.compact.network import BINS, CompactNetwork, Output, bin_centres
from ml.training import dataset, losses, train


@pytest.fixture(scope="module")
def batch() -> losses.Batch:
    samples = [sample for _, sample in dataset.make_samples(dataset.generate_objects(8), 4, 8)]
    return train.to_batch({key: np.stack([sample[key] for sample in samples]) for key in train.ARRAYS}, None)


def perfect(batch: losses.Batch, network: CompactNetwork) -> Output:
    """The targets as if the network had predicted them; its features say nothing."""
    depths = torch.nan_to_num(batch["depths"])
    features = torch.zeros(*batch["silhouette"].shape, network.bins.in_features)
    front, end, back = depths.unbind(-1)
    return Output(front, (end - front).clamp_min(0.01), back, features, batch["back"], batch["elevation"])


def test_a_perfect_prediction_has_no_loss_except_in_the_depth_bins(batch: losses.Batch) -> None:
    network = CompactNetwork()
    terms = losses.losses(network, perfect(batch, network), batch)
    assert all(float(value.detach()) < 1e-3 for key, value in terms.items() if key not in ("hidden", "thickness"))
    assert float(terms["thickness"].detach()) < 0.05


def test_the_true_depths_alone_fill_most_of_the_volume(batch: losses.Batch) -> None:
    network = CompactNetwork()
    torch.nn.init.constant_(network.bins.bias, -5.0)
    assert losses.metrics(network, perfect(batch, network), batch)["iou"] > 0.6


def test_decoding_fills_the_front_layer_and_the_bins_behind_it_that_the_logits_mark() -> None:
    front, thickness = torch.full((2, 2), -0.5), torch.full((2, 2), 0.01)
    logits = torch.where(bin_centres() > 0.5, 3.0, -3.0).expand(2, 2, BINS)
    filled = losses.decode_occupancy(front, thickness, logits)
    assert filled[..., bin_centres() < 0.0].any(dim=-1).all()
    assert filled[..., bin_centres() > 0.5].all()
    assert not filled[..., (bin_centres() > 0.0) & (bin_centres() < 0.5)].any()


def test_relief_ignores_a_constant_offset() -> None:
    target = torch.randn(1, 16, 16)
    silhouette = torch.ones(1, 16, 16, dtype=torch.bool)
    assert float(losses.relief(target + 3.0, target, silhouette)) == pytest.approx(0.0, abs=1e-5)
    assert float(losses.relief(target * 2.0, target, silhouette)) > 0.05
