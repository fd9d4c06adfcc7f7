"""What the writers of the formats share: the finished model, and what more than one of them derives from it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core import frames
from ml.core.frames import Placement
from ml.core.images import Floats, bilinear
from ml.mesh.geometry import weld
from ml.mesh.mesh import Mesh
from ml.texture.bake import TexturedMesh
from ml.texture.roughness import MATTE

JPEG_QUALITY = 90
"""Of texture and normal map in GLB and USDZ. Colour is not subsampled: a texture has hard edges between charts."""


@dataclass(frozen=True)
class ClosedMesh:
    """The mesh without its seams: `vertices` (V, 3) canonical, `colors` (V, 3) uint8 sRGB, `faces` (F, 3)."""

    vertices: NDArray[np.float32]
    colors: NDArray[np.uint8]
    faces: NDArray[np.int32]


@dataclass(frozen=True)
class Finish:
    """How the surface looks: its colours as a JPEG file, a normal map as another one, if there is one, and glTF's
    roughness."""

    jpeg: bytes
    normals_jpeg: bytes | None = None
    roughness: float = MATTE


@dataclass(frozen=True, eq=False)
class ExportModel:
    """A textured mesh (canonical frame), how it stands in the files, and `extras` for formats that carry metadata."""

    textured: TexturedMesh
    placement: Placement
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def mesh(self) -> Mesh:
        """The mesh, split at the texture's seams."""
        return self.textured.mesh

    def metres(self, vertices: Floats) -> Floats:
        """(N, 3) canonical positions for GLB, OBJ and USDZ: metres, y up, the photo's side +z."""
        return frames.to_y_up(self.placement.to_mm(vertices) / np.float32(1000.0))

    def millimetres(self, vertices: Floats) -> Floats:
        """(N, 3) canonical positions for STL, 3MF and PLY: millimetres, z up, the photo's side -y."""
        return frames.to_z_up(self.placement.to_mm(vertices))

    @cached_property
    def finish(self) -> Finish:
        """The pictures on the surface, encoded once for all formats."""
        textured = self.textured
        normals = None if textured.normal_map is None else _jpeg(textured.normal_map)
        return Finish(_jpeg(textured.texture), normals, textured.roughness)

    @cached_property
    def closed(self) -> ClosedMesh:
        """Vertices at the same position merged; each takes the mean of the texture's colours around its seam."""
        mesh, texture = self.mesh, self.textured.texture
        first, merged = weld(mesh.vertices)
        texel = self.textured.uv * texture.shape[0] - 0.5
        sampled = bilinear(texture, texel[:, 0], texel[:, 1])
        count = np.bincount(merged, minlength=len(first))
        summed = [np.bincount(merged, sampled[:, channel], len(first)) for channel in range(3)]
        colors = (np.stack(summed, axis=1) / count[:, None]).round().clip(0, 255).astype(np.uint8)
        return ClosedMesh(mesh.vertices[first], colors, merged[mesh.faces].astype(np.int32))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return encoded.getvalue()
