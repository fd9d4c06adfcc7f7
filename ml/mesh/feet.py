"""Feet end on one plane: those that end a little above the ground are moved along the photo's rays until they touch it.

A foot is a part that reaches down on its own, close to the ground. The photo shows where it ends, but not how far away
it is: farther along its ray it ends lower. The rest of the leg follows, less and less up to where it begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.mesh.geometry import components, vertex_normals
from ml.mesh.mesh import Mesh

MIN_LEG = 0.05
"""Fraction of the height by which a foot lies below the place where its leg meets the rest."""
MAX_LEG = 0.35
"""Fraction of the height up to which legs are followed."""
MAX_LIFT = 0.06
"""Fraction of the height above the ground up to which a part is a foot: hands and trunks end higher."""
NO_LIFT = 0.002
"""Fraction of the height up to which a foot stands already."""
LEVELS = 14
"""Heights at which the parts below are told apart."""
MIN_SLOPE = 0.1
"""Least descent of a ray to a foot, per unit of length, that determines where it meets the ground."""
MAX_MOVE = 0.12
"""Scene units by which a foot may move. Feet of the twenty photos move by up to 0.11; where rays descend little, as to
a cupcake seen from a level camera, a small lift would move a whole base by far more."""


@dataclass(frozen=True)
class Leg:
    """`vertices` (N,) of a part below the height `top`, `tip` the height of its lowest one."""

    vertices: NDArray[np.int64]
    tip: float
    top: float


def level(mesh: Mesh, camera: Camera) -> Mesh:
    """The mesh with its feet on the plane of its lowest point; `camera` took the photo that shows it."""
    legs = find_legs(mesh)
    if len(legs) < 2:
        return mesh
    ground, height = float(mesh.vertices[:, 2].min()), float(np.ptp(mesh.vertices[:, 2]))
    lifted = [leg for leg in legs if leg.tip - ground > NO_LIFT * height]
    vertices, origin = mesh.vertices.copy(), camera.position().numpy()
    for leg in lifted:
        vertices[leg.vertices] = _lowered(mesh.vertices[leg.vertices], leg, leg.tip - ground, origin)
    return replace(mesh, vertices=vertices, normals=vertex_normals(vertices, mesh.faces)) if lifted else mesh


def find_legs(mesh: Mesh) -> list[Leg]:
    """The parts that reach down to near the ground on their own, each up to where it meets another one."""
    ground, height = float(mesh.vertices[:, 2].min()), float(np.ptp(mesh.vertices[:, 2]))
    top_of_face = mesh.vertices[:, 2][mesh.faces].max(axis=1)
    legs: dict[int, Leg] = {}
    for top in ground + height * np.linspace(MIN_LEG, MAX_LEG, LEVELS):
        found = _parts_below(mesh, mesh.faces[top_of_face <= top], float(top))
        feet = [leg for leg in found if leg.tip - ground <= MAX_LIFT * height and top - leg.tip >= MIN_LEG * height]
        for leg in feet:
            within = [number for number in legs if number in leg.vertices]
            if len(within) <= 1:
                legs[within[0] if within else _lowest(mesh, leg)] = leg
    return list(legs.values())


def _lowest(mesh: Mesh, leg: Leg) -> int:
    return int(leg.vertices[mesh.vertices[leg.vertices, 2].argmin()])


def _parts_below(mesh: Mesh, faces: NDArray[np.int32], top: float) -> list[Leg]:
    """The connected parts of these faces."""
    if not len(faces):
        return []
    part, corner = np.repeat(components(faces, len(mesh.vertices)), 3), faces.ravel()
    corner, first = np.unique(corner, return_index=True)
    part = part[first]
    order = np.argsort(part, kind="stable")
    groups = np.split(corner[order], np.flatnonzero(np.diff(part[order])) + 1)
    return [Leg(group.astype(np.int64), float(mesh.vertices[group, 2].min()), top) for group in groups]


def _lowered(points: Floats, leg: Leg, lift: float, origin: Floats) -> Floats:
    """(N, 3) points of a leg, moved along the rays from `origin` so that its tip comes down by `lift`; where they are
    if that does not determine a short move."""
    rays = points - origin
    tip = rays[points[:, 2].argmin()]
    descent, length = -float(tip[2]), float(np.linalg.norm(tip))
    if descent < max(MIN_SLOPE * length, lift * length / MAX_MOVE):
        return points
    weight = ((leg.top - points[:, 2]) / (leg.top - leg.tip)).clip(0.0, 1.0)
    return np.asarray(points + rays * (weight * (lift / descent))[:, None], np.float32)
