"""The optimiser: Muon for matrices and kernels, AdamW for everything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ml.core.precision import has_bfloat16

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration (Jordan et al. 2024); they bring singular values to about 0.7 … 1.2."""
MAX_GRADIENT_NORM = 1.0
"""Longer gradients are scaled down to it."""
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
        """One update of every parameter that has a gradient; matrices of one shape are orthogonalised together."""
        for group in self.param_groups:
            shapes: dict[tuple[int, int], list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    shapes.setdefault((len(parameter), parameter[0].numel()), []).append(parameter)
            for alike in shapes.values():
                self._update(alike, group["lr"], group["momentum"], group["decay"])

    def _update(self, parameters: list[Tensor], rate: float, momentum: float, decay: float) -> None:
        matrices = torch.stack([self._matrix(parameter, momentum) for parameter in parameters])
        scale = ADAMW_SCALE * max(matrices.shape[1:]) ** 0.5
        updates = (orthogonalised(matrices) * scale).unbind()
        torch._foreach_mul_(parameters, 1.0 - rate * decay)
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.sub_(update.reshape(parameter.shape), alpha=rate)

    def _matrix(self, parameter: Tensor, momentum: float) -> Tensor:
        """The gradient plus its moving average (Nesterov), as a matrix."""
        assert parameter.grad is not None
        state = self.state[parameter]
        if "moving" not in state:
            state["moving"] = torch.zeros_like(parameter)
        moving = state["moving"].lerp_(parameter.grad, 1.0 - momentum)
        return torch.lerp(parameter.grad, moving, momentum).reshape(len(parameter), -1)


def orthogonalised(matrices: Tensor, rounds: int = 5) -> Tensor:
    """(N, R, C): about the nearest matrices with orthonormal rows or columns, by a quintic Newton-Schulz iteration.

    In bfloat16, which it tolerates, where the device has it.
    """
    x: Tensor = matrices.to(torch.bfloat16) if has_bfloat16(matrices.device.type) else matrices
    if x.shape[1] > x.shape[2]:
        return orthogonalised(matrices.mT, rounds).mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    linear, cubic, quintic = NEWTON_SCHULZ
    for _ in range(rounds):
        square = x @ x.mT
        x = linear * x + (cubic * square + quintic * square @ square) @ x
    return x.float()


def split(
    network: nn.Module, output_layers: tuple[str, ...] = OUTPUT_LAYERS
) -> tuple[list[nn.Parameter], list[dict[str, Any]]]:
    """The parameters for Muon (matrices and kernels), and AdamW's groups.

    The first group has biases, norms and the `output_layers`; the second, if there is one, the pretrained encoder,
    whose learning rate is PRETRAINED_SCALE times the others'.
    """
    named = dict(network.named_parameters())
    pretrained = {name for name in named if name.startswith(PRETRAINED)}
    matrices = {name for name, value in named.items() if value.ndim >= 2 and not name.startswith(output_layers)}
    matrices -= pretrained
    others = [named[name] for name in named if name not in matrices | pretrained]
    groups: list[dict[str, Any]] = [{"params": others, "scale": 1.0}]
    if pretrained:
        groups.append({"params": [named[name] for name in sorted(pretrained)], "scale": PRETRAINED_SCALE})
    return [named[name] for name in named if name in matrices], groups


@torch.no_grad()
def clip_gradients(network: nn.Module) -> None:
    """Scale the gradients down to MAX_GRADIENT_NORM, and drop all of them if one is not finite.

    One impossible sample among a million must not end a run: without this, one of 2026-11-28 did.
    """
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT_NORM)
    for parameter in network.parameters():
        if parameter.grad is not None:
            parameter.grad = torch.where(norm.isfinite(), parameter.grad, 0.0)
