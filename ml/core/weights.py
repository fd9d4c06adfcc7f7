"""Where downloaded network weights lie: one folder for all, outside the repository's own files."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def models_folder() -> Path:
    """The folder of downloaded weights: `MODELS_DIR` from the environment, else `var/models` beside the code."""
    return Path(os.environ.get("MODELS_DIR") or ROOT / "var" / "models")
