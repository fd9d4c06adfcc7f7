import torch

from ml.engines.compact.network import CompactNetwork
from ml.training import optimizer
from ml.training.train import NETWORK


def test_the_update_of_a_matrix_has_all_singular_values_near_one() -> None:
    values = torch.linalg.svdvals(optimizer.orthogonalised(torch.randn(3, 24, 40)))
    assert values.min() > 0.5 and values.max() < 1.4


def test_muon_converges_to_a_target_matrix() -> None:
    torch.manual_seed(0)
    target, matrix = torch.randn(8, 12), torch.nn.Parameter(torch.zeros(8, 12))
    muon = optimizer.Muon([matrix], lr=0.1, decay=0.0)
    for step in range(150):
        muon.param_groups[0]["lr"] = 0.1 * (1 - step / 150)
        matrix.grad = matrix.detach() - target
        muon.step()
    assert float((matrix.detach() - target).abs().mean()) < 0.1


def test_every_parameter_belongs_to_exactly_one_optimiser() -> None:
    network = CompactNetwork(NETWORK)
    matrices, groups = optimizer.split(network)
    others = [parameter for group in groups for parameter in group["params"]]
    assert len({id(parameter) for parameter in [*matrices, *others]}) == len(list(network.parameters()))
    assert len(matrices) + len(others) == len(list(network.parameters()))
    assert all(parameter.ndim >= 2 for parameter in matrices)


def test_the_pretrained_encoder_learns_more_slowly() -> None:
    network = CompactNetwork(NETWORK)
    assert network.photo is not None
    slow = {id(parameter) for parameter in network.photo.encoder.parameters()}
    group = next(group for group in optimizer.split(network)[1] if group["scale"] < 1.0)
    assert {id(parameter) for parameter in group["params"]} == slow


def test_the_output_layers_named_for_adamw_exist_in_the_network() -> None:
    names = [name for name, _ in CompactNetwork(NETWORK).named_parameters()]
    assert all(any(name.startswith(prefix) for name in names) for prefix in optimizer.OUTPUT_LAYERS)
