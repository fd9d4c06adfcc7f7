"""Stage `cutout`: the object alone, centred in a square frame, and where that frame was in the photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.core.images import GREY, WHITE, composite
from ml.core.masks import OPAQUE, iou
from ml.errors import ReconstructionError
from ml.notes import Note, note
from ml.photo import background_removal
from ml.photo.advice import advise
from ml.photo.decode import Photo
from ml.recipe import Recipe

SIZE = 512
"""Side of every cutout in pixels: the input resolution of the networks."""

MIN_TRANSPARENT = 0.03
"""Fraction of transparent pixels above which the transparency is intended; a screenshot's rounded corners have less."""
CERTAIN, FAINT = 0.9, 0.1
"""Opacity above which a pixel certainly belongs to the object, or may belong to it."""
MIN_COVERAGE = 0.005
"""Fraction of the picture: anything smaller is not a subject."""
MAX_COVERAGE = 0.97
"""Fraction of the picture: an object that fills more does not stand out from any background."""
MAX_UNCERTAIN = 2.0
"""Uncertain pixels per certain one above which no object was found: spokes give 0.4, noise gives 5 and more."""
MIN_CONTRAST = 4.0
"""Standard deviation of a channel, in 8-bit levels, below which a picture is blank."""
MIN_COMPONENT = 0.01
"""A component with less than this fraction of the largest one's area is removed."""
ZOOM_BELOW = 0.7
"""An object shorter than this fraction of the picture's longer side is segmented again from a crop around it."""
ZOOM_MARGIN = (6, 8)
"""Margin around that crop: the object's longer side divided by 6, plus 8 pixels."""
MIN_ZOOM_IOU = 0.8
"""The second mask replaces the first only if it still shows the same object."""
MIN_FRAME = 8
"""Smallest frame in pixels, for objects of a few pixels."""
SOLID_ALPHA = 230
"""Alpha (0 to 255) above which a pixel has no background mixed into its colour..."""
FRINGE = 2
"""...unless it is within this many pixels of one that has."""
THIN = 4
"""A part further than this many pixels from any fringe-free pixel is too thin to have one."""

TRANSPARENCY, WHOLE = "transparency", "none"
"""The methods of a cutout that uses the photo's own alpha, and of one that is the whole picture."""


@dataclass(frozen=True)
class Cutout:
    """The object without its background, centred; its longer side fills `foreground_ratio` of the frame.

    `rgba`: (512, 512, 4) uint8, straight alpha, sRGB; the colours extend beyond the silhouette.
    `box`: left, top, right, bottom of the frame in pixels of the upright photo; it may extend beyond the picture.
    `method`: "transparency", "rembg:<model>", "grabcut" or "none".
    `notes`: on the photo and its cutout, for the user.
    """

    rgba: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    method: str
    notes: tuple[Note, ...] = ()

    @property
    def alpha(self) -> NDArray[np.float32]:
        """(512, 512) float32 opacity in [0, 1]."""
        return self.rgba[..., 3].astype(np.float32) / 255.0

    def on_grey(self) -> NDArray[np.uint8]:
        """(512, 512, 3) uint8: the object on middle grey, as the networks were trained and as input.png shows it."""
        return composite(self.rgba, GREY)


def cut(
    photo: Photo,
    *,
    remove_background: bool = True,
    foreground_ratio: float = Recipe.foreground_ratio,
    model: str | None = None,
) -> Cutout:
    """Cut the object out of `photo`; `model` is a rembg model, by default the configured one.

    Raises ReconstructionError(`no_subject`) if no object stands out from the background.
    """
    mask, method, notes = find(photo, remove_background=remove_background, model=model)
    box = _frame(mask, foreground_ratio)
    rgba = _crop(photo.pixels[..., :3], mask, box)
    return Cutout(_without_fringe(rgba), box, method, notes)


def find(
    photo: Photo, *, remove_background: bool = True, model: str | None = None
) -> tuple[NDArray[np.float32], str, tuple[Note, ...]]:
    """Locate the object: opacity (H, W) in [0, 1] in the photo's pixels, method and notes as in `Cutout`.

    Raises ReconstructionError(`no_subject`) if no object stands out from the background.
    """
    mask, method, notes = _segment(photo, remove_background, model or background_removal.model_name())
    mask = _without_small_components(mask)
    return mask, method, (*notes, *advise(photo, mask, framed_by_user=method in (TRANSPARENCY, WHOLE)))


def _segment(photo: Photo, remove_background: bool, model: str) -> tuple[NDArray[np.float32], str, tuple[Note, ...]]:
    """Opacity (H, W), the method that found it, and notes for the user."""
    alpha = _own_transparency(photo)
    if alpha is not None:
        return alpha, TRANSPARENCY, ()
    picture = composite(photo.pixels, WHITE)
    if float(picture.std(axis=(0, 1)).max()) < MIN_CONTRAST:
        raise ReconstructionError("no_subject")
    if not remove_background:
        return np.ones(picture.shape[:2], np.float32), WHOLE, (note("background_kept"),)
    if background_removal.weights_file(model).exists():
        return _segment_by_network(picture, model), f"rembg:{model}", ()
    return background_removal.remove_by_grabcut(picture), "grabcut", (note("background_estimated"),)


def _own_transparency(photo: Photo) -> NDArray[np.float32] | None:
    """The photo's own alpha, if enough of it is transparent to be intended."""
    if photo.pixels.shape[2] != 4:
        return None
    alpha = photo.pixels[..., 3]
    if float((alpha < 128).mean()) < MIN_TRANSPARENT:  # 128: half of 255
        return None
    return alpha.astype(np.float32) / 255.0


def _segment_by_network(picture: NDArray[np.uint8], model: str) -> NDArray[np.float32]:
    """The network's mask; a small object is segmented a second time at a higher resolution."""
    mask = background_removal.remove_by_rembg(picture, model)
    certain = float((mask > CERTAIN).mean())
    uncertain = float(((mask > FAINT) & (mask <= CERTAIN)).mean())
    if not MIN_COVERAGE < certain < MAX_COVERAGE or uncertain > MAX_UNCERTAIN * certain:
        raise ReconstructionError("no_subject")
    left, top, right, bottom = _bounds(mask > OPAQUE)
    if max(right - left, bottom - top) >= ZOOM_BELOW * max(mask.shape):
        return mask
    return _segment_zoomed(picture, mask, model)


def _segment_zoomed(picture: NDArray[np.uint8], mask: NDArray[np.float32], model: str) -> NDArray[np.float32]:
    left, top, right, bottom = _bounds(mask > OPAQUE)
    divisor, pixels = ZOOM_MARGIN
    margin = max(right - left, bottom - top) // divisor + pixels
    rows = slice(max(0, top - margin), bottom + margin)
    columns = slice(max(0, left - margin), right + margin)
    zoomed = np.zeros_like(mask)
    zoomed[rows, columns] = background_removal.remove_by_rembg(np.ascontiguousarray(picture[rows, columns]), model)
    return zoomed if iou(mask > OPAQUE, zoomed > OPAQUE) > MIN_ZOOM_IOU else mask


def _without_small_components(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mask with faint haze and small components set to 0. Raises `no_subject` if too little remains."""
    inside = mask > OPAQUE
    if float(inside.mean()) < MIN_COVERAGE:
        raise ReconstructionError("no_subject")
    components, _ = ndimage.label(mask > FAINT)
    areas = np.bincount(components[inside], minlength=int(components.max()) + 1)
    areas[0] = 0
    keep = areas >= max(1.0, MIN_COMPONENT * float(areas.max()))
    return np.where(keep[components], mask, np.float32(0.0))


def _bounds(inside: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the True pixels; right and bottom are exclusive. Raises `no_subject` if none is."""
    if not inside.any():
        raise ReconstructionError("no_subject")
    columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _frame(mask: NDArray[np.float32], foreground_ratio: float) -> tuple[int, int, int, int]:
    """The square centred on the object, of which the object's longer side fills `foreground_ratio`."""
    left, top, right, bottom = _bounds(mask > OPAQUE)
    side = max(MIN_FRAME, math.ceil(max(right - left, bottom - top) / foreground_ratio))
    x, y = round((left + right - side) / 2), round((top + bottom - side) / 2)
    return x, y, x + side, y + side


def _crop(color: NDArray[np.uint8], mask: NDArray[np.float32], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """(512, 512, 4) uint8: the box of the picture, transparent where it extends beyond it."""
    opacity = (mask * 255.0).round().astype(np.uint8)
    frame = Image.fromarray(np.dstack([color, opacity])).crop(box)
    return np.asarray(frame.resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def _without_fringe(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Edge pixels have background mixed in: these, and all outside, take the colour of the nearest clean pixel."""
    solid = rgba[..., 3] > SOLID_ALPHA
    inner = ndimage.binary_erosion(solid, iterations=FRINGE)
    # A part too thin to have an inner pixel keeps the colour of its solid ones.
    thin = solid & ~ndimage.binary_dilation(inner, iterations=THIN)
    clean = inner | thin
    if not clean.any():
        return rgba
    nearest = ndimage.distance_transform_edt(~clean, return_distances=False, return_indices=True)
    return np.dstack([rgba[..., :3][nearest[0], nearest[1]], rgba[..., 3]])
