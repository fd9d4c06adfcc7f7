"""Advice on a photo before the job: each message follows from something measured in the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.core.images import WHITE, composite
from ml.core.masks import OPAQUE, Mask
from ml.notes import Note, note
from ml.photo.decode import WORKING_SIDE, Photo

MIN_OBJECT_PIXELS = 256
"""Longer side of the object, in pixels of the decoded photo: half of what the networks see (512)."""
MOVE_CLOSER_BELOW = 0.6
"""Fraction of the picture's side: if the object is smaller, moving closer is enough; else the photo itself is small."""
SHARPNESS_SIDE = 512
"""Sharpness is measured at the resolution that the networks see: blur that disappears there does no harm."""
MIN_SHARPNESS = 0.09
"""Below it no edge is clear: sharp photos measure 0.24 to 0.42, photos blurred by 8 pixels 0.02 to 0.08."""
SMOOTHING = 2.0
"""Standard deviation in pixels: removes noise and 8-bit steps, which look like edges in a soft picture."""
MIN_VARIANCE = 1e-3
"""Of the gradient, in 8-bit levels squared: avoids a division by zero in a picture of one colour."""
CUT_OFF = 0.04
"""Fraction of a picture edge covered by an object that continues beyond it; one that merely touches covers less."""
SECOND_OBJECT = 0.1
"""A component of at least this fraction of the largest one's area counts as another object."""

ALL_KEPT = "All will be part of the model. Choose one, or erase any that don’t belong."
EDGES = ("left", "top", "right", "bottom")


def advise(photo: Photo, mask: NDArray[np.float32], *, framed_by_user: bool = False) -> tuple[Note, ...]:
    """Advice on `photo`, given the opacity (H, W) of its object; empty for a good photo.

    With `framed_by_user` the user cut the picture out or chose all of it, so an object that touches its edge is not a
    mistake.
    """
    inside = mask > OPAQUE
    if not inside.any():
        return ()
    found = [_too_small(photo, inside), _blurred(photo, inside), _several_objects(inside)]
    if not framed_by_user:
        found.append(_cut_off(inside))
    return tuple(advice for advice in found if advice is not None)


def _too_small(photo: Photo, inside: Mask) -> Note | None:
    rows, columns = _bounds(inside)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    length = round(max(height, width) * min(max(photo.original_size), WORKING_SIDE) / max(inside.shape))
    if length >= MIN_OBJECT_PIXELS:
        return None
    fraction = max(height / inside.shape[0], width / inside.shape[1])
    remedy = "Move closer, or use a larger photo." if fraction < MOVE_CLOSER_BELOW else "Use a larger photo."
    return note("too_small", length=length, remedy=remedy)


def _blurred(photo: Photo, inside: Mask) -> Note | None:
    if sharpness(photo, inside) >= MIN_SHARPNESS:
        return None
    return note("blurred")


def sharpness(photo: Photo, inside: Mask) -> float:
    """Variance of the Laplacian around the object, divided by the variance of the gradient.

    Method: Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy". An edge that is soft over s
    pixels gives about 1 / s², whatever its contrast and however many edges there are, so a plain object scores the same
    as a patterned one. Transparent pixels count as white.
    """
    rows, columns = _bounds(inside)
    grey = Image.fromarray(composite(photo.pixels[rows, columns], WHITE)).convert("L")
    grey.thumbnail((SHARPNESS_SIDE, SHARPNESS_SIDE), reducing_gap=2.0)
    values = ndimage.gaussian_filter(np.asarray(grey, dtype=np.float32), SMOOTHING)
    gradient = np.stack(np.gradient(values))
    return float(ndimage.laplace(values).var() / max(float(gradient.var()), MIN_VARIANCE))


def _cut_off(inside: Mask) -> Note | None:
    edges = (inside[:, 0], inside[0], inside[:, -1], inside[-1])
    crossed = [name for name, edge in zip(EDGES, edges, strict=True) if float(edge.mean()) > CUT_OFF]
    if not crossed:
        return None
    names = " and ".join([", ".join(crossed[:-1]), crossed[-1]] if len(crossed) > 1 else crossed)
    return note("cut_off", edges=f"{names} edge{'s' if len(crossed) > 1 else ''}")


def _several_objects(inside: Mask) -> Note | None:
    components, _ = ndimage.label(inside)
    areas = np.bincount(components.ravel())[1:]
    count = int((areas >= SECOND_OBJECT * areas.max()).sum())
    return note("several_objects", count=count, outcome=ALL_KEPT) if count > 1 else None


def _bounds(inside: Mask) -> tuple[slice, slice]:
    """Rows and columns of the bounding box."""
    rows, columns = ndimage.find_objects(inside.astype(np.int8))[0]
    return rows, columns
