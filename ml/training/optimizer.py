"""The optimiser: Muon for matrices and kernels, AdamW for everything else."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised, so that every direction of a matrix learns at the same speed.

    Method: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the scale that makes its
    rates those of AdamW: Liu et al. 2025, "Muon is scalable for LLM training". Kernels (O, I, H, W) are taken as
    matrices (O, I·H·W).
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.02) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group["lr"], group["momentum"], group["decay"])

    def _update(self, parameter: Tensor, gradient: Tensor, rate: float, momentum: float, decay: float) -> None:
        state = self.state[parameter]
        if "moving" not in state:
            state["moving"] = torch.zeros_like(parameter)
        moving = state["moving"].lerp_(gradient, 1.0 - momentum)
        matrix = torch.lerp(gradient, moving, momentum).reshape(len(parameter), -1)
        update = orthogonalised(matrix).reshape(parameter.shape) * (0.2 * max(matrix.shape) ** 0.5)
        parameter.mul_(1.0 - rate * decay).sub_(update.to(parameter.dtype), alpha=rate)


def orthogonalised(matrix: Tensor, rounds: int = 5) -> Tensor:
    """About the nearest matrix with orthonormal rows or columns, by a quintic Newton-Schulz iteration in bf16."""
    x: Tensor = matrix.to(torch.bfloat16)
    if x.shape[0] > x.shape[1]:
        return orthogonalised(matrix.T, rounds).T
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.float()


def split(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Matrices and kernels, and all the rest: biases, norms, places, and the last layers."""
    last = ("surface", "bins", "places", "tilt.2")
    heavy = [each for name, each in network.named_parameters() if each.ndim >= 2 and not name.startswith(last)]
    known = {id(each) for each in heavy}
    return heavy, [each for each in network.parameters() if id(each) not in known]
