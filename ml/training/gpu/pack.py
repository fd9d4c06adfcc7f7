"""One small file of training meshes for a GPU machine: `python -m ml.training.gpu.pack OUT.npz --meshes FOLDER`.

Meshes are thinned out to at most 1,100 triangles and chosen for diversity, so that the file stays below its limit. The
held-out tenth (`ml.training.conventions.is_held_out`) is only represented by what the figures during training need.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import fast_simplification
import numpy as np
from scipy.spatial import cKDTree

from ml.core.images import Floats
from ml.training import dataset, meshes
from ml.training.composites import compose
from ml.training.conventions import is_held_out
from ml.training.diversity import by_diversity
from ml.training.meshes import ColoredMesh

MAX_FACES = 1100
"""About 5,000 objects of this size fit into MEGABYTES."""
TOLERANCE = 1.05
"""How far simplification may miss its target."""
MEGABYTES = 30.0
"""The file travels to the machine together with the repository."""
HELD_OUT = 256
"""Held-out meshes in the file."""
GENERATED = 500
"""Objects of our own generators in the file."""
COMPOSED = 600
"""Objects in the file that are made out of training meshes."""
GENERATED_SEED = 31
"""Of the generated and composed objects in the pack."""
QUANTUM = 65535
"""Steps of a coordinate over the object's longest side."""


def thinned(mesh: ColoredMesh, max_faces: int = MAX_FACES) -> ColoredMesh:
    """The object with at most about `max_faces` triangles; each takes the colour of the nearest one before."""
    if len(mesh.faces) <= max_faces:
        return mesh
    vertices, faces = fast_simplification.simplify(
        mesh.vertices, np.ascontiguousarray(mesh.faces, np.int32), target_count=max_faces, agg=5
    )
    faces = faces[(vertices[faces][:, 0] != vertices[faces][:, 1]).any(axis=1)]
    if not 12 <= len(faces) <= max_faces * TOLERANCE:
        return mesh
    nearest = cKDTree(mesh.vertices[mesh.faces].mean(axis=1)).query(vertices[faces].mean(axis=1))[1]
    return ColoredMesh(mesh.name, vertices.astype(np.float32), faces.astype(np.int64), mesh.colors[nearest])


def packed(objects: list[ColoredMesh]) -> dict[str, np.ndarray]:
    """The arrays of a pack, as `ml.training.meshes.load_folder` and `ml.training.gpu.meshes.load` read them."""
    objects = [meshes.normalized(mesh) for mesh in objects]
    return {
        "vertices": np.concatenate(
            [np.round((item.vertices / 2.0 + 0.5) * QUANTUM).astype(np.uint16) for item in objects]
        ),
        "faces": np.concatenate([item.faces.astype(np.uint16) for item in objects]),
        "face_colors": np.concatenate([np.round(item.colors * 255.0).astype(np.uint8) for item in objects]),
        "vertex_offset": np.cumsum([0, *(len(item.vertices) for item in objects)]),
        "face_offset": np.cumsum([0, *(len(item.faces) for item in objects)]),
        "names": np.array([item.name for item in objects]),
    }


def _quantised(vertices: Floats) -> np.ndarray:
    return np.round((vertices / 2.0 + 0.5) * QUANTUM).astype(np.uint16)


def choose(
    folder: Path, held_out: int = HELD_OUT, generated: int = GENERATED, composed: int = COMPOSED
) -> tuple[list[ColoredMesh], list[ColoredMesh]]:
    """All thinned training meshes, the most diverse first, and the held-out ones."""
    found = {mesh.name: mesh for mesh in meshes.load_folder(folder)}
    found |= {mesh.name: mesh for mesh in islice(dataset.generate_objects(GENERATED_SEED), generated)}
    free = [mesh for mesh in found.values() if not is_held_out(mesh.name)]
    composites = [mesh for mesh in islice(compose(free, GENERATED_SEED), composed) if not is_held_out(mesh.name)]
    found |= {mesh.name: mesh for mesh in composites}
    order = by_diversity(found)
    held = [name for name in order if is_held_out(name)][:held_out]
    trained = [name for name in order if not is_held_out(name)]
    return _thinned(found, trained), _thinned(found, held)


def _thinned(found: dict[str, ColoredMesh], names: list[str]) -> list[ColoredMesh]:
    """The named meshes, thinned; those that cannot be thinned enough are left out."""
    small = (thinned(found[name]) for name in names)
    return [mesh for mesh in small if len(mesh.faces) <= MAX_FACES * TOLERANCE]


def write(path: Path, objects: list[ColoredMesh], held: list[ColoredMesh], megabytes: float = MEGABYTES) -> int:
    """Write as many of `objects` as fit, and all held-out ones; returns how many. Fewer are tried until it fits."""
    count = len(objects)
    while True:
        np.savez_compressed(path, **packed([*objects[:count], *held]))  # type: ignore[arg-type]  # no name is "allow_pickle"
        size = path.stat().st_size / 1e6
        if size <= megabytes:
            return count
        count = int(count * min(megabytes / size, 0.99)) - 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.training.gpu.pack", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--meshes", type=Path, required=True, help="folder of meshes_*.npz or mesh files")
    parser.add_argument("--megabytes", type=float, default=MEGABYTES)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    objects, held = choose(options.meshes)
    count = write(options.out, objects, held, options.megabytes)
    size = options.out.stat().st_size / 1e6
    print(f"{count} of {len(objects)} training meshes and {len(held)} held-out ones, {size:.1f} MB")


if __name__ == "__main__":
    main()
