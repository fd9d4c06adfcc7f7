"""Notes on the photos and on the result: a closed list of codes, each with its message and what helps.

A note never stops a job; what does is in `ml.errors`. The report, the API, the command line and the pages show the same
notes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Remedy = Literal["photo", "cutout", "settings", ""]
"""What the user can change: another photo, the cutout of this one, the settings; empty when nothing is wrong."""


@dataclass(frozen=True)
class NoteKind:
    """A template of the message, which says what is wrong and what to do about it, and the remedy to offer."""

    message: str
    remedy: Remedy = ""


NOTES: dict[str, NoteKind] = {
    # The photo.
    "animated": NoteKind("The picture is animated, so its first frame was used."),
    "damaged": NoteKind(
        "The file is damaged. Nearly all of the picture could be read, and only that was used.", remedy="photo"
    ),
    "too_small": NoteKind(
        "The object is only {length} pixels long, so fine details will be missing. {remedy}", remedy="photo"
    ),
    "blurred": NoteKind("The photo looks blurred. Hold the camera still and focus on the object.", remedy="photo"),
    "cut_off": NoteKind(
        "The object is cut off at the {edges} of the photo. Fit all of it in the picture.", remedy="photo"
    ),
    "animal": NoteKind(
        "The photo seems to show an animal, or a figure of one. Expect its overall shape: fur, whiskers and thin legs "
        "come out smooth."
    ),
    "person": NoteKind(
        "The photo seems to show a person. Expect a simplified figure rather than a likeness: face, hair and fingers "
        "come out coarse."
    ),
    "drawing": NoteKind(
        "The picture seems to be a logo, text or a drawing. It has no shading that would show depth, so expect a flat "
        "or bulging shape."
    ),
    # The cutout.
    "several_objects": NoteKind("{count} separate objects were found. {outcome}", remedy="cutout"),
    "own_transparency": NoteKind("The transparency in the picture was used as the outline of the object."),
    "transparency_ignored": NoteKind(
        "The transparency in the picture frames a photo, so the background inside it was removed.", remedy="cutout"
    ),
    "shadow_removed": NoteKind(
        "A shadow below the object was cut off. If a part of the object is missing, add it to the cutout.",
        remedy="cutout",
    ),
    "reflection_removed": NoteKind(
        "A reflection below the object was cut off. If a part of the object is missing, add it to the cutout.",
        remedy="cutout",
    ),
    "ground_doubt": NoteKind(
        "The lowest part of the object may be its shadow or reflection. If it is, erase it in the cutout.",
        remedy="cutout",
    ),
    "gaps_opened": NoteKind(
        "Gaps that show the background were cut out. If a part of the object is missing, add it to the cutout.",
        remedy="cutout",
    ),
    "background_kept": NoteKind("The background was kept, so the whole picture is treated as the object."),
    "background_estimated": NoteKind(
        "This server has no network for background removal, so the background was estimated from the edges of the "
        "photo.",
        remedy="cutout",
    ),
    # Several photos.
    "no_side": NoteKind(
        "Photo {number} does not match the others from any side, so it was left out. Specify which side it shows, or "
        "take it from the same distance with the object in the same position.",
        remedy="photo",
    ),
    "ambiguous_side": NoteKind(
        "Photo {number} matches the others from more than one side, so it was left out. Specify which side it shows.",
        remedy="photo",
    ),
    "wrong_side": NoteKind(
        "Photo {number} does not match the others from the specified side, so it was left out. Check the sides of the "
        "photos.",
        remedy="photo",
    ),
    # The model.
    "coarser_grid": NoteKind(
        "The server ran short of memory, so this model was made at a lower grid resolution.", remedy="settings"
    ),
    "not_painted": NoteKind(
        "The model's outline does not match the photo closely enough to project the photo onto it, so the colours "
        "were predicted by the network."
    ),
    "larger_than_bed": NoteKind(
        "The model measures {size} mm and does not fit a 220 mm print bed. Choose a smaller size or print it in parts.",
        remedy="settings",
    ),
    "falls_over": NoteKind(
        "The model does not stand by itself. Choose a flat base or a plate, or print it with supports.",
        remedy="settings",
    ),
    # Reports of earlier versions have messages without a code.
    "other": NoteKind("{message}"),
}


@dataclass(frozen=True)
class Note:
    """`code`: a key of `NOTES`. `message`: ready for display."""

    code: str
    message: str

    @property
    def remedy(self) -> Remedy:
        """What to offer the user."""
        return NOTES[self.code].remedy if self.code in NOTES else ""

    def of_photo(self, number: int) -> Note:
        """The same note with the number of the photo, counted from 1, that it is about."""
        return replace(self, message=f"Photo {number}: {self.message}")


def note(code: str, **values: object) -> Note:
    """The note of `code`, its message filled in with `values`. Raises KeyError for an unknown code."""
    return Note(code, NOTES[code].message.format(**values))


def notes_to_json(notes: Iterable[Note]) -> list[dict[str, str]]:
    """Plain values for JSON, each note once."""
    return [asdict(entry) for entry in dict.fromkeys(notes)]


def notes_from_json(entries: Iterable[Any]) -> tuple[Note, ...]:
    """The notes of a report or a photo; a plain string of an earlier version becomes `other`."""
    return tuple(
        note("other", message=entry) if isinstance(entry, str) else Note(entry["code"], entry["message"])
        for entry in entries
    )
