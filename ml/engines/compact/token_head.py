"""What the network says about the object as a whole: a few numbers read from all tokens."""

from __future__ import annotations

from torch import Tensor, nn

POOLS = 4
"""Weighted means over the tokens that a head reads."""


class TokenHead(nn.Module):
    """Tokens (B, N, C) -> (B, outputs) logits."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.pool = nn.Linear(width, POOLS)
        self.mlp = nn.Sequential(nn.Linear(POOLS * width, width), nn.GELU(), nn.Linear(width, outputs))

    def forward(self, tokens: Tensor) -> Tensor:
        weights = self.pool(tokens).softmax(dim=1)
        logits: Tensor = self.mlp((weights.transpose(1, 2) @ tokens).flatten(1))
        return logits.float()
