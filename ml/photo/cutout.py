"""Stage `cutout`: the object alone, centred in a square frame, and where it stood in the photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.core.images import WHITE, composite
from ml.core.masks import iou
from ml.errors import ReconstructionError
from ml.photo import background_removal
from ml.photo.decode import Photo

SIZE = 512
"""Side of every cutout in pixels; what the networks see."""

SEE_THROUGH = 0.03
"""Share of transparent pixels from which transparency is meant; rounded corners of a screenshot stay below."""
LEAST_COVERAGE = 0.005
MOST_COVERAGE = 0.97
"""A found object that fills more than this stands out of nothing."""
MOST_DOUBT = 2.0
"""Undecided pixels for each certain one above which no object stands out: 0.4 for spokes, 5 and more for noise."""
LEAST_CONTRAST = 4.0
"""Standard deviation of a channel, in levels, below which a picture shows nothing."""
LEAST_PART = 0.01
"""A part smaller than this share of the largest one is a speck."""
FAINT = 0.1
CLOSER_BELOW = 0.7
"""An object shorter than this share of the picture is looked at again from nearby."""

TRANSPARENCY = "transparency"
"""The method of a cutout that uses the photo's own alpha."""
WHOLE_NOTE = "The background was kept: the whole picture counts as the object."


@dataclass(frozen=True)
class Cutout:
    """The object without its background; the foreground's longer side fills `foreground_ratio` of the frame, centred.

    `rgba`: (512, 512, 4) uint8, straight alpha, sRGB; the colours go on beyond the silhouette.
    `box`: left, top, right, bottom of the frame in the upright photo's pixels; it may reach beyond the picture.
    `method`: "transparency", "rembg:<model>", "grabcut" or "none".
    `notes`: sentences for the user.
    """

    rgba: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    method: str
    notes: tuple[str, ...] = ()

    @property
    def alpha(self) -> NDArray[np.float32]:
        """(512, 512) float32 opacity in [0, 1]."""
        return self.rgba[..., 3].astype(np.float32) / 255.0

    def on_grey(self, grey: float = 0.5) -> NDArray[np.uint8]:
        """(512, 512, 3) uint8: the object on plain grey, as the networks were trained and as input.png shows it."""
        return composite(self.rgba, (255.0 * grey,) * 3)


def cut(
    photo: Photo, *, remove_background: bool = True, foreground_ratio: float = 0.85, model: str | None = None
) -> Cutout:
    """Cut the object out of `photo`; `model` is a rembg model, the configured one when None.

    Raises ReconstructionError(`no_subject`) when nothing stands out of the background.
    """
    mask, method, notes = find(photo, remove_background=remove_background, model=model)
    box = _frame(mask, foreground_ratio)
    rgba = _framed(photo.pixels[..., :3], mask, box)
    return Cutout(_without_fringe(rgba), box, method, notes)


def find(
    photo: Photo, *, remove_background: bool = True, model: str | None = None
) -> tuple[NDArray[np.float32], str, tuple[str, ...]]:
    """Where the object is in the photo's own pixels: opacity (H, W) in [0, 1], the method, and notes as in `Cutout`.

    Raises ReconstructionError(`no_subject`) when nothing stands out of the background.
    """
    mask, method, notes = _mask(photo, remove_background, model or background_removal.model_name())
    return _without_specks(mask), method, notes


def _mask(photo: Photo, remove_background: bool, model: str) -> tuple[NDArray[np.float32], str, tuple[str, ...]]:
    """Opacity (H, W), how it was found, and what to tell the user about it."""
    own = _own_transparency(photo)
    if own is not None:
        return own, TRANSPARENCY, ()
    picture = composite(photo.pixels, WHITE)
    if float(picture.std(axis=(0, 1)).max()) < LEAST_CONTRAST:
        raise ReconstructionError("no_subject")
    if not remove_background:
        return np.ones(picture.shape[:2], np.float32), "none", (WHOLE_NOTE,)
    if background_removal.weights_file(model).exists():
        return _by_network(picture, model), f"rembg:{model}", ()
    return background_removal.remove_by_grabcut(picture), "grabcut", (background_removal.GRABCUT_NOTE,)


def _own_transparency(photo: Photo) -> NDArray[np.float32] | None:
    """The photo's own alpha where a meaningful share of it is transparent."""
    if photo.pixels.shape[2] != 4:
        return None
    alpha = photo.pixels[..., 3]
    if float((alpha < 128).mean()) < SEE_THROUGH:
        return None
    return alpha.astype(np.float32) / 255.0


def _by_network(picture: NDArray[np.uint8], model: str) -> NDArray[np.float32]:
    """The network's mask; a small object is looked at a second time from nearby, where its outline is finer."""
    mask = background_removal.remove_by_rembg(picture, model)
    certain, doubtful = float((mask > 0.9).mean()), float(((mask > FAINT) & (mask <= 0.9)).mean())
    if not LEAST_COVERAGE < certain < MOST_COVERAGE or doubtful > MOST_DOUBT * certain:
        raise ReconstructionError("no_subject")
    left, top, right, bottom = _bounds(mask > 0.5)
    if max(right - left, bottom - top) >= CLOSER_BELOW * max(mask.shape):
        return mask
    return _looked_closer(picture, mask, model)


def _looked_closer(picture: NDArray[np.uint8], mask: NDArray[np.float32], model: str) -> NDArray[np.float32]:
    left, top, right, bottom = _bounds(mask > 0.5)
    margin = max(right - left, bottom - top) // 6 + 8
    rows = slice(max(0, top - margin), bottom + margin)
    columns = slice(max(0, left - margin), right + margin)
    closer = np.zeros_like(mask)
    closer[rows, columns] = background_removal.remove_by_rembg(np.ascontiguousarray(picture[rows, columns]), model)
    return closer if iou(mask > 0.5, closer > 0.5) > 0.8 else mask


def _without_specks(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Faint haze and small separate parts set to 0. Raises `no_subject` when nothing of substance is left."""
    solid = mask > 0.5
    if float(solid.mean()) < LEAST_COVERAGE:
        raise ReconstructionError("no_subject")
    parts, _ = ndimage.label(mask > FAINT)
    areas = np.bincount(parts[solid], minlength=int(parts.max()) + 1)
    areas[0] = 0
    keep = areas >= max(1.0, LEAST_PART * float(areas.max()))
    return np.where(keep[parts], mask, np.float32(0.0))


def _bounds(solid: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the True pixels; right and bottom are just outside."""
    if not solid.any():
        raise ReconstructionError("no_subject")
    columns, rows = np.flatnonzero(solid.any(axis=0)), np.flatnonzero(solid.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _frame(mask: NDArray[np.float32], foreground_ratio: float) -> tuple[int, int, int, int]:
    """The square around the object: its longer side fills `foreground_ratio` of it, its middle is the middle."""
    left, top, right, bottom = _bounds(mask > 0.5)
    side = max(8, math.ceil(max(right - left, bottom - top) / foreground_ratio))
    x, y = round((left + right - side) / 2), round((top + bottom - side) / 2)
    return x, y, x + side, y + side


def _framed(color: NDArray[np.uint8], mask: NDArray[np.float32], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """(512, 512, 4) uint8: the box out of the picture, transparent where it reaches beyond."""
    opacity = (mask * 255.0).round().astype(np.uint8)
    frame = Image.fromarray(np.dstack([color, opacity])).crop(box)
    return np.asarray(frame.resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def _without_fringe(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Edge pixels carry some of the old background: they, and all beyond, take the nearest inner pixel's colour."""
    solid = rgba[..., 3] > 230
    inner = ndimage.binary_erosion(solid, iterations=2)
    # A part too thin to have an inside keeps its own solid colour.
    thin = solid & ~ndimage.binary_dilation(inner, iterations=4)
    sure = inner | thin
    if not sure.any():
        return rgba
    nearest = ndimage.distance_transform_edt(~sure, return_distances=False, return_indices=True)
    return np.dstack([rgba[..., :3][nearest[0], nearest[1]], rgba[..., 3]])
