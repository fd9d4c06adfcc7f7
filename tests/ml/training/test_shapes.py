import numpy as np
import pytest

from ml.training import shapes
from ml.training.shapes import parts

FAMILIES = sorted({*shapes.FAMILIES, *shapes.HELD_OUT}, key=lambda family: family.__name__)


def volume(part: parts.Part) -> float:
    corners = part.vertices[part.faces]
    return float(np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6)


def closed(part: parts.Part) -> bool:
    """Every directed edge has its opposite."""
    edges = part.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    return {tuple(edge) for edge in edges} == {tuple(edge[::-1]) for edge in edges}


def test_there_are_at_least_25_families_for_training_and_others_are_held_out() -> None:
    assert len(set(shapes.FAMILIES)) >= 25
    assert not set(shapes.FAMILIES) & set(shapes.HELD_OUT)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_part_is_closed_and_nearly_all_face_outward(family: shapes.Family) -> None:
    for seed in range(3):
        generated = family(np.random.default_rng(seed))
        assert all(closed(part) and np.isfinite(part.vertices).all() for part in generated)
        assert sum(volume(part) > 0 for part in generated) >= 0.9 * len(generated)


def test_a_seed_always_gives_the_same_object() -> None:
    one, two = shapes.generate(5), shapes.generate(5)
    assert one.name == two.name
    assert np.array_equal(one.vertices, two.vertices)
    assert not np.array_equal(one.vertices[:8], shapes.generate(6).vertices[:8])


def test_an_object_is_centred_with_longest_side_2() -> None:
    mesh = shapes.generate(11)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    assert np.allclose(low + high, 0.0, atol=1e-5)
    assert (high - low).max() == pytest.approx(2.0, abs=1e-5)


def test_a_tube_keeps_its_radius() -> None:
    part = parts.tube(np.zeros(3, np.float32), [(0, 0, 0), (0, 0, 1), (0, 0, 2)], 0.3, 12)
    assert np.allclose(np.hypot(part.vertices[:, 0], part.vertices[:, 1]), 0.3, atol=1e-5)


def test_rotating_by_90_degrees_about_z_maps_x_to_y() -> None:
    part = parts.rotated(parts.box(np.zeros(3, np.float32), (0.1, 0.1, 0.1), (1, 0, 0)), 90.0)
    assert np.allclose(part.vertices.mean(axis=0), [0, 1, 0], atol=1e-5)
