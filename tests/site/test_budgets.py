"""Download sizes of the pages: compressed, as built."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

DIST = Path(settings.BASE_DIR) / "static" / "dist"
PAGE_BUDGET, VIEWER_BUDGET = 150 * 1024, 250 * 1024
"""Bytes of gzipped scripts: about a second on a slow mobile connection, and two for the viewer with three.js."""
STATIC_IMPORT = re.compile(r"""(?:\bimport|\bfrom)\s*"\./(chunk-[\w-]+\.js)\"""")
LAZY_IMPORT = re.compile(r"""\bimport\("\./([\w-]+\.js)"\)""")


def with_chunks(*names: str) -> set[str]:
    """These files and all their static imports, without what is loaded on demand."""
    loaded: set[str] = set()
    waiting = list(names)
    while waiting:
        if (name := waiting.pop()) not in loaded:
            loaded.add(name)
            waiting += STATIC_IMPORT.findall((DIST / name).read_text())
    return loaded


def compressed(names: set[str]) -> int:
    return sum(len(gzip.compress((DIST / name).read_bytes(), 9)) for name in names)


@pytest.mark.parametrize("page", ["home", "upload", "progress", "gallery", "result"])
def test_a_page_without_the_viewer_is_within_its_budget(page: str) -> None:
    assert compressed(with_chunks("theme.js", "base.js", f"{page}.js")) <= PAGE_BUDGET


def test_the_viewer_is_within_its_budget() -> None:
    names = with_chunks("viewer.js")
    assert any("WebGL" in (DIST / name).read_text() for name in names), "three.js is not among the counted files"
    assert compressed(names) <= VIEWER_BUDGET


def test_the_obj_loader_is_loaded_on_demand() -> None:
    static = with_chunks("viewer.js")
    on_demand = {name for file in static for name in LAZY_IMPORT.findall((DIST / file).read_text())}
    assert any("mtllib" in (DIST / name).read_text() for name in on_demand)
    assert not any("mtllib" in (DIST / name).read_text() for name in static)


def test_a_page_with_the_viewer_preloads_all_its_scripts() -> None:
    head = render_to_string("jobs/_preload.html", {"viewer": {"format": "glb", "model_url": "/model.glb"}})
    assert set(re.findall(r'rel="modulepreload" href="/static/dist/(chunk-[\w-]+\.js)"', head)) == with_chunks(
        "viewer.js"
    ) - {"viewer.js"}
