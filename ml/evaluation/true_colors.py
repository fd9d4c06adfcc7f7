"""How good a model could look with its shape as it is: painted in the true colours of the nearest true points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from ml.core.images import Floats
from ml.evaluation import score
from ml.mesh.geometry import face_areas_and_normals
from ml.texture import bake, rasterize
from ml.texture.bake import TexturedMesh

SAMPLES = 200_000
"""Points of the true surface: about four for each texel of a texture of 512 pixels."""

Albedo = Callable[[np.ndarray, Floats], Floats]
"""(N,) faces and (N, 3) barycentric weights -> (N, 3) sRGB in [0, 1]."""


def painted(model: TexturedMesh, vertices: Floats, faces: np.ndarray, albedo: Albedo) -> TexturedMesh:
    """The model in the colours of the true object (`vertices` (V, 3) in the model's orientation, longest side 2)."""
    rng, size = np.random.default_rng(0), len(model.texture)
    areas = face_areas_and_normals(vertices.astype(np.float32), faces)[0]
    face = rng.choice(len(faces), SAMPLES, p=areas / areas.sum())
    weights = rng.dirichlet((1.0, 1.0, 1.0), SAMPLES).astype(np.float32)
    tree = cKDTree(np.einsum("nk,nkc->nc", weights, vertices[faces[face]]))
    coverage = rasterize.rasterize(model.uv[model.mesh.faces] * size, size)
    texels = coverage.interpolate(score.normalized(model.mesh.vertices), model.mesh.faces)
    colors = albedo(face, weights)[tree.query(texels)[1]]
    return replace(model, texture=bake.fill_texture(coverage.pixel, colors, size))
