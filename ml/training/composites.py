"""New objects out of old ones: components exchanged between two, two that touch, and solids joined and carved.

The last kind follows the idea of Zeroverse (Xie et al. 2024): simple bodies, added and cut at random, teach a network
shapes that no collection has. Half of them are mirrored, as most things are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from manifold3d import Manifold, OpType
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ml.core.images import Floats
from ml.training.materials import random_color
from ml.training.meshes import ColoredMesh, normalized

MAX_COMPONENTS = 40
"""An object of more is no set of parts but a heap of leaves or letters."""
SEGMENTS = 40
"""Of a full circle."""
BODIES, CUTS = (2, 6), (0, 3)
"""Range of the number of bodies that are joined, and of those that are cut away; the end is excluded."""


def joined(name: str, parts: list[ColoredMesh]) -> ColoredMesh:
    """All parts as one object, centred, its longest side 2."""
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    return normalized(
        ColoredMesh(
            name,
            np.concatenate([part.vertices for part in parts]),
            np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=False)]),
            np.concatenate([part.colors for part in parts]),
        )
    )


def components(mesh: ColoredMesh) -> list[ColoredMesh]:
    """The connected parts of a mesh."""
    count = len(mesh.vertices)
    first, second = mesh.faces[:, [0, 1]].T, mesh.faces[:, [1, 2]].T
    rows, columns = np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))
    label = connected_components(graph, directed=False)[1][mesh.faces[:, 0]]
    return [_selected(mesh, label == number) for number in np.unique(label)]


def _selected(mesh: ColoredMesh, chosen: np.ndarray) -> ColoredMesh:
    used, faces = np.unique(mesh.faces[chosen], return_inverse=True)
    return ColoredMesh(mesh.name, mesh.vertices[used], faces.reshape(-1, 3), mesh.colors[chosen])


def swapped(one: ColoredMesh, other: ColoredMesh, rng: np.random.Generator) -> ColoredMesh | None:
    """`one` with one of its parts replaced by a part of `other` in the same box; None where there are no parts."""
    mine, theirs = components(one), components(other)
    if not (2 <= len(mine) <= MAX_COMPONENTS and 2 <= len(theirs) <= MAX_COMPONENTS):
        return None
    place, part = int(rng.integers(len(mine))), theirs[int(rng.integers(len(theirs)))]
    mine[place] = _fitted(part, mine[place].vertices)
    return joined(one.name, mine)


def _fitted(part: ColoredMesh, box: Floats) -> ColoredMesh:
    """The part, stretched to the bounding box of the points `box`."""
    low, size = part.vertices.min(axis=0), np.maximum(np.ptp(part.vertices, axis=0), 1e-4)
    vertices = (part.vertices - low) / size * np.ptp(box, axis=0) + box.min(axis=0)
    return replace(part, vertices=vertices.astype(np.float32))


def touching(one: ColoredMesh, other: ColoredMesh, rng: np.random.Generator) -> ColoredMesh:
    """Both on the same ground, side by side, the second turned and of another size."""
    angle, scale = rng.uniform(0.0, 2.0 * np.pi), np.float32(rng.uniform(0.4, 1.0))
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    moved = (other.vertices @ turn.T * scale).astype(np.float32)
    axis, side = int(rng.integers(2)), float(rng.choice([-1.0, 1.0]))
    gap = (one.vertices[:, axis] * side).max() - (moved[:, axis] * side).min()
    moved[:, axis] += side * gap
    moved[:, 2] += one.vertices[:, 2].min() - moved[:, 2].min()
    return joined(one.name, [one, replace(other, vertices=moved)])


def carved(name: str, rng: np.random.Generator) -> ColoredMesh:
    """Simple bodies joined, others cut away, in one colour each; upright on its base; half of them symmetric."""
    result, colors = Manifold(), {}
    for number in range(int(rng.integers(*BODIES)) + int(rng.integers(*CUTS))):
        body = _body(rng).as_original()
        colors[body.original_id()] = random_color(rng)
        added = Manifold.batch_boolean(
            [result, body], OpType.Add if number < 2 or rng.random() < 0.6 else OpType.Subtract
        )
        result = added if not added.is_empty() else result
    if rng.random() < 0.5:
        result = result + result.mirror((0.0, 1.0, 0.0))
    return normalized(_colored(name, result, colors))


def _body(rng: np.random.Generator) -> Manifold:
    makers: tuple[Callable[[], Manifold], ...] = (
        lambda: Manifold.cube((1.0, 1.0, 1.0), True),
        lambda: Manifold.sphere(0.5, SEGMENTS),
        lambda: Manifold.cylinder(1.0, 0.5, 0.5, SEGMENTS, True),
        lambda: Manifold.cylinder(1.0, 0.5, float(rng.uniform(0.0, 0.4)), SEGMENTS, True),
        lambda: Manifold.cylinder(1.0, 0.5, 0.5, int(rng.integers(3, 9)), True),
    )
    body = makers[int(rng.integers(len(makers)))]()
    body = body.scale(tuple(float(size) for size in np.exp(rng.normal(-0.4, 0.5, 3))))
    if rng.random() < 0.5:
        body = body.rotate(tuple(float(angle) for angle in rng.uniform(-40.0, 40.0, 3)))
    return body.translate(tuple(float(offset) for offset in rng.normal(0.0, 0.35, 3)))


def _colored(name: str, solid: Manifold, colors: dict[int, Floats]) -> ColoredMesh:
    """The solid with each face in the colour of the body that it comes from."""
    mesh = solid.to_mesh()
    faces = np.asarray(mesh.tri_verts, np.int64)
    owner = np.repeat(mesh.run_original_id, np.diff(mesh.run_index) // 3)
    grey = np.full(3, 0.5, np.float32)
    face_colors = np.stack([colors.get(int(number), grey) for number in owner]).astype(np.float32)
    return ColoredMesh(name, np.asarray(mesh.vert_properties[:, :3], np.float32), faces, face_colors)


def compose(objects: list[ColoredMesh], seed: int) -> Iterator[ColoredMesh]:
    """Composites without end: a third of each kind, from random pairs of `objects`, named after the first of them."""
    rng = np.random.default_rng(seed)
    number = 0
    while True:
        one, other = (objects[int(index)] for index in rng.integers(len(objects), size=2))
        made = (
            swapped(one, other, rng),
            touching(one, other, rng),
            carved("", rng),
        )[number % 3]
        number += 1
        if made is not None and len(made.faces):
            yield replace(made, name=f"composite_{one.name}_{seed}_{number}")
