"""Objects to learn from: generated shapes, and folders of meshes that the user names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from ml.core.images import Floats

MESH_SUFFIXES = (".glb", ".gltf", ".obj", ".ply", ".stl")


@dataclass(frozen=True)
class Solid:
    """An upright object, z up, front to +x: vertices (V, 3), faces (F, 3), and the faces' colors (F, 3), sRGB 0 … 1."""

    name: str
    vertices: Floats
    faces: np.ndarray
    colors: Floats


def held_out(name: str) -> bool:
    """A fixed tenth of all names, by their hash: never trained on."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10 == 0


def centred(solid: Solid) -> Solid:
    """The same object with its box centred and its longest side 2."""
    low, high = solid.vertices.min(axis=0), solid.vertices.max(axis=0)
    scale = 2.0 / max(float((high - low).max()), 1e-9)
    return Solid(
        solid.name, ((solid.vertices - (low + high) / 2) * scale).astype(np.float32), solid.faces, solid.colors
    )


def outward(solid: Solid) -> Solid:
    """The same object, its faces turned around when it encloses a negative volume."""
    corners = solid.vertices[solid.faces]
    volume = np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    return solid if volume >= 0 else Solid(solid.name, solid.vertices, solid.faces[:, ::-1], solid.colors)


def from_folder(folder: Path) -> Iterator[Solid]:
    """Every mesh of a folder: packed `meshes_*.npz` (vertices, faces, face_colors, offsets, names) or mesh files.

    Packed meshes are z up; glTF and OBJ files are y up by their formats' custom and are turned.
    """
    for path in sorted(folder.glob("meshes_*.npz")):
        yield from _from_pack(path)
    for path in sorted(each for each in folder.rglob("*") if each.suffix.lower() in MESH_SUFFIXES):
        yield _from_file(path)


def _from_pack(path: Path) -> Iterator[Solid]:
    with np.load(path) as archive:
        pack = {key: archive[key] for key in archive.files}
    starts, face_starts = pack["vertex_offset"], pack["face_offset"]
    for index, name in enumerate(pack["names"]):
        vertices = pack["vertices"][starts[index] : starts[index + 1]].astype(np.float32) / 65535.0 - 0.5
        rows = slice(face_starts[index], face_starts[index + 1])
        colors = pack["face_colors"][rows].astype(np.float32) / 255.0
        yield outward(centred(Solid(str(name), vertices, pack["faces"][rows].astype(np.int64), colors)))


def _from_file(path: Path) -> Solid:
    mesh = trimesh.load_mesh(path)
    vertices = np.asarray(mesh.vertices, np.float32)
    if path.suffix.lower() in (".glb", ".gltf", ".obj"):
        vertices = vertices[:, [2, 0, 1]]
    return outward(centred(Solid(path.stem, vertices, np.asarray(mesh.faces, np.int64), _face_colors(mesh))))


def _face_colors(mesh: trimesh.Trimesh) -> Floats:
    visual: Any = mesh.visual
    colors = visual.to_color().face_colors if hasattr(visual, "to_color") else visual.face_colors
    return np.asarray(colors, np.float32)[:, :3] / np.float32(255.0)


def deform(solid: Solid, rng: np.random.Generator) -> Solid:
    """A relative of the object: stretched, tapered, swollen here and there, mirrored; still upright on its base."""
    vertices = solid.vertices.copy()
    if rng.random() < 0.7:
        vertices *= np.exp(rng.normal(0.0, 0.2, 3)).astype(np.float32)
    if rng.random() < 0.2:
        vertices[:, :2] *= 1.0 + rng.uniform(-0.35, 0.35) * vertices[:, 2:] / 2.0
    if rng.random() < 0.4:
        vertices = _swollen(vertices, rng)
    faces = solid.faces
    if rng.random() < 0.5:
        vertices[:, 1] *= -1.0
        faces = faces[:, ::-1]
    return centred(Solid(solid.name, vertices, faces, solid.colors))


def _swollen(vertices: Floats, rng: np.random.Generator) -> Floats:
    """In gentle waves wider and narrower along the height, higher and lower along the length; the base stays flat."""
    result = vertices.copy()
    result[:, :2] *= _wave(vertices[:, 2:], rng)
    low = vertices[:, 2].min()
    length = vertices[:, int(rng.integers(2))]
    result[:, 2] = low + (vertices[:, 2] - low) * _wave(length, rng)
    return result


def _wave(places: Floats, rng: np.random.Generator) -> Floats:
    """A factor between 0.7 and 1.3 for each place."""
    turn = np.sin(places * rng.uniform(1.0, 4.0) + rng.uniform(0.0, 2.0 * np.pi))
    return np.asarray(1.0 + rng.uniform(0.0, 0.3) * turn, np.float32)
