"""The picture that other sites show beside a link to a model: a JPEG of the size that they ask for."""

from __future__ import annotations

import io

from django.core.files.storage import default_storage
from PIL import Image

from jobs.models import Artifact

SIZE = (1200, 630)
"""Width and height that Open Graph's readers expect."""
BACKGROUND = (231, 235, 233)


def social_picture(poster: Artifact) -> bytes:
    """JPEG of the poster, centred on a plain ground."""
    with default_storage.open(str(poster.file)) as file, Image.open(file) as picture:
        subject = picture.convert("RGBA").resize((SIZE[1], SIZE[1]), Image.Resampling.LANCZOS)
    ground = Image.new("RGB", SIZE, BACKGROUND)
    ground.paste(subject, ((SIZE[0] - SIZE[1]) // 2, 0), subject)
    buffer = io.BytesIO()
    ground.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
