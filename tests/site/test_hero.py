"""The model on the home page: what scripts/hero_model.py wrote and what the style sheet expects."""

from __future__ import annotations

import re

import trimesh
from django.conf import settings
from PIL import Image

from scripts import hero_model


def test_the_strip_has_as_many_pictures_as_the_style_sheet_has_steps() -> None:
    with Image.open(hero_model.TARGET / "turn.webp") as strip:
        assert strip.size == (hero_model.FRAMES * hero_model.SIDE, hero_model.SIDE)
    css = (settings.BASE_DIR / "frontend" / "styles" / "home.css").read_text()
    assert re.findall(r"steps\((\d+)", css) == [str(hero_model.FRAMES)]
    assert f"background-size: {hero_model.FRAMES}00% 100%" in css


def test_the_model_is_small() -> None:
    path = hero_model.TARGET / "model.glb"
    assert path.stat().st_size < 600_000
    mesh = trimesh.load_mesh(path)
    assert 1_000 < len(mesh.faces) <= 12_000
