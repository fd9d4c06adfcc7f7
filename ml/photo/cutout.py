"""Stage `cutout`: the object alone, centred in a square frame, and where that frame was in the photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.core.images import GREY, WHITE, Floats, composite
from ml.core.masks import OPAQUE, Mask, iou
from ml.errors import ReconstructionError
from ml.notes import Note, note
from ml.photo import background_removal
from ml.photo.advice import advise
from ml.photo.content import describe
from ml.photo.correction import correct, without
from ml.photo.decode import Photo
from ml.photo.matting import refine
from ml.photo.shadow import find_transparent_shadow
from ml.photo.subject import Point, choose, window_around, windows
from ml.photo.transparency import follows_object, has_transparency
from ml.photo.transparency import opacity as opacity_of
from ml.recipe import Recipe

SIZE = 512
"""Side of every cutout in pixels: the input resolution of the networks."""

CERTAIN, FAINT = 0.9, 0.1
"""Opacity above which a pixel certainly belongs to the object, or may belong to it."""
MIN_COVERAGE = 0.0009
"""Fraction of the picture: anything smaller is not a subject, even from close up."""
MIN_SUBJECT = 16
"""Longer side in pixels of the smallest subject."""
NEAR = 0.04
"""Side of the square around a given point, as a fraction of the picture's longer side, in which the object must be."""
MIN_THICKNESS, MIN_THICKNESS_BLURRED = 24, 64
"""Shorter side of the object in pixels of its frame: thinner ones have no shape to see. Below the second value, it must
also have that many pixels in the photo: a pen close up is fine, a strip of an upscaled panorama is not."""
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

TOO_THIN = (
    "The object is only {pixels} pixels {direction} for its length, too little for a shape. Use a photo that "
    "shows it from a broader side, or from closer."
)
LARGEST = (
    "The largest one is used. To use another one, click or tap it in the preview of the cutout, or give a point of it "
    "(subject) to the API or the command line."
)
CHOSEN = "The one you chose is used."
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
    def alpha(self) -> Floats:
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
    mask: str = Recipe.mask,
    subject: Point | None = None,
    model: str | None = None,
) -> Cutout:
    """Cut the object out of `photo`; `model` is a rembg model, by default the configured one; the rest as for `find`.

    Raises ReconstructionError as `find` does.
    """
    opacity, method, notes = find(photo, remove_background=remove_background, mask=mask, subject=subject, model=model)
    box = _frame(opacity, foreground_ratio)
    rgba = _crop(photo.pixels[..., :3], opacity, box)
    return Cutout(_without_fringe(rgba), box, method, notes)


def find(
    photo: Photo,
    *,
    remove_background: bool = True,
    mask: str = Recipe.mask,
    subject: Point | None = None,
    model: str | None = None,
) -> tuple[Floats, str, tuple[Note, ...]]:
    """Locate the object: opacity (H, W) in [0, 1] in the photo's pixels, method and notes as in `Cutout`.

    `mask` is one of `ml.recipe.MASKS`; `subject` is a point of the object, in fractions of the picture's width and
    height. Raises ReconstructionError: `no_subject` if no object stands out from the background, `too_thin`.
    """
    opacity, method, notes = _segment(photo, remove_background, mask, subject, model or background_removal.model_name())
    opacity = _without_small_components(opacity)
    framed = method in (TRANSPARENCY, WHOLE)
    everything, count = opacity, 1
    if subject or not framed:
        opacity, count = choose(opacity, subject)
    _check_thickness(photo, opacity)
    advice = advise(photo, opacity, framed_by_user=framed)
    if count > 1 and opacity is not everything:
        chosen = note("several_objects", count=count, outcome=CHOSEN if subject else LARGEST)
        advice = (chosen, *(entry for entry in advice if entry.code != "several_objects"))
    content = describe(composite(photo.pixels, WHITE), opacity > OPAQUE)
    return opacity, method, (*notes, *advice, *content)


def _segment(
    photo: Photo, remove_background: bool, mask: str, subject: Point | None, model: str
) -> tuple[Floats, str, tuple[Note, ...]]:
    """Opacity (H, W), the method that found it, and notes for the user."""
    notes: tuple[Note, ...] = ()
    if has_transparency(photo.pixels) and mask != "remove":
        alpha = opacity_of(photo.pixels[..., 3])
        if mask == "alpha":
            return alpha, TRANSPARENCY, (note("own_transparency"),)
        if follows_object(alpha > OPAQUE):
            alpha, shadow_notes = without(find_transparent_shadow(photo.pixels, alpha), alpha)
            return alpha, TRANSPARENCY, (note("own_transparency"), *shadow_notes)
    if has_transparency(photo.pixels):
        notes = (note("transparency_ignored"),)
    picture = composite(photo.pixels, WHITE)
    if float(picture.std(axis=(0, 1)).max()) < MIN_CONTRAST:
        raise ReconstructionError("no_subject")
    if not remove_background:
        return np.ones(picture.shape[:2], np.float32), WHOLE, (*notes, note("background_kept"))
    if background_removal.weights_file(model).exists():
        opacity, method = _segment_by_network(picture, model, subject), f"rembg:{model}"
    else:
        opacity, method = background_removal.remove_by_grabcut(picture), "grabcut"
        notes = (*notes, note("background_estimated"))
    opacity, corrections = correct(picture, opacity)
    return opacity * _visible(photo), method, (*notes, *corrections)


def _visible(photo: Photo) -> Floats:
    """(H, W) opacity of the picture itself: what is transparent is no object."""
    if photo.pixels.shape[2] == 3:
        return np.ones(photo.pixels.shape[:2], np.float32)
    return opacity_of(photo.pixels[..., 3])


def _segment_by_network(picture: NDArray[np.uint8], model: str, subject: Point | None = None) -> Floats:
    """The network's mask at full resolution; a small object is segmented again at a higher one."""
    mask = background_removal.remove_by_rembg(picture, model)
    if not _is_clear(mask) or (subject is not None and not _is_near(mask, subject)):
        mask = _look_closer(picture, mask, model, subject)
    left, top, right, bottom = _bounds(mask > OPAQUE)
    if max(right - left, bottom - top) >= ZOOM_BELOW * max(mask.shape):
        return refine(picture, mask, max(mask.shape))
    return _segment_zoomed(picture, mask, model)


def _is_clear(mask: Floats) -> bool:
    """Whether the network found an object, rather than a haze or nothing."""
    certain = float((mask > CERTAIN).mean())
    uncertain = float(((mask > FAINT) & (mask <= CERTAIN)).mean())
    return MIN_COVERAGE < certain < MAX_COVERAGE and uncertain <= MAX_UNCERTAIN * certain


def _is_near(mask: Floats, point: Point) -> bool:
    """Whether an object lies at the point, or close to it."""
    rows, columns = window_around(point, mask.shape, NEAR)
    return bool((mask[rows, columns] > OPAQUE).any())


def _look_closer(picture: NDArray[np.uint8], mask: Floats, model: str, subject: Point | None) -> Floats:
    """The mask of parts of the picture where a small object may be. Raises `no_subject` if none is found."""
    for rows, columns in windows(picture, mask, subject):
        part = np.ascontiguousarray(picture[rows, columns])
        if float(part.std(axis=(0, 1)).max()) < MIN_CONTRAST:
            continue
        closer = background_removal.remove_by_rembg(part, model)
        if _is_clear(closer) and _is_whole(closer > OPAQUE):
            found = np.zeros_like(mask)
            found[rows, columns] = closer
            return found
    raise ReconstructionError("no_subject")


def _is_whole(inside: Mask) -> bool:
    """Whether an object ends inside the window: what fills it, or runs out of it, is the background."""
    return not (inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any())


def _segment_zoomed(picture: NDArray[np.uint8], mask: Floats, model: str) -> Floats:
    left, top, right, bottom = _bounds(mask > OPAQUE)
    divisor, pixels = ZOOM_MARGIN
    margin = max(right - left, bottom - top) // divisor + pixels
    rows = slice(max(0, top - margin), bottom + margin)
    columns = slice(max(0, left - margin), right + margin)
    part = np.ascontiguousarray(picture[rows, columns])
    closer = background_removal.remove_by_rembg(part, model)
    zoomed = np.zeros_like(mask)
    zoomed[rows, columns] = refine(part, closer, max(closer.shape))
    return zoomed if iou(mask > OPAQUE, zoomed > OPAQUE) > MIN_ZOOM_IOU else refine(picture, mask, max(mask.shape))


def _check_thickness(photo: Photo, mask: Floats) -> None:
    """Raise `too_thin` if the object would be a few pixels wide in its frame."""
    left, top, right, bottom = _bounds(mask > OPAQUE)
    short, long = sorted((right - left, bottom - top))
    in_frame = short / long * Recipe.foreground_ratio * SIZE
    in_photo = round(short * max(photo.original_size) / max(mask.shape))
    if in_frame < MIN_THICKNESS or (in_frame < MIN_THICKNESS_BLURRED and in_photo < MIN_THICKNESS_BLURRED):
        direction = "wide" if right - left < bottom - top else "high"
        raise ReconstructionError("too_thin", TOO_THIN.format(pixels=in_photo, direction=direction))


def _without_small_components(mask: Floats) -> Floats:
    """The mask with faint haze and small components set to 0. Raises `no_subject` if too little remains."""
    inside = mask > OPAQUE
    left, top, right, bottom = _bounds(inside)
    if float(inside.mean()) < MIN_COVERAGE or max(right - left, bottom - top) < MIN_SUBJECT:
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


def _frame(mask: Floats, foreground_ratio: float) -> tuple[int, int, int, int]:
    """The square centred on the object, of which the object's longer side fills `foreground_ratio`."""
    left, top, right, bottom = _bounds(mask > OPAQUE)
    side = max(MIN_FRAME, math.ceil(max(right - left, bottom - top) / foreground_ratio))
    x, y = round((left + right - side) / 2), round((top + bottom - side) / 2)
    return x, y, x + side, y + side


def _crop(color: NDArray[np.uint8], mask: Floats, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
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
