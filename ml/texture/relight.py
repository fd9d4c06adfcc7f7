"""Base colours from a lit photo: shading, highlights and cast shadows taken out as far as one picture allows.

The logarithm of the brightness is the sum of a material's and of the light's. A small network tells what the light adds
(`ml.texture.shading_network`); the materials are a few clusters of the colours that are left (as in Shen and Yeo,
"Intrinsic images decomposition using a local and global sparse representation of reflectance", CVPR 2011). What remains
far brighter or darker than its material is a highlight or a shadow, and is reduced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.camera import Camera
from ml.core.images import Floats, from_linear, to_bytes, to_linear
from ml.core.masks import Mask, iou, nearest_index
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import camera_rays
from ml.photo.posed_photo import PosedPhoto
from ml.texture import shading_network
from ml.texture.materials import nearest, squared_distances
from ml.texture.projection import MIN_SILHOUETTE_IOU, OPAQUE

SIZE = shading_network.PICTURE
"""Side in pixels of the pictures in which the light is looked for."""
MIN_PIXELS = 100
"""Fewer pixels of the object say too little about the light."""
MATERIALS = 3
"""Clusters of colour. With more of them, each patch of light becomes a material of its own. On 16 training meshes 2, 3,
4, 5 and 6 left albedo errors of 0.218, 0.202, 0.222, 0.224 and 0.235, with the light fitted as spherical harmonics."""
HUE_WEIGHT, BRIGHTNESS_WEIGHT = 3.0, 0.3
"""Weights of chromaticity and log brightness when colours are clustered: light changes brightness far more."""
CLUSTER_ROUNDS = 8
"""Steps of k-means."""
MAX_SHADING = 1.5
"""Largest change of log brightness by the light: a factor of 4.5."""
TOLERANCE = 0.2
"""Log brightness by which a pixel may differ from its material without counting as a highlight or a shadow."""
HIGHLIGHT_KEPT, SHADOW_KEPT = 0.3, 0.5
"""Fractions of what exceeds the tolerance that are kept: a mark of the material's own may look like light."""
FOREIGN = 0.7
"""Log brightness beyond the tolerance (a factor of 2) above which less is removed, and at twice which nothing is: what
differs so much has a colour of its own that no cluster has, such as a white window of a model with black parts."""
DARKEST = 2e-3
"""Linear brightness below which noise dominates the logarithm."""


@dataclass(frozen=True)
class Materials:
    """`centers` (K, 4): chromaticity and log brightness, weighted; `brightness` (K,): their median log brightness."""

    centers: NDArray[np.float64]
    brightness: NDArray[np.float64]

    def excess(self, color: Floats, shading: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) log brightness of highlights and shadows to be removed from linear colours (N, 3)."""
        label = nearest(_features(color, shading), self.centers)
        residual = _log_brightness(color) - shading - self.brightness[label]
        high, low = (residual - TOLERANCE).clip(0.0), (residual + TOLERANCE).clip(None, 0.0)
        return _tapered(high) * (1.0 - HIGHLIGHT_KEPT) + _tapered(low) * (1.0 - SHADOW_KEPT)


def _tapered(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unchanged up to FOREIGN, 0 from twice that on."""
    return np.asarray(excess * (2.0 - np.abs(excess) / FOREIGN).clip(0.0, 1.0))


@dataclass(frozen=True)
class LitPicture:
    """A small picture of the object in linear light and what lights it, SIZE pixels a side.

    `color` (S, S, 3) linear; `normals` (S, S, 3) canonical unit normals and `shading` (S, S), the log brightness that
    the light adds, both continued beyond the object; `change` (C, C, 2) as in `shading_network.Shading`; `fitted`
    (S, S), the pixels where photo and mesh both show the object.
    """

    materials: Materials
    color: Floats
    normals: Floats
    shading: NDArray[np.float64]
    change: Floats
    fitted: Mask


def measure(mesh: Mesh, photo: PosedPhoto) -> LitPicture | None:
    """The light in the photo of `mesh`; None where the two do not match."""
    normals, covered = _normal_map(mesh, photo.camera)
    color, opacity = _reduced(photo.cutout.rgba)
    shown, fitted = opacity > 0.5, covered & (opacity > OPAQUE)
    if int(fitted.sum()) < MIN_PIXELS or iou(covered, shown) < MIN_SILHOUETTE_IOU:
        return None
    seen = shading_network.predict(color, shown, normals * fitted[..., None] @ photo.camera.axes().numpy().T)
    log = seen.log.astype(np.float64)
    shading = (log - np.median(log[fitted])).clip(-MAX_SHADING, MAX_SHADING)[nearest_index(shown)]
    materials = _materials(color[fitted], shading[fitted])
    return LitPicture(materials, color, normals[nearest_index(covered)], shading, seen.change, fitted)


def _reduced(rgba: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """(SIZE, SIZE, 3) linear colours of the object, whatever the colours of transparent pixels, and its opacity."""
    values = rgba.astype(np.float32) / np.float32(255.0)
    values[..., :3] *= values[..., 3:]
    small = cv2.resize(values, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    opacity = np.asarray(small[..., 3], np.float32)
    return to_linear(small[..., :3] / np.maximum(opacity, np.float32(1e-3))[..., None]), opacity


def relight(mesh: Mesh, photo: PosedPhoto) -> PosedPhoto:
    """The photo of `mesh` with base colours instead of lit ones; unchanged where the two do not match."""
    return without_light(photo, measure(mesh, photo))


def without_light(photo: PosedPhoto, lit: LitPicture | None) -> PosedPhoto:
    """The photo with base colours instead of lit ones; unchanged if its light is not known."""
    if lit is None:
        return photo
    size = photo.cutout.rgba.shape[:2][::-1]
    full = np.asarray(cv2.resize(lit.shading, size, interpolation=cv2.INTER_LINEAR), np.float64)
    rgba = np.dstack([_without(lit.materials, photo.cutout.rgba, full), photo.cutout.rgba[..., 3]])
    return replace(photo, cutout=replace(photo.cutout, rgba=rgba))


def _without(materials: Materials, rgba: NDArray[np.uint8], shading: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(S, S, 3) the picture without light, as bright as before in the median of the object."""
    color = to_linear(rgba[..., :3].reshape(-1, 3) / 255.0)
    flat = shading.ravel()
    base = color * np.exp(-flat - materials.excess(color, flat))[:, None]
    inside = rgba[..., 3].ravel() > OPAQUE * 255.0
    gain = np.median(color[inside].mean(axis=1)) / max(float(np.median(base[inside].mean(axis=1))), DARKEST)
    return to_bytes(from_linear((base * gain).clip(0.0, 1.0))).reshape(rgba.shape[0], rgba.shape[1], 3)


def _materials(color: Floats, shading: NDArray[np.float64]) -> Materials:
    """The materials of N pixels: linear colours (N, 3) and their shading (N,)."""
    features = _features(color, shading)
    label = nearest(features, _cluster(features))
    own, numbers = _log_brightness(color) - shading, np.unique(label)
    centers = np.stack([features[label == number].mean(axis=0) for number in numbers])
    return Materials(centers, np.array([np.median(own[label == number]) for number in numbers]))


def _cluster(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """(MATERIALS, C) centres of (N, C) features by k-means; the first ones are far apart, as in k-means++."""
    centers = features[((features - np.median(features, axis=0)) ** 2).sum(axis=1).argmin()][None]
    while len(centers) < MATERIALS:
        reached = np.cumsum(squared_distances(features, centers).min(axis=1))
        chosen = min(int(np.searchsorted(reached, reached[-1] / 2.0)), len(features) - 1)
        centers = np.concatenate([centers, features[chosen][None]])
    for _ in range(CLUSTER_ROUNDS):
        label = nearest(features, centers)
        own = [features[label == number] for number in range(MATERIALS)]
        centers = np.stack([rows.mean(axis=0) if len(rows) else old for rows, old in zip(own, centers, strict=True)])
    return np.asarray(centers)


def _features(color: Floats, shading: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) what colours are clustered by: chromaticity, and the brightness without the light's part."""
    bright = np.maximum(color, DARKEST)
    chromaticity = bright / bright.sum(axis=1, keepdims=True)
    return np.column_stack([chromaticity * HUE_WEIGHT, (_log_brightness(color) - shading) * BRIGHTNESS_WEIGHT])


def _log_brightness(color: Floats) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(color, DARKEST).mean(axis=1)), np.float64)


def _normal_map(mesh: Mesh, camera: Camera) -> tuple[Floats, Mask]:
    """(SIZE, SIZE, 3) unit normals that the photo shows, and where it shows any."""
    hits = mesh.caster.first_hits(*camera_rays(camera, SIZE))
    covered = hits.face >= 0
    normals = np.zeros((SIZE * SIZE, 3), np.float32)
    corners = mesh.normals[mesh.faces[hits.face[covered]]]
    normals[covered] = np.einsum("nk,nkc->nc", hits.weights[covered], corners)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    return normals.reshape(SIZE, SIZE, 3), covered.reshape(SIZE, SIZE)
