"""Why a reconstruction can fail: a closed list of codes, each with the sentence that the user reads.

The job layer adds the codes that only a server can meet (`worker_lost`, `timeout`, …).
"""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "empty_file": "The file is empty. Choose the photo again and upload it once more.",
    "unsupported_type": "This is not a photo that can be read. Use a JPEG, PNG, WebP or HEIC file.",
    "unreadable_image": "The photo is damaged or cut off. Open it on your device, save it again and retry.",
    "too_large": "The photo is too large. Make it smaller and upload it again.",
    "too_small": "The photo is too small to see an object in. Use one of at least 32 × 32 pixels.",
    "no_subject": "No object was found in the photo. Use one where a single object stands out from its background.",
    "empty_scene": "No solid shape came out of this photo. Try another photo, or a lower threshold.",
    "invalid_recipe": "The settings of this job are not valid. Choose them again.",
    "source_unusable": "The files of the earlier model are no longer complete. Make a new model from the photo.",
    "engine_unavailable": "The chosen engine is not installed on this server. Choose another engine.",
    "out_of_memory": "The server ran out of memory. Try a lower quality, or ask the operator for more memory.",
}


class ReconstructionError(Exception):
    """A failure that the user can understand: `code` from `SENTENCES`, `message` ready to be shown."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or SENTENCES[code]
        super().__init__(self.message)


class Stopped(Exception):
    """Raised between steps once `should_stop()` has answered True; nothing of the run is kept."""
