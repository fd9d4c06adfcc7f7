"""What makes the site installable: the manifest, and what its service worker keeps for the time without a network."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse

from jobs.pages.upload import ACCEPT
from ml.recipe import MAX_PHOTOS

SCRIPT = Path(settings.BASE_DIR) / "static" / "dist" / "service_worker.js"
SHELL_FILES = ("dist/theme.js", "dist/base.css", "img/icon.svg")
"""Static files of the offline page. Only these and that page are kept: nothing of anybody's."""
BACKGROUND, ACCENT = "#f6f7f6", "#0b6e58"
"""--rc-bg and --rc-accent of frontend/styles/tokens.css, light: a manifest has one of each."""


def manifest() -> dict[str, Any]:
    """The web app manifest (https://www.w3.org/TR/appmanifest/)."""
    return {
        "id": "/",
        "name": "Reconsite",
        "short_name": "Reconsite",
        "description": "One photo in, a textured 3D model out.",
        "lang": "en",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": BACKGROUND,
        "theme_color": ACCENT,
        "icons": [_icon(192), _icon(512), {**_icon(512, "-maskable"), "purpose": "maskable"}],
        "shortcuts": [
            {"name": "New model", "url": reverse("jobs:upload"), "icons": [_icon(192)]},
            {"name": "My models", "url": reverse("jobs:gallery"), "icons": [_icon(192)]},
        ],
        "share_target": {
            "action": reverse("jobs:share_target"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"files": [{"name": "photo", "accept": ACCEPT.split(",")}]},
        },
    }


def _icon(side: int, kind: str = "") -> dict[str, str]:
    """One of the files that `scripts.app_icons` writes."""
    return {"src": static(f"img/app{kind}-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png"}


def service_worker() -> str:
    """The service worker's script, after the constant that it reads. Its bytes change whenever what it keeps does."""
    shell = {
        "page": reverse("jobs:offline"),
        "files": [static(name) for name in SHELL_FILES],
        "share": reverse("jobs:share_target"),
        "maxPhotos": MAX_PHOTOS,
    }
    kept = [render_to_string("offline.html"), json.dumps(shell), *(_content(name) for name in SHELL_FILES)]
    version = hashlib.sha256("\0".join(kept).encode()).hexdigest()[:12]
    return f"const SHELL = {json.dumps({**shell, 'version': version})};\n{SCRIPT.read_text()}"


def _content(name: str) -> str:
    return (Path(settings.BASE_DIR) / "static" / name).read_text()
