"""Which meshes to take from sets in which some families have hundreds of similar members."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np


def family(name: str) -> str:
    """The name without its number: objects of one family look alike."""
    return re.sub(r"[_-]?\d+[a-z]?\d*$", "", name)


def by_diversity(names: Iterable[str]) -> list[str]:
    """Names in the order in which they are worth taking: from a family of n, in any prefix about k √n."""
    names = list(names)
    sizes, ranks = Counter(map(family, names)), Counter[str]()
    priority = {}
    for name in names:
        ranks[family(name)] += 1
        priority[name] = ranks[family(name)] / sizes[family(name)] ** 0.5
    return sorted(names, key=lambda name: priority[name])


def weights(names: Iterable[str]) -> np.ndarray:
    """(N,) probability of each name in a round of sampling: 1 / √n in a family of n, so that √n of it are expected."""
    names = list(names)
    sizes = Counter(map(family, names))
    return np.array([sizes[family(name)] ** -0.5 for name in names])
