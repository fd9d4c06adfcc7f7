"""What no photo shows: found on a sample of the surface, while its texture is laid out, and painted at its texels.

A round object has the same colours all around, a symmetric one those of its mirror image; elsewhere the colours around
are continued, with fine detail like that of the photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.texture import detail, mirror, projection, revolution, unobserved
from ml.texture.projection import FULL_CONFIDENCE, Projector
from ml.texture.surface import Surface
from ml.texture.unobserved import Continued, Patches

SAMPLES = 100_000
"""Points of the surface: about fifteen for each patch."""


@dataclass(frozen=True)
class Continuation:
    """How a surface continues that the photos of `projectors` show in part.

    `axis`, `plane`: of a round and of a symmetric object; `patches` of the surface; `continued`: the colours around
    what is hidden, None for too little; `texture`: the photo's fine detail, None without any.
    """

    projectors: Sequence[Projector]
    patches: Patches
    axis: revolution.Axis | None
    plane: mirror.Plane | None
    continued: Continued | None = None
    texture: detail.Source | None = None


def find(
    sample: Surface, projectors: Sequence[Projector], mirror_planes: Floats | None, *, detailed: bool = True
) -> Continuation:
    """How a surface continues of which points are given, about SAMPLES of them.

    `mirror_planes`: how probable they are, as in `VolumeScene`. `detailed`: with fine detail.
    """
    shown, confidence = observed(projectors, sample)
    patches = unobserved.divide(sample.points, sample.normals, shown, confidence)
    axis = revolution.find(patches)
    if axis is not None and axis.confidence == 1.0:
        return Continuation(projectors, patches, axis, None)
    plane = mirror.find(patches, projectors[0].camera.axes()[2].numpy(), mirror_planes)
    known = patches if plane is None else _with_mirror_image(plane, patches, projectors, sample, shown, confidence)
    texture = detail.find(projectors[0]) if detailed else None
    return Continuation(projectors, patches, axis, plane, unobserved.continued(known), texture)


def _with_mirror_image(
    plane: mirror.Plane,
    patches: Patches,
    projectors: Sequence[Projector],
    sample: Surface,
    shown: Floats,
    confidence: Floats,
) -> Patches:
    """The patches where the mirror image of what the photos show counts as shown, too."""
    mirrored, certain = mirror.colors(plane, patches, projectors, sample.points, sample.normals)
    weight, known = np.maximum(certain * (1.0 - confidence), 1e-6)[:, None], confidence[:, None]
    both = (shown * known + mirrored * weight) / (known + weight)
    return unobserved.divide(sample.points, sample.normals, both, np.maximum(confidence, certain))


def observed(projectors: Sequence[Projector], shown: Surface) -> tuple[Floats, Floats]:
    """Colours (N, 3) that the photos show of the surface's points, with the confidence (N,) in them."""
    return projection.blend([projection.observe(each, shown.points, shown.normals) for each in projectors])


def colors(
    continuation: Continuation, whole: Surface, shown: Floats, confidence: Floats, unseen: NDArray[np.bool_]
) -> Floats | None:
    """(M, 3) colours of the M `unseen` (N,) points of a surface; None where too little is observed.

    Of all N points the photos show colours `shown` (N, 3) with `confidence` (N,).
    """
    axis = continuation.axis
    if axis is None:
        return _mirrored(continuation, whole.part(unseen), confidence[unseen])
    around = revolution.colors(axis, whole.points, whole.normals, shown, confidence)[unseen]
    if axis.confidence == 1.0:
        return around
    mirrored = _mirrored(continuation, whole.part(unseen), confidence[unseen])
    return around if mirrored is None else mirrored + np.float32(axis.confidence) * (around - mirrored)


def _mirrored(continuation: Continuation, hidden: Surface, confidence: Floats) -> Floats | None:
    """(M, 3) colours of mirror images as far as these are certain, else continued; None for too little."""
    plane = continuation.plane
    if continuation.continued is None:
        return None
    if plane is None:
        return _continued(continuation.continued, continuation.texture, hidden, confidence)
    mirrored, certain = mirror.colors(
        plane, continuation.patches, continuation.projectors, hidden.points, hidden.normals
    )
    known = np.maximum(confidence, certain)
    rest = _continued(continuation.continued, continuation.texture, hidden, known)
    return certain[:, None] * mirrored + (1.0 - certain[:, None]) * rest


def _continued(continued: Continued, texture: detail.Source | None, hidden: Surface, confidence: Floats) -> Floats:
    """(M, 3) continued colours, with fine detail where other colours have too little confidence."""
    found = hidden.interpolate(continued.at(hidden.mesh.vertices, hidden.mesh.normals))
    if texture is not None:
        plain = confidence < FULL_CONFIDENCE
        found[plain] = detail.add(texture, found[plain], hidden.points[plain], hidden.normals[plain])
    return found
