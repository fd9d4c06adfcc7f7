"""Downloaded network weights: the folder that holds them, and the error when they cannot be fetched."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The root folder of the project."""


class FetchError(RuntimeError):
    """The weights could not be fetched; the message says why and what to do. No incomplete file is kept."""


def models_folder() -> Path:
    """The folder of downloaded weights: `MODELS_DIR` from the environment, else `var/models` beside the code."""
    return Path(os.environ.get("MODELS_DIR") or ROOT / "var" / "models")
