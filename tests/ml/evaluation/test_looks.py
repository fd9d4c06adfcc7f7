"""The figures of looks: each is best for the truth itself, and notices the fault that it is there for."""

from __future__ import annotations

import numpy as np
import trimesh

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.engines.compact.network import CompactNetwork
from ml.evaluation import flatness, looks, similarity, topology, true_colors
from ml.evaluation.looks import PaintedObject
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh
from ml.texture.bake import bake
from ml.training import shapes
from tests.ml.evaluation.conftest import OBJECT, VIEW
from tests.ml.scenes import RED, AnalyticScene, Part


def torus() -> trimesh.Trimesh:
    mesh: trimesh.Trimesh = trimesh.creation.torus(major_radius=0.7, minor_radius=0.2)
    return mesh


def noise(seed: int) -> Floats:
    return np.random.default_rng(seed).random((64, 64)).astype(np.float32)


def painted() -> PaintedObject:
    return looks.paint(shapes.generate(OBJECT), VIEW)


def test_a_picture_is_most_similar_to_itself() -> None:
    view, other = (picture for _, picture in zip(range(2), looks.true_views(painted()), strict=False))
    network = CompactNetwork().eval()
    same, different = similarity.compare(network, view, view), similarity.compare(network, view, other)
    assert same.ssim > 0.999 > different.ssim
    assert same.perceptual < 1e-5 < different.perceptual
    assert same.psnr > different.psnr


def test_the_detail_of_a_mirrored_front_correlates_and_other_detail_does_not() -> None:
    assert looks._detail_correlation(noise(1), noise(1)) > 0.999
    assert abs(looks._detail_correlation(noise(1), noise(2))) < 0.1


def test_the_photo_shows_the_true_front() -> None:
    example = painted()
    front, _ = looks._true_front_and_back(example, 64)
    covered = example.cutout.alpha[4::8, 4::8] > 0.5
    assert (np.isfinite(front) == covered).mean() > 0.97


def test_the_tunnel_of_a_torus_is_counted() -> None:
    mesh = torus()
    assert topology.genus(mesh.faces.astype(np.int32)) == 1
    assert topology.true_genus(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int64)) == 1


def test_a_short_leg_shows_in_the_stance() -> None:
    legs = [trimesh.creation.box((0.1, 0.1, 1.0 - 0.1 * (x > 0))) for x in (-0.4, 0.4)]
    for leg, x in zip(legs, (-0.4, 0.4), strict=True):
        leg.apply_translation((x, 0.0, -leg.bounds[1, 2]))
    table = trimesh.util.concatenate(legs)
    assert isinstance(table, trimesh.Trimesh)
    measured = topology.measure(np.asarray(table.vertices, np.float32), np.asarray(table.faces, np.int32))
    assert measured.feet == 2
    assert abs(measured.stance - 0.1) < 1e-3


def test_a_bent_face_is_not_flat() -> None:
    box: trimesh.Trimesh = trimesh.creation.box((0.8, 0.8, 0.8)).subdivide_to_size(0.1)
    vertices, faces = np.asarray(box.vertices, np.float32), np.asarray(box.faces, np.int32)
    bent = vertices.copy()
    bent[:, 0] -= vertices[:, 1] ** 2
    front = np.array([[1.0, 0.0, 0.0]], np.float32)
    flat, curved = (
        flatness.flat_fraction(Mesh(points, faces, vertex_normals(points, faces)), Camera(), front)
        for points in (vertices, bent)
    )
    assert flat > 0.98
    assert curved < 0.5


def test_the_true_shape_in_the_true_colours_looks_like_the_truth() -> None:
    example, network = painted(), CompactNetwork().eval()
    vertices, faces = example.turned(), example.mesh.faces.astype(np.int32)
    mesh = Mesh(vertices, faces, vertex_normals(vertices, faces))
    red = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (2.0, 2.0, 2.0), RED),))
    plain = bake(mesh, red, [], 256, method="box")
    ideal = true_colors.painted(plain, vertices, example.mesh.faces, example.albedo)
    truth = next(looks.true_views(example))
    scores = [similarity.compare(network, next(looks.model_views(model)), truth).ssim for model in (plain, ideal)]
    assert scores[0] < 0.8 < 0.9 < scores[1]
