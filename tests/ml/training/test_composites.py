"""Objects made of other objects."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from ml.training import composites
from ml.training.meshes import ColoredMesh
from ml.training.shapes.parts import box
from tests.ml.training.primitives import ball, joined

RED, BLUE = np.array([1.0, 0.0, 0.0], np.float32), np.array([0.0, 0.0, 1.0], np.float32)


def tower(color: np.ndarray) -> ColoredMesh:
    """Two boxes that do not touch, the upper one smaller."""
    low, high = joined(box(color, (2.0, 2.0, 1.0)), name="low"), joined(box(color, (1.0, 1.0, 0.5)), name="high")
    raised = replace(high, vertices=high.vertices + np.array([0.0, 0.0, 2.0], np.float32))
    return composites.joined("tower", [low, raised])


def test_the_parts_of_an_object_are_found() -> None:
    parts = composites.components(tower(RED))
    assert len(parts) == 2
    assert sum(len(part.faces) for part in parts) == len(tower(RED).faces)


def test_a_swapped_part_fills_the_box_of_the_one_before() -> None:
    one = tower(RED)
    result = composites.swapped(one, tower(BLUE), np.random.default_rng(0))
    assert result is not None
    assert np.allclose(result.vertices.min(axis=0), one.vertices.min(axis=0), atol=1e-5)
    assert np.allclose(result.vertices.max(axis=0), one.vertices.max(axis=0), atol=1e-5)
    assert {tuple(color) for color in result.colors} == {tuple(RED), tuple(BLUE)}


def test_an_object_in_one_piece_has_nothing_to_swap() -> None:
    assert composites.swapped(ball(), tower(RED), np.random.default_rng(0)) is None


def test_touching_objects_stand_side_by_side_on_the_same_ground() -> None:
    for seed in range(4):
        pair = composites.touching(ball(), ball(), np.random.default_rng(seed))
        one, other = composites.components(pair)
        assert one.vertices[:, 2].min() == pytest.approx(other.vertices[:, 2].min(), abs=1e-5)
        gaps = [
            max(a.vertices[:, axis].min() - b.vertices[:, axis].max() for a, b in ((one, other), (other, one)))
            for axis in (0, 1)
        ]
        assert max(gaps) == pytest.approx(0.0, abs=1e-4)


def test_carved_solids_are_closed_colored_and_of_the_usual_size() -> None:
    for seed in range(6):
        solid = composites.carved("solid", np.random.default_rng(seed))
        edges = np.sort(solid.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        assert (np.unique(edges, axis=0, return_counts=True)[1] % 2 == 0).all()
        assert np.ptp(solid.vertices, axis=0).max() == pytest.approx(2.0, abs=1e-4)
        assert len(solid.colors) == len(solid.faces)


def test_a_seed_always_gives_the_same_composites() -> None:
    pool = [tower(RED), ball(), tower(BLUE)]
    first, again = (list(islice(composites.compose(pool, 4), 5)) for _ in range(2))
    assert [mesh.name for mesh in first] == [mesh.name for mesh in again]
    assert all(np.array_equal(one.vertices, two.vertices) for one, two in zip(first, again, strict=True))
