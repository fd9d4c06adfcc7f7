"""What the processes that run networks for us have in common."""

from __future__ import annotations

import os

from django.conf import settings


def environment() -> dict[str, str]:
    """The environment of a process of `ml`, which knows no Django settings."""
    return {**os.environ, "MODELS_DIR": str(settings.MODELS_DIR), "BACKGROUND_MODEL": settings.BACKGROUND_MODEL}
