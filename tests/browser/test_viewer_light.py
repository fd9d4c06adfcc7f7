"""Every light shows objects of every brightness well: neither a black nor a white one loses its shape."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image
from playwright.sync_api import Browser, Page

from accounts.models import User
from ml import files
from ml.export import write
from ml.recipe import Recipe
from ml.texture import bake, relief
from tests.browser.canvas import Pixels
from tests.browser.finished import READY, finished_model, opened
from tests.browser.test_viewer import choose
from tests.ml.texture.test_bake import mesh_of
from tests.ml.texture.test_relief import bumpy, tilts
from tests.ml.texture.test_relight import BALL

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIGHTS = ("studio", "daylight", "lamp")
BANDS = {245: (175, 240), 118: (85, 145), 12: (18, 60)}
"""A white, a grey and a black object: the colour in levels, and between which levels it must be shown on average."""
MIN_RANGE = 25
"""Levels between the darkest and the brightest twentieth: what makes a shape visible."""
TOO_BRIGHT = 252
"""From here on a white surface shows no shape."""
SMALL = {"width": 420, "height": 700}
"""A window in which software draws fast."""


def balls() -> bytes:
    """A GLB with a ball for each of BANDS, from top to bottom."""
    library: Any = trimesh  # its types are incomplete
    colors = np.array(list(BANDS), dtype=np.uint8)
    made = [library.creation.icosphere(3).apply_translation((0, -2.5 * row, 0)) for row in range(len(colors))]
    rows = [np.full((len(ball.vertices), 2), 1 - (row + 0.5) / len(colors)) for row, ball in enumerate(made)]
    mesh = library.util.concatenate(made)
    texture = Image.fromarray(np.repeat(colors[:, None, None], 3, axis=2))
    material = library.visual.material.PBRMaterial(baseColorTexture=texture, metallicFactor=0, roughnessFactor=1)
    mesh.visual = library.visual.TextureVisuals(np.concatenate(rows), material)
    return bytes(mesh.export(file_type="glb"))


@pytest.fixture
def lit(browser: Browser, transactional_db: None, web: str, owner: User) -> Iterator[Callable[[bytes], Page]]:
    """`lit(glb)` opens the result page with this file as its model, lit."""
    model = finished_model(owner)
    with opened(browser, web, owner, viewport=SMALL, reduced_motion="reduce") as page:

        def show(glb: bytes) -> Page:
            page.unroute_all()
            page.route("**/mesh.glb", lambda route: route.fulfill(body=glb, content_type="model/gltf-binary"))
            page.goto(model.get_absolute_url())
            page.wait_for_selector(READY)
            choose(page, "lit")
            return page

        yield show


def with_relief(folder: Path, strength: float) -> bytes:
    """A GLB of a grey ball with bumps in its normal map."""
    mesh, posed = mesh_of(BALL), bumpy()
    tilt = relief.Relief(np.float32(strength) * tilts().reshape(relief.SIZE, relief.SIZE, 3))
    grey = np.full((512, 512, 3), 118, np.uint8)
    model = replace(bake.bake(mesh, BALL, [posed], 512, method="box"), texture=grey)
    model = replace(model, normal_map=relief.normal_map(model, tilt, mesh, posed))
    write.write(model, folder, Recipe(formats=()))
    return (folder / files.GLB).read_bytes()


def roughness_of_picture(page: Page, folder: Path) -> float:
    """Mean difference in brightness between pixels of the object that lie side by side."""
    with page.expect_download() as download:
        choose(page, "screenshot")
    download.value.save_as(folder / "shot.png")
    with Image.open(folder / "shot.png") as shot:
        pixels = np.asarray(shot.convert("RGBA"), dtype=np.float32)
    inside = pixels[..., 3] == 255
    steps = np.abs(np.diff(pixels[..., :3].mean(axis=2), axis=1))
    return float(steps[inside[:, 1:] & inside[:, :-1]].mean())


def test_a_relief_is_seen_in_the_light(lit: Callable[[bytes], Page], tmp_path: Path) -> None:
    smooth, bumped = (roughness_of_picture(lit(with_relief(tmp_path, strength)), tmp_path) for strength in (0.0, 1.0))
    assert bumped > 2.0 * smooth


def levels_of_each_ball(page: Page, tmp_path: Path) -> list[Pixels]:
    """The brightness of each pixel of each ball; the saved image is transparent around them."""
    with page.expect_download() as download:
        choose(page, "screenshot")
    download.value.save_as(tmp_path / "shot.png")
    with Image.open(tmp_path / "shot.png") as shot:
        pixels = np.asarray(shot.convert("RGBA"), dtype=np.float32)
    rows = np.flatnonzero((pixels[..., 3] == 255).any(axis=1))
    levels = pixels @ np.array([0.2126, 0.7152, 0.0722, 0], dtype=np.float32)
    thirds = zip(*(np.array_split(part[rows[0] : rows[-1] + 1], 3) for part in (levels, pixels[..., 3])), strict=True)
    return [part[alpha == 255] for part, alpha in thirds]


def test_every_light_shows_every_side(lit: Callable[[bytes], Page], tmp_path: Path) -> None:
    viewer = lit(balls())
    for light, view in itertools.product(LIGHTS, ("front", "right", "back", "left")):
        choose(viewer, f"light:{light}")
        choose(viewer, view)
        for (color, (least, most)), levels in zip(BANDS.items(), levels_of_each_ball(viewer, tmp_path), strict=True):
            darkest, brightest = np.percentile(levels, [5, 95])
            assert least < levels.mean() < most, (light, view, color)
            assert brightest - darkest > MIN_RANGE, (light, view, color)
            assert brightest < TOO_BRIGHT, (light, view, color)
