"""How much no photo shows, on boxes whose seen sides are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import trimesh

from ml.mesh.mesh import Mesh
from ml.texture.bake import TexturedMesh
from ml.texture.unseen import unseen

X, Y = 0, 1
"""The axes of the canonical frame: the main photo looks from +x, its right side is at +y."""


def box(observed_faces: Sequence[tuple[int, float]], extents: Sequence[float] = (1.0, 1.0, 1.0)) -> TexturedMesh:
    """A box, split into six faces; those named by axis and sign are seen."""
    solid = trimesh.creation.box(extents)
    vertices = solid.vertices[solid.faces].reshape(-1, 3).astype(np.float32)
    normals = np.repeat(solid.face_normals, 3, axis=0).astype(np.float32)
    seen = np.zeros(len(vertices), np.float32)
    for axis, sign in observed_faces:
        seen[normals[:, axis] * sign > 0.9] = 1.0
    mesh = Mesh(vertices, np.arange(len(vertices), dtype=np.int32).reshape(-1, 3), normals)
    return TexturedMesh(mesh, np.zeros((len(vertices), 2), np.float32), np.zeros((4, 4, 3), np.uint8), seen, "box")


def test_of_a_cube_seen_from_the_front_each_other_side_would_show_a_sixth() -> None:
    found = unseen(box([(X, 1)]), [0.0])
    assert found.share == pytest.approx(5 / 6, abs=1e-3)
    assert found.sides == pytest.approx({"right": 1 / 6, "back": 1 / 6, "left": 1 / 6}, abs=1e-3)


def test_the_largest_unseen_side_gains_most() -> None:
    found = unseen(box([(X, 1), (Y, 1)], extents=(1.0, 4.0, 1.0)), [0.0])
    assert max(found.sides, key=lambda side: found.sides[side]) == "back"
    assert found.sides["right"] == 0.0


def test_a_side_that_was_photographed_is_not_asked_for() -> None:
    assert set(unseen(box([(X, 1), (X, -1)]), [0.0, 175.0]).sides) == {"right", "left"}
    assert set(unseen(box([(X, 1), (Y, -1)]), [0.0, -80.0]).sides) == {"right", "back"}


def test_nothing_is_missing_where_everything_was_seen() -> None:
    found = unseen(box([(axis, sign) for axis in range(3) for sign in (-1, 1)]), [0.0])
    assert found.share == 0.0
    assert set(found.sides.values()) == {0.0}
