"""What a page makes a visitor download, compressed, as the build leaves it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

DIST = Path(settings.BASE_DIR) / "static" / "dist"
PAGE_BUDGET, VIEWER_BUDGET = 150 * 1024, 250 * 1024
STATIC_IMPORT = re.compile(r"""(?:\bimport|\bfrom)\s*"\./(chunk-[\w-]+\.js)\"""")
LAZY_IMPORT = re.compile(r"""\bimport\("\./([\w-]+\.js)"\)""")


def with_chunks(*names: str) -> set[str]:
    """These files and all that they import at once; what is loaded only when asked for is not counted."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += STATIC_IMPORT.findall((DIST / name).read_text())
    return found


def compressed(names: set[str]) -> int:
    return sum(len(gzip.compress((DIST / name).read_bytes(), 9)) for name in names)


@pytest.mark.parametrize("page", ["home", "upload", "progress", "gallery", "result"])
def test_a_page_without_the_viewer_is_light(page: str) -> None:
    assert compressed(with_chunks("theme.js", "base.js", f"{page}.js")) <= PAGE_BUDGET


def test_the_viewer_is_within_its_budget() -> None:
    names = with_chunks("viewer.js")
    assert any("WebGL" in (DIST / name).read_text() for name in names), "three.js is not among the counted files"
    assert compressed(names) <= VIEWER_BUDGET


def test_the_obj_loader_comes_only_when_asked_for() -> None:
    at_once = with_chunks("viewer.js")
    later = {name for each in at_once for name in LAZY_IMPORT.findall((DIST / each).read_text())}
    assert any("mtllib" in (DIST / name).read_text() for name in later)
    assert not any("mtllib" in (DIST / name).read_text() for name in at_once)


def test_a_page_with_the_viewer_fetches_all_its_scripts_at_once() -> None:
    head = render_to_string("jobs/_preload.html", {"viewer": {"format": "glb", "model_url": "/model.glb"}})
    assert set(re.findall(r'rel="modulepreload" href="/static/dist/(chunk-[\w-]+\.js)"', head)) == with_chunks(
        "viewer.js"
    ) - {"viewer.js"}
