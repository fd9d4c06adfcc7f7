"""Check what the installation needs: `python3 scripts/preflight.py` ends with 1 and says what is missing.

It runs before anything is installed, and must also start on a Python that is too old: standard library only, and no
syntax newer than Python 3.6.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIN_PYTHON = (3, 11)
WRITTEN = (".", ".venv", "node_modules", "static", "static/dist", "var", "media")
"""Folders of the checkout that the installation and the site write to."""


def problems(version: "tuple[int, ...]", root: Path) -> "list[str]":
    """What to change before the installation can work, one message each."""
    found = []
    if tuple(version) < MIN_PYTHON:
        needed = ".".join(map(str, MIN_PYTHON))
        found.append(f"Python {needed} or newer is needed: make run PYTHON=python{needed}")
    folders = [root / name for name in WRITTEN if (root / name).exists()]
    for folder in folders:
        if not os.access(str(folder), os.W_OK):
            found.append(f"No permission to write to {folder}. Change its owner, or clone into a folder of yours.")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(problems(sys.version_info[:2], ROOT)) or 0)
