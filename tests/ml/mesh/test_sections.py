"""The parts of a shape below a height are those that labelling its cells finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ml.mesh import sections
from ml.mesh.tunnels import ACROSS_EDGES


@pytest.mark.parametrize("density", [0.08, 0.2, 0.35])
def test_parts_below_every_height_are_those_of_the_cells(density: float) -> None:
    solid = np.random.default_rng(4).random((14, 11, 9)) < density
    divided = sections.divide(solid)
    nothing = np.zeros(len(divided.layer), bool)
    for top in range(10):
        label, count = ndimage.label(solid[:, :, :top], ACROSS_EDGES)
        parts = list(divided.below(top, nothing))
        assert len(parts) == count
        for part in parts:
            cells = np.isin(divided.label[:, :, :top], part)
            assert len(np.unique(label[cells])) == 1
            assert divided.size[part].sum() == cells.sum()


def test_removed_sections_join_nothing() -> None:
    """Two pillars with a bar across: without the bar they are two parts."""
    solid = np.zeros((7, 3, 4), bool)
    solid[1, 1], solid[5, 1], solid[1:6, 1, 2] = True, True, True
    divided = sections.divide(solid)
    removed = np.zeros(len(divided.layer), bool)
    assert len(list(divided.below(4, removed))) == 1
    removed[divided.label[3, 1, 2]] = True
    assert [sorted(divided.layer[part].tolist()) for part in divided.below(4, removed)] == [[0, 1], [0, 1], [3], [3]]
    assert list(divided.below(0, removed)) == []
