"""What a photo could do better, said before the job: sentences for the user, each from a measure of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.core.images import WHITE, composite
from ml.photo.decode import Photo

FEW_PIXELS = 256
"""Longer side of the object in the original's pixels below which half of the network's frame is made up."""
LOOKED_AT = 512
"""The object is judged at the size at which the networks see it: a blur that vanishes there does no harm."""
BLURRED = 0.09
"""`sharpness` below which no edge is clear: sharp photos give 0.24 to 0.42, blurred by 8 pixels 0.02 to 0.08."""
SMOOTHED = 2.0
"""Pixels: takes away noise and the steps of 8-bit levels, which look like edges in a soft picture."""
CUT_OFF = 0.04
"""Share of a side of the picture that the object covers when it goes on beyond it; a mere touch covers less."""
SECOND_OBJECT = 0.1
"""A part of at least this share of the largest one is an object of its own."""

SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class Advice:
    """`code`: too_small, blurred, cut_off or several_objects. `sentence`: what is wrong and what to do."""

    code: str
    sentence: str


def advise(photo: Photo, mask: NDArray[np.float32], *, own_transparency: bool = False) -> tuple[Advice, ...]:
    """Advice on `photo` whose object `mask` (H, W) shows; empty for a good photo.

    A picture with `own_transparency` was cut on purpose: what touches its edge is no mistake.
    """
    solid = mask > 0.5
    if not solid.any():
        return ()
    found = [_too_small(photo, solid), _blurred(photo, solid), _several_objects(solid)]
    if not own_transparency:
        found.append(_cut_off(solid))
    return tuple(each for each in found if each is not None)


def _too_small(photo: Photo, solid: NDArray[np.bool_]) -> Advice | None:
    rows, columns = _bounds(solid)
    share = max((rows.stop - rows.start) / solid.shape[0], (columns.stop - columns.start) / solid.shape[1])
    scale = max(photo.original_size) / max(solid.shape)
    long_side = round(max(rows.stop - rows.start, columns.stop - columns.start) * scale)
    if long_side >= FEW_PIXELS:
        return None
    closer = "Go closer, or use a larger photo." if share < 0.6 else "Use a larger photo."
    return Advice("too_small", f"The object is only {long_side} pixels long, so its details are guessed. {closer}")


def _blurred(photo: Photo, solid: NDArray[np.bool_]) -> Advice | None:
    if sharpness(photo, solid) >= BLURRED:
        return None
    return Advice("blurred", "The photo looks blurred. Hold the camera still and let it focus on the object.")


def sharpness(photo: Photo, solid: NDArray[np.bool_]) -> float:
    """Variance of the Laplacian of the object's part of the picture, divided by that of its gradient.

    Method: Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy". An edge that is soft over s
    pixels gives about 1 / s², however strong it is and however many there are, so that a plain object counts as
    sharp as a patterned one. Transparent pixels count as white.
    """
    rows, columns = _bounds(solid)
    grey = Image.fromarray(composite(photo.pixels[rows, columns], WHITE)).convert("L")
    grey.thumbnail((LOOKED_AT, LOOKED_AT), reducing_gap=2.0)
    values = ndimage.gaussian_filter(np.asarray(grey, dtype=np.float32), SMOOTHED)
    slopes = np.stack(np.gradient(values))
    return float(ndimage.laplace(values).var() / max(float(slopes.var()), 1e-3))


def _cut_off(solid: NDArray[np.bool_]) -> Advice | None:
    edges = (solid[:, 0], solid[0], solid[:, -1], solid[-1])
    sides = [name for name, edge in zip(SIDES, edges, strict=True) if float(edge.mean()) > CUT_OFF]
    if not sides:
        return None
    where = " and ".join([", ".join(sides[:-1]), sides[-1]] if len(sides) > 1 else sides)
    return Advice("cut_off", f"The object is cut off at the photo’s edge ({where}). Get all of it into the picture.")


def _several_objects(solid: NDArray[np.bool_]) -> Advice | None:
    parts, _ = ndimage.label(solid)
    areas = np.bincount(parts.ravel())[1:]
    count = int((areas >= SECOND_OBJECT * areas.max()).sum())
    if count == 1:
        return None
    sentence = f"{count} separate objects were found. One model is made of all of them: erase what does not belong."
    return Advice("several_objects", sentence)


def _bounds(solid: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = ndimage.find_objects(solid.astype(np.int8))[0]
    return rows, columns
