"""Takes out of a mask what is not the object: background in its gaps, shadows and reflections on the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import Mask
from ml.notes import Note, note
from ml.photo.faded_edge import fades_out
from ml.photo.gaps import find_gaps, open_gaps
from ml.photo.hard_shadow import find_hard_shadow
from ml.photo.reflection import find_reflection
from ml.photo.shadow import find_shadow

Corrected = tuple[Floats, tuple[Note, ...]]


def correct(picture: NDArray[np.uint8], opacity: Floats) -> Corrected:
    """(H, W, 3) RGB and (H, W) opacity -> the corrected opacity, and a note on each kind of change or doubt."""
    notes: dict[Note, None] = {}
    for step in (_open_gaps, _cut_soft_shadow, _cut_reflection, _cut_hard_shadow, _doubt_faded_edge):
        opacity, found = step(picture, opacity)
        notes.update(dict.fromkeys(found))
    return opacity, tuple(notes)


def without(area: Mask | None, opacity: Floats, code: str = "shadow_removed") -> Corrected:
    """The opacity without an area, and a note of `code` if there was one."""
    if area is None or not area.any():
        return opacity, ()
    return np.where(area, np.float32(0.0), opacity), (note(code),)


def _open_gaps(picture: NDArray[np.uint8], opacity: Floats) -> Corrected:
    gaps = find_gaps(picture, opacity)
    return (opacity, ()) if gaps is None else (open_gaps(picture, opacity, gaps), (note("gaps_opened"),))


def _cut_soft_shadow(picture: NDArray[np.uint8], opacity: Floats) -> Corrected:
    return without(find_shadow(picture, opacity), opacity)


def _cut_reflection(picture: NDArray[np.uint8], opacity: Floats) -> Corrected:
    found = find_reflection(picture, opacity)
    if found is None:
        return opacity, ()
    return without(found.where, opacity, "reflection_removed") if found.certain else (opacity, (note("ground_doubt"),))


def _cut_hard_shadow(picture: NDArray[np.uint8], opacity: Floats) -> Corrected:
    shadow = find_hard_shadow(picture, opacity)
    opacity, notes = without(shadow.certain, opacity)
    return opacity, (*notes, note("ground_doubt")) if shadow.possible.any() else notes


def _doubt_faded_edge(picture: NDArray[np.uint8], opacity: Floats) -> Corrected:
    return opacity, (note("ground_doubt"),) if fades_out(picture, opacity) else ()
