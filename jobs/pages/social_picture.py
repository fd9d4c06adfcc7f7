"""The preview image that other sites show next to a link to a model."""

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


def social_picture(poster: Artifact) -> bytes:
    """The poster as a JPEG, centred on a plain background."""
    with storage.backend().open(str(poster.file)) as file, Image.open(file) as picture:
        subject = picture.convert("RGBA").resize((SIZE[1], SIZE[1]), Image.Resampling.LANCZOS)
    background = Image.new("RGB", SIZE, BACKGROUND)
    background.paste(subject, ((SIZE[0] - SIZE[1]) // 2, 0), subject)
    buffer = io.BytesIO()
    background.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
