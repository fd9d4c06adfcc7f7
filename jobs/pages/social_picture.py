"""The preview image that other sites show next to a link to a model or a collection."""

from __future__ import annotations

import io

from PIL import Image

from jobs.core import storage
from jobs.models import Artifact

SIZE = (1200, 630)
"""Width and height in pixels that Open Graph consumers expect."""
BACKGROUND = (231, 235, 233)
"""sRGB; `--rc-stage` of the light theme in frontend/styles/tokens.css."""
JPEG_QUALITY = 88
"""On Pillow's scale from 0 to 95."""


def social_picture(*posters: Artifact) -> bytes:
    """The posters beside each other as a JPEG, centred on a plain background."""
    side = min(SIZE[1], SIZE[0] // len(posters))
    left, top = (SIZE[0] - side * len(posters)) // 2, (SIZE[1] - side) // 2
    background = Image.new("RGB", SIZE, BACKGROUND)
    for place, poster in enumerate(posters):
        with storage.backend().open(str(poster.file)) as file, Image.open(file) as picture:
            subject = picture.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS)
        background.paste(subject, (left + place * side, top), subject)
    buffer = io.BytesIO()
    background.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
