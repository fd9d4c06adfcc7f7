"""Objects to train on: a coloured mesh, folders of mesh files, and random deformation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from scipy.ndimage import map_coordinates

from ml.core.images import Floats

Y_UP_SUFFIXES = (".glb", ".gltf", ".obj")
LATTICE = 4
"""Control points per axis of the free-form deformation (Sederberg and Parry 1986)."""
LATTICE_STRENGTH = 0.12
"""Standard deviation of a control point's offset, in units of the object's half size."""
MESH_SUFFIXES = (*Y_UP_SUFFIXES, ".ply", ".stl")


@dataclass(frozen=True)
class ColoredMesh:
    """An upright object, z up, front to +x: vertices (V, 3), faces (F, 3), and the faces' colors (F, 3), sRGB 0 … 1."""

    name: str
    vertices: Floats
    faces: np.ndarray
    colors: Floats


def normalized(mesh: ColoredMesh) -> ColoredMesh:
    """The same object with its bounding box centred and its longest side 2."""
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    scale = 2.0 / max(float((high - low).max()), 1e-9)
    return replace(mesh, vertices=((mesh.vertices - (low + high) / 2) * scale).astype(np.float32))


def outward_facing(mesh: ColoredMesh) -> ColoredMesh:
    """The same object, with its faces flipped if it encloses a negative volume."""
    corners = mesh.vertices[mesh.faces]
    volume = np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    return mesh if volume >= 0 else replace(mesh, faces=mesh.faces[:, ::-1])


def load_folder(folder: Path) -> Iterator[ColoredMesh]:
    """Every mesh of a folder: packed `meshes_*.npz` (vertices, faces, face_colors, offsets, names) or mesh files.

    Packed meshes are z up; glTF and OBJ files are y up by convention and are rotated.
    """
    for path in sorted(folder.glob("meshes_*.npz")):
        yield from _load_pack(path)
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in MESH_SUFFIXES):
        yield _load_file(path)


def _load_pack(path: Path) -> Iterator[ColoredMesh]:
    """Meshes with vertices as 16-bit fractions of their box and 8-bit colours."""
    with np.load(path) as archive:
        pack = {key: archive[key] for key in archive.files}
    starts, face_starts = pack["vertex_offset"], pack["face_offset"]
    for index, name in enumerate(pack["names"]):
        vertices = pack["vertices"][starts[index] : starts[index + 1]].astype(np.float32) / 65535.0 - 0.5
        rows = slice(face_starts[index], face_starts[index + 1])
        colors = pack["face_colors"][rows].astype(np.float32) / 255.0
        mesh = ColoredMesh(str(name), vertices, pack["faces"][rows].astype(np.int64), colors)
        yield outward_facing(normalized(mesh))


def _load_file(path: Path) -> ColoredMesh:
    loaded = trimesh.load_mesh(path)
    vertices = np.asarray(loaded.vertices, np.float32)
    if path.suffix.lower() in Y_UP_SUFFIXES:
        vertices = vertices[:, [2, 0, 1]]
    mesh = ColoredMesh(path.stem, vertices, np.asarray(loaded.faces, np.int64), _face_colors(loaded))
    return outward_facing(normalized(mesh))


def _face_colors(mesh: trimesh.Trimesh) -> Floats:
    visual: Any = mesh.visual
    colors = visual.to_color().face_colors if hasattr(visual, "to_color") else visual.face_colors
    return np.asarray(colors, np.float32)[:, :3] / np.float32(255.0)


def deform(mesh: ColoredMesh, rng: np.random.Generator) -> ColoredMesh:
    """A random variation: stretched, tapered, bulging in places, twisted, bent, warped, mirrored; still upright."""
    vertices = mesh.vertices.copy()
    if rng.random() < 0.7:
        vertices *= np.exp(rng.normal(0.0, 0.2, 3)).astype(np.float32)
    if rng.random() < 0.2:
        vertices[:, :2] *= 1.0 + rng.uniform(-0.35, 0.35) * vertices[:, 2:] / 2.0
    if rng.random() < 0.3:
        vertices = bulged(vertices, rng)
    if rng.random() < 0.15:
        vertices = twisted(vertices, float(rng.uniform(-0.6, 0.6)))
    if rng.random() < 0.15:
        vertices = bent(vertices, float(rng.uniform(-0.35, 0.35)))
    if rng.random() < 0.3:
        vertices = warped(vertices, rng)
    faces = mesh.faces
    if rng.random() < 0.5:
        vertices[:, 1] *= -1.0
        faces = faces[:, ::-1]
    return normalized(replace(mesh, vertices=vertices, faces=faces))


def bulged(vertices: Floats, rng: np.random.Generator) -> Floats:
    """Vertices made wider and narrower along the height, higher and lower along the length; the base stays flat."""
    result = vertices.copy()
    result[:, :2] *= _wave(vertices[:, 2:], rng)
    low = vertices[:, 2].min()
    length = vertices[:, int(rng.integers(2))]
    result[:, 2] = low + (vertices[:, 2] - low) * _wave(length, rng)
    return result


def twisted(vertices: Floats, strength: float) -> Floats:
    """Vertices rotated about the upright axis by `strength` radians per unit of height."""
    x, y, z = vertices.T
    angle = strength * z
    turned = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle), z
    return np.stack(turned, axis=1).astype(np.float32)


def bent(vertices: Floats, strength: float) -> Floats:
    """Vertices with the upright axis bent into a parabola towards the front or the back; the base stays in place."""
    result = vertices.copy()
    result[:, 0] += strength * (vertices[:, 2] - vertices[:, 2].min()) ** 2 / 2.0
    return result


def warped(vertices: Floats, rng: np.random.Generator) -> Floats:
    """Free-form deformation: moved by the offsets of a lattice of control points, interpolated trilinearly."""
    field = rng.normal(0.0, LATTICE_STRENGTH, (3, LATTICE, LATTICE, LATTICE))
    cells = np.clip((vertices.T + 1.0) / 2.0, 0.0, 1.0) * (LATTICE - 1)
    offsets = [map_coordinates(axis, cells, order=1) for axis in field]
    return np.asarray(vertices + np.stack(offsets, axis=1), np.float32)


def _wave(coordinates: Floats, rng: np.random.Generator) -> Floats:
    """A smoothly varying factor between 0.7 and 1.3 for each coordinate."""
    sine = np.sin(coordinates * rng.uniform(1.0, 4.0) + rng.uniform(0.0, 2.0 * np.pi))
    return np.asarray(1.0 + rng.uniform(0.0, 0.3) * sine, np.float32)
