"""Why a reconstruction can fail: a closed list of codes, each with a message for the user.

The job layer adds the codes that only occur on a server (`worker_lost`, `timeout`, …).
"""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "empty_file": "The file is empty. Choose the photo and upload it again.",
    "unsupported_type": "This file type is not supported. Use a JPEG, PNG, WebP or HEIC photo.",
    "unreadable_image": "The photo is damaged or incomplete. Open it on your device, save a copy and upload that.",
    "too_large": "The photo is too large. Reduce its size and upload it again.",
    "too_small": "The photo is too small. Use one of at least 32 × 32 pixels.",
    "no_subject": "No object was found in the photo. Use one of a single object that stands out from the background.",
    "too_thin": "The object is too thin in the photo. Use a photo that shows it from a broader side, or from closer.",
    "empty_scene": "No solid shape could be made from this photo. Try another photo or a lower threshold.",
    "invalid_recipe": "The settings are not valid. Check them and try again.",
    "source_unusable": "Some files of the earlier model are missing. Create a new model from the photo.",
    "engine_unavailable": "This engine is not installed on this server. Choose another one.",
    "out_of_memory": "The server ran out of memory. Try a lower quality, or contact the administrator.",
}


class ReconstructionError(Exception):
    """A failure to report to the user: `code` from `MESSAGES`, `message` ready for display."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or MESSAGES[code]
        super().__init__(self.message)


class Stopped(Exception):
    """Raised between two steps after `should_stop()` returned True; no file of the run is kept."""


class SharedEngineLost(Exception):
    """The process that runs the network for several runs died or hung during this one, which can begin again."""
