"""The optimiser: Muon for matrices and kernels, AdamW for everything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ml.core.precision import has_bfloat16

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration (Jordan et al. 2024); they bring singular values to about 0.7 … 1.2."""
ADAMW_SCALE = 0.2
"""Root mean square of AdamW's usual update; Muon's is scaled to it (Liu et al. 2025, section 2.2)."""
OUTPUT_LAYERS = ("surface", "bins", "pos_embed", "elevation_head.2", "extent.mlp.2", "condition.mlp.2")
"""Prefixes of the parameters that AdamW takes although they are matrices: the embedding and the last layers."""

PRETRAINED = "photo.encoder"
"""Prefix of the parameters that come with ImageNet weights."""
PRETRAINED_SCALE = 0.1
"""Their learning rate, as a fraction of the others'."""


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised, so that every direction of a matrix learns at the same speed.

    Method: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the scale that makes its
    rates comparable to those of AdamW: Liu et al. 2025, "Muon is scalable for LLM training". Kernels (O, I, H, W) are
    treated as matrices (O, I·H·W). `torch.optim.Muon` accepts two-dimensional parameters only, hence this one.
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
        update = orthogonalised(matrix).reshape(parameter.shape) * (ADAMW_SCALE * max(matrix.shape) ** 0.5)
        parameter.mul_(1.0 - rate * decay).sub_(update.to(parameter.dtype), alpha=rate)


def orthogonalised(matrix: Tensor, rounds: int = 5) -> Tensor:
    """About the nearest matrix with orthonormal rows or columns, by a quintic Newton-Schulz iteration.

    In bfloat16, which it tolerates, where the device has it.
    """
    x: Tensor = matrix.to(torch.bfloat16) if has_bfloat16(matrix.device.type) else matrix
    if x.shape[0] > x.shape[1]:
        return orthogonalised(matrix.T, rounds).T
    x = x / (x.norm() + 1e-7)
    linear, cubic, quintic = NEWTON_SCHULZ
    for _ in range(rounds):
        square = x @ x.T
        x = linear * x + (cubic * square + quintic * square @ square) @ x
    return x.float()


def split(network: nn.Module) -> tuple[list[nn.Parameter], list[dict[str, Any]]]:
    """The parameters for Muon (matrices and kernels), and AdamW's groups.

    The first group has biases, norms and OUTPUT_LAYERS, the second, if there is one, the pretrained encoder, whose
    learning rate is PRETRAINED_SCALE times the others'.
    """
    named = dict(network.named_parameters())
    pretrained = {name for name in named if name.startswith(PRETRAINED)}
    matrices = {name for name, value in named.items() if value.ndim >= 2 and not name.startswith(OUTPUT_LAYERS)}
    matrices -= pretrained
    others = [named[name] for name in named if name not in matrices | pretrained]
    groups: list[dict[str, Any]] = [{"params": others, "scale": 1.0}]
    if pretrained:
        groups.append({"params": [named[name] for name in sorted(pretrained)], "scale": PRETRAINED_SCALE})
    return [named[name] for name in named if name in matrices], groups
