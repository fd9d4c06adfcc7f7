"""Render the sample pictures that the site offers: toys on a softly lit table, ray traced from primitives.

`python -m scripts.sample_picture [NAME …]` writes them to `static/samples/`; nothing in them is random.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays

SAMPLES = Path(__file__).resolve().parent.parent / "static" / "samples"
SIDE, SUPERSAMPLING = 480, 2
"""Pixels of a picture's side, and rays per pixel in each direction."""
CAMERA = Camera(elevation=20.0, azimuth=34.0, distance=2.15)
TABLE = -0.40
"""Height of the table top in canonical units."""

RED, BLUE, YELLOW = (0.55, 0.03, 0.025), (0.04, 0.10, 0.35), (0.80, 0.48, 0.05)
CREAM, BLACK, WOOD = (0.75, 0.66, 0.48), (0.03, 0.03, 0.035), (0.42, 0.45, 0.44)
"""Linear RGB."""
SUN = np.array([0.75, -0.25, 0.85], np.float32)
"""Direction towards the sun."""
SHADOW_RAYS, SKY_RAYS = 24, 40
SUN_SPREAD = 0.10
"""Standard deviation of the shadow rays' directions: how soft shadows are."""
SKY_REACH = 0.8
"""Distance up to which other surfaces hide the sky, in canonical units."""
SURFACE_OFFSET = 1e-3
"""Distance from the surface at which shadow and sky rays start."""
GLOSS = 40
"""Exponent of the highlight (Phong)."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Toy:
    """All parts as one mesh, with a linear colour for each face (F, 3)."""

    mesh: Mesh
    colors: Floats


def box(size: Triple, at: Triple) -> trimesh.Trimesh:
    """A box of full extents `size` around `at`."""
    return _moved(trimesh.creation.box(size), at)


def cylinder(radius: float, length: float, axis: str, at: Triple) -> trimesh.Trimesh:
    """A cylinder around `at`, its length along `axis` (x, y or z)."""
    mesh = trimesh.creation.cylinder(radius, length, sections=96)
    around = {"x": (0, 1, 0), "y": (1, 0, 0)}
    if axis in around:
        rotation = trimesh.transformations.rotation_matrix(np.pi / 2, around[axis])  # type: ignore[no-untyped-call]
        mesh.apply_transform(rotation)
    return _moved(mesh, at)


def ball(radius: float, at: Triple) -> trimesh.Trimesh:
    """A ball around `at`."""
    return _moved(trimesh.creation.icosphere(subdivisions=5, radius=radius), at)


def _moved(mesh: trimesh.Trimesh, at: Triple) -> trimesh.Trimesh:
    mesh.apply_translation(at)
    return mesh


def locomotive() -> Toy:
    """Boiler towards +y, cab at the back, three wheels on each side, on the table."""
    parts = [
        (box((0.36, 1.02, 0.09), (0, 0, -0.19)), BLUE),
        (cylinder(0.17, 0.62, "y", (0, 0.16, 0.0)), RED),
        (cylinder(0.175, 0.03, "y", (0, 0.02, 0.0)), YELLOW),
        (cylinder(0.175, 0.03, "y", (0, 0.30, 0.0)), YELLOW),
        (cylinder(0.13, 0.04, "y", (0, 0.48, 0.0)), BLACK),
        (cylinder(0.055, 0.22, "z", (0, 0.34, 0.24)), BLACK),
        (cylinder(0.08, 0.05, "z", (0, 0.34, 0.36)), BLACK),
        (ball(0.09, (0, 0.08, 0.16)), YELLOW),
        (box((0.34, 0.34, 0.40), (0, -0.31, 0.05)), BLUE),
        (box((0.345, 0.20, 0.15), (0, -0.31, 0.12)), CREAM),
        (box((0.42, 0.44, 0.05), (0, -0.31, 0.275)), RED),
        (box((0.40, 0.06, 0.08), (0, 0.53, -0.20)), RED),
    ]
    for side in (-1, 1):
        for y in (-0.33, 0.02, 0.33):
            parts.append((cylinder(0.135, 0.06, "x", (0.20 * side, y, TABLE + 0.135)), RED))
            parts.append((cylinder(0.045, 0.08, "x", (0.205 * side, y, TABLE + 0.135)), YELLOW))
    return _joined(parts)


def lathe(profile: list[tuple[float, float]], at: Triple = (0, 0, 0)) -> trimesh.Trimesh:
    """A profile of (radius, height) points revolved around the vertical axis through `at`."""
    return _moved(trimesh.creation.revolve(profile, sections=96), at)


def lighthouse() -> Toy:
    """A striped tower on a rock, with a gallery, a lamp and a pointed roof."""
    stripes, radius = [-0.24, -0.10, 0.04, 0.18, 0.32], (0.205, 0.185, 0.165, 0.145, 0.125)
    parts = [
        (lathe([(0, TABLE), (0.36, TABLE), (0.34, -0.31), (0.25, -0.24), (0, -0.24)]), (0.16, 0.17, 0.19)),
        (box((0.10, 0.12, 0.16), (0.19, 0, -0.16)), BLUE),
        (lathe([(0, 0.32), (0.19, 0.32), (0.19, 0.36), (0, 0.36)]), BLACK),
        (cylinder(0.085, 0.14, "z", (0, 0, 0.43)), YELLOW),
        (lathe([(0, 0.50), (0.15, 0.50), (0.03, 0.62), (0, 0.66)]), RED),
        (ball(0.03, (0, 0, 0.67)), YELLOW),
    ]
    for index, (low, high) in enumerate(pairwise(stripes)):
        ring = [(0, low), (radius[index], low), (radius[index + 1], high), (0, high)]
        parts.append((lathe(ring), CREAM if index % 2 else RED))
    return _joined(parts)


def robot() -> Toy:
    """A square head with an aerial, two arms with balls for hands, and broad feet."""
    steel, dark = (0.30, 0.42, 0.46), (0.09, 0.10, 0.12)
    parts = [
        (box((0.30, 0.44, 0.36), (0, 0, 0.02)), steel),
        (box((0.03, 0.26, 0.18), (0.155, 0, 0.03)), CREAM),
        (cylinder(0.045, 0.03, "x", (0.175, -0.06, 0.05)), RED),
        (cylinder(0.045, 0.03, "x", (0.175, 0.06, 0.05)), YELLOW),
        (cylinder(0.07, 0.06, "z", (0, 0, 0.22)), dark),
        (box((0.26, 0.34, 0.24), (0, 0, 0.36)), BLUE),
        (ball(0.055, (0.12, -0.08, 0.38)), CREAM),
        (ball(0.055, (0.12, 0.08, 0.38)), CREAM),
        (ball(0.026, (0.165, -0.08, 0.38)), BLACK),
        (ball(0.026, (0.165, 0.08, 0.38)), BLACK),
        (cylinder(0.014, 0.14, "z", (0, 0, 0.54)), dark),
        (ball(0.04, (0, 0, 0.62)), RED),
    ]
    for side in (-1, 1):
        parts.append((cylinder(0.055, 0.10, "y", (0, 0.26 * side, 0.13)), dark))
        parts.append((cylinder(0.05, 0.26, "z", (0, 0.30 * side, 0.0)), BLUE))
        parts.append((ball(0.075, (0, 0.30 * side, -0.16)), RED))
        parts.append((cylinder(0.06, 0.16, "z", (0, 0.11 * side, -0.23)), dark))
        parts.append((box((0.30, 0.17, 0.10), (0.04, 0.11 * side, TABLE + 0.05)), RED))
    return _joined(parts)


TOYS = {"locomotive.webp": locomotive, "lighthouse.webp": lighthouse, "robot.webp": robot}
"""File names of the samples, and what they show."""


def _joined(parts: list[tuple[trimesh.Trimesh, Triple]]) -> Toy:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh, _ in parts)])
    vertices = np.concatenate([mesh.vertices for mesh, _ in parts]).astype(np.float32)
    faces = np.concatenate([mesh.faces + start for (mesh, _), start in zip(parts, starts, strict=False)])
    faces = faces.astype(np.int32)
    colors = np.concatenate([np.tile(np.array(color, np.float32), (len(mesh.faces), 1)) for mesh, color in parts])
    return Toy(Mesh(vertices, faces, vertex_normals(vertices, faces)), colors)


def picture(toy: Toy, camera: Camera, side: int) -> NDArray[np.uint8]:
    """(side, side, 3) uint8 sRGB: sun with soft shadows, and a sky with ambient occlusion."""
    size = side * SUPERSAMPLING
    random = np.random.default_rng(7)
    caster = Caster(toy.mesh.vertices, toy.mesh.faces)
    origins, directions = camera_rays(camera, size)
    points, normals, colors = _hit_surface(toy, caster, origins, directions)
    start = points + SURFACE_OFFSET * normals
    sun = SUN / np.linalg.norm(SUN)
    lit = np.maximum(normals @ sun, 0.0) * _sunlight(caster, start, sun, random)
    highlight = np.maximum(_reflected(directions, normals) @ sun, 0.0) ** GLOSS * (
        points[:, 2] > TABLE + SURFACE_OFFSET
    )
    light = (
        colors * (0.85 * lit + 0.50 * _sky(caster, start, normals, random))[:, None] + 0.20 * (highlight * lit)[:, None]
    )
    fine = light.reshape(side, SUPERSAMPLING, side, SUPERSAMPLING, 3).mean(axis=(1, 3))
    return np.asarray((_srgb(fine.clip(0.0, 1.0)) * 255.0).round(), dtype=np.uint8)


def _hit_surface(toy: Toy, caster: Caster, origins: Floats, directions: Floats) -> tuple[Floats, Floats, Floats]:
    """Point, normal and colour that each ray hits: the toy, or else the table, darker away from its middle."""
    hits = caster.first_hits(origins, directions)
    first, second, third = (toy.mesh.vertices[toy.mesh.faces[:, corner]] for corner in range(3))
    flat = np.cross(second - first, third - first)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    on_table = (TABLE - origins[:, 2]) / directions[:, 2]
    missed = hits.face < 0
    points = origins + directions * np.where(missed, on_table, hits.distance)[:, None]
    normals = np.where(missed[:, None], np.array([0, 0, 1], np.float32), flat[hits.face])
    away = (points[:, :2] ** 2).sum(axis=1, keepdims=True)
    fading = 0.55 + 0.45 * np.exp(-0.08 * away)
    colors = np.where(missed[:, None], np.array(WOOD, np.float32) * fading, toy.colors[hits.face])
    return points.astype(np.float32), normals.astype(np.float32), colors.astype(np.float32)


def _sunlight(caster: Caster, start: Floats, sun: Floats, random: np.random.Generator) -> Floats:
    """(N,) fraction of the sun's disc that each point sees."""
    visible = np.zeros(len(start), np.float32)
    for _ in range(SHADOW_RAYS):
        towards = sun + SUN_SPREAD * random.standard_normal((len(start), 3)).astype(np.float32)
        visible += caster.first_hits(start, towards / np.linalg.norm(towards, axis=1, keepdims=True)).face < 0
    return np.asarray(visible / SHADOW_RAYS, np.float32)


def _sky(caster: Caster, start: Floats, normals: Floats, random: np.random.Generator) -> Floats:
    """(N,) cosine-weighted fraction of the hemisphere above each point that no surface nearby hides."""
    visible = np.zeros(len(start), np.float32)
    for _ in range(SKY_RAYS):
        offset = random.standard_normal((len(start), 3)).astype(np.float32)
        towards = normals + 0.98 * offset / np.linalg.norm(offset, axis=1, keepdims=True)
        hits = caster.first_hits(start, towards / np.linalg.norm(towards, axis=1, keepdims=True))
        visible += (hits.face < 0) | (hits.distance > SKY_REACH)
    return np.asarray(visible / SKY_RAYS, np.float32)


def _reflected(directions: Floats, normals: Floats) -> Floats:
    along = np.einsum("nc,nc->n", directions, normals)[:, None]
    return np.asarray(directions - 2.0 * along * normals, dtype=np.float32)


def _srgb(linear: Floats) -> Floats:
    """Linear light to sRGB (IEC 61966-2-1)."""
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(curved, dtype=np.float32)


def write(name: str, folder: Path) -> Path:
    """Render one of TOYS into `folder`."""
    out = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    rendered = Image.fromarray(picture(TOYS[name](), CAMERA, SIDE))
    rendered.save(out, optimize=True) if out.suffix == ".png" else rendered.save(out, quality=90, method=6)
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.sample_picture", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(TOYS), metavar="NAME", help=f"one of {', '.join(TOYS)}")
    parser.add_argument("--out", type=Path, default=SAMPLES, help="folder")
    arguments = parser.parse_args()
    for name in arguments.names:
        out = write(name, arguments.out)
        print(f"{out}: {out.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
