import numpy as np
import pytest
import torch

from ml.engines.compact import extent as extent_module
from ml.engines.compact.network import BINS, GRID, REACH, CompactNetwork, Output, bin_centres
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


def test_a_sample_without_an_object_leaves_every_loss_finite(batch: losses.Batch) -> None:
    network = CompactNetwork(train.NETWORK)
    empty = {**batch, "depths": torch.full_like(batch["depths"], torch.nan)}
    empty["silhouette"] = empty["depths"][..., 0].isfinite()
    empty = {key: torch.cat([values, batch[key]]) for key, values in empty.items()}
    output = network(empty["inputs"], losses.true_extent(empty))
    assert all(value.isfinite() for value in losses.losses(network, output, empty).values())


def test_being_close_counts_more_than_how_far_off_the_rest_is() -> None:
    mask = torch.ones(1, 1, 2, dtype=torch.bool)
    compromise, choice = torch.tensor([[[0.2, 0.2]]]), torch.tensor([[[0.0, 0.5]]])
    assert float(losses.not_close(choice, mask)) < 0.6 * float(losses.not_close(compromise, mask))


def test_the_true_mirror_planes_have_a_smaller_loss_than_those_of_another_object(batch: losses.Batch) -> None:
    truth = torch.logit(losses.true_planes(batch), eps=0.01)
    assert truth.max() > 0.0 > truth.min()
    elsewhere = truth.roll(9, dims=1)
    assert float(losses.mirror_error(truth, batch)) < 0.3 * float(losses.mirror_error(elsewhere, batch))
    assert float(losses.mirror_error(None, batch)) == 0.0


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


def test_normals_ignore_the_distance_and_see_ripples() -> None:
    steps = torch.linspace(-0.3, 0.3, GRID)
    plane = steps.expand(1, GRID, GRID) * 0.5
    silhouette = torch.ones(1, GRID, GRID, dtype=torch.bool)
    assert float(losses.normal_error(plane, plane, silhouette)) == pytest.approx(0.0, abs=1e-6)
    assert float(losses.normal_error(plane + 0.05, plane, silhouette)) < 0.005
    assert float(losses.normal_error(plane + 0.04 * (steps * 60.0).sin(), plane, silhouette)) > 0.1


def test_normals_are_not_compared_across_depth_steps() -> None:
    target = torch.zeros(1, GRID, GRID)
    target[:, :, GRID // 2 :] = 0.5
    blurred = torch.nn.functional.avg_pool2d(target, (1, 3), 1, (0, 1), count_include_pad=False)
    silhouette = torch.ones(1, GRID, GRID, dtype=torch.bool)
    step_only = losses.normal_error(torch.where(blurred > 0.25, 0.5, 0.0), target, silhouette)
    assert float(step_only) == pytest.approx(0.0, abs=1e-6)


def test_the_extents_loss_is_least_at_the_true_extent(batch: losses.Batch) -> None:
    extent = losses.true_extent(batch)
    assert ((extent > 0.1) & (extent < REACH)).all()
    right = extent_module.target_distribution(extent, 32).clamp_min(1e-9).log()
    wrong = extent_module.target_distribution(extent * 1.5, 32).clamp_min(1e-9).log()
    assert losses.extent_error(right, extent) < losses.extent_error(wrong, extent)
