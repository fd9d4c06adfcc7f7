"""The files in the programs that people open them with: PrusaSlicer and Cura slice them, Blender shows their front.

Slow, and skipped where a program is missing. Blender: put `blender` on the PATH, or install its wheel `bpy` into a
Python of its own and name that in BLENDER_PYTHON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import files
from ml.export import write
from ml.mesh import marching_cubes, repair
from ml.recipe import Recipe
from ml.texture import bake
from ml.texture.bake import TexturedMesh
from tests.ml.landmarks import HEIGHT_MM, in_mm_z_up
from tests.ml.scenes import RED, TOY, AnalyticScene, Part

pytestmark = pytest.mark.slow

SECONDS = 300
"""For one run of a program; slicing a toy takes 15 s on 2 busy cores."""
TABLE = (Part("box", (0.0, 0.0, 0.3), (0.4, 0.4, 0.05), RED), Part("box", (0.0, 0.0, -0.1), (0.08, 0.08, 0.4), RED))
EGG = (Part("ball", (0.0, 0.0, 0.0), (0.3, 0.3, 0.5), RED),)
SHAPES = {"toy": TOY, "table": TABLE, "egg": EGG}


@pytest.fixture(scope="module")
def slicer() -> str:
    """The path of PrusaSlicer."""
    path = shutil.which("prusa-slicer")
    if path is None:
        pytest.skip("PRUSASLICER IS NOT INSTALLED (Debian: apt install prusa-slicer), SO NO FILE WAS SLICED")
    return path


@pytest.fixture(scope="module", params=SHAPES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model as STL and 3MF, its longest side 60 mm."""
    scene = AnalyticScene(SHAPES[request.param])
    textured = bake.bake(repair.finish(marching_cubes.extract(scene, 64), 3_000), scene, [], 128, method="box")
    out = tmp_path_factory.mktemp(request.param)
    write.write(textured, out, Recipe(formats=("stl", "3mf"), height_mm=60.0))
    return out


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("name", [files.STL, files.THREEMF])
def test_prusaslicer_finds_a_manifold_model_of_the_right_size(slicer: str, model: Path, name: str) -> None:
    rows = [line.split("=") for line in run(slicer, "--info", str(model / name)).splitlines() if "=" in line]
    found = {key.strip(): value.strip() for key, value in rows}
    assert found["manifold"] == "yes"
    assert found["number_of_parts"] == "1"
    assert max(float(found[f"size_{axis}"]) for axis in "xyz") == pytest.approx(60.0, abs=0.01)
    assert float(found["min_z"]) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("name", [files.STL, files.THREEMF])
def test_prusaslicer_slices_it(slicer: str, model: Path, name: str, tmp_path: Path) -> None:
    gcode = tmp_path / "model.gcode"
    run(slicer, "--export-gcode", "--output", str(gcode), str(model / name))
    text = gcode.read_text()
    assert text.count("\nG1 ") > 1000
    heights = [float(line[3:]) for line in text.splitlines() if line.startswith(";Z:")]
    assert 59.0 < max(heights) <= 60.5


def test_curas_engine_slices_the_stl(model: Path, tmp_path: Path) -> None:
    engine, printer = shutil.which("CuraEngine"), Path("/usr/share/cura/resources/definitions/fdmprinter.def.json")
    if engine is None or not printer.exists():
        pytest.skip("CURA IS NOT INSTALLED (Debian: apt install cura), SO NO FILE WAS SLICED BY IT")
    gcode = tmp_path / "model.gcode"
    needed = ("-s", "roofing_layer_count=0", "-s", "layer_height=0.2", "-s", "center_object=true")
    run(engine, "slice", "-j", str(printer), *needed, "-l", str(model / files.STL), "-o", str(gcode))
    text = gcode.read_text()
    assert text.count("\nG1 ") > 1000
    heights = [float(line.split(" Z")[1].split()[0]) for line in text.splitlines() if line[:2] == "G0" and " Z" in line]
    printed = [height for height in heights if height <= 70.0]
    assert 59.0 < max(printed) <= 60.5


BLENDER_FILES = {files.OBJ: 1.0, files.GLB: 1.0, files.USDZ: 1.0, files.PLY: 1000.0, files.STL: 1000.0}
"""Blender takes a unit of a file for a metre; those in millimetres come in a thousand times as large."""


@pytest.fixture(scope="module")
def in_blender(toy_folder: Path) -> dict[str, Any]:
    """How the toy's files stand in Blender."""
    script = str(Path(__file__).with_name("in_blender.py"))
    paths = [str(toy_folder / name) for name in BLENDER_FILES]
    if python := os.environ.get("BLENDER_PYTHON"):
        out = run(python, script, *paths)
    elif blender := shutil.which("blender"):
        out = run(blender, "--background", "--python", script, "--", *paths)
    else:
        pytest.skip("BLENDER IS NOT INSTALLED (set BLENDER_PYTHON), SO NO FILE WAS IMPORTED")
    found: dict[str, Any] = json.loads(out.split("RESULT")[1].splitlines()[0])
    return found


@pytest.mark.parametrize("name", BLENDER_FILES)
def test_blender_imports_it_at_its_size_standing_on_the_floor(
    in_blender: dict[str, Any], toy: TexturedMesh, name: str
) -> None:
    vertices, scale = toy.mesh.vertices, BLENDER_FILES[name] / 1000.0
    corners = np.array([in_mm_z_up(tuple(corner), vertices) for corner in (vertices.min(axis=0), vertices.max(axis=0))])
    expected = np.sort(corners, axis=0) * scale
    assert np.allclose([in_blender[name]["low"], in_blender[name]["high"]], expected, atol=0.05 * scale)
    assert in_blender[name]["high"][2] == pytest.approx(HEIGHT_MM * scale, rel=1e-3)


@pytest.mark.parametrize("name", BLENDER_FILES)
def test_blender_shows_the_photos_side_in_its_front_view(
    in_blender: dict[str, Any], toy: TexturedMesh, name: str
) -> None:
    """The blue nose is the part that is nearest to the photo's camera, left of the middle."""
    scale = BLENDER_FILES[name] / 1000.0
    right, towards, _ = in_mm_z_up((0.42, -0.20, -0.05), toy.mesh.vertices) * scale
    assert in_blender[name]["front"][1] == pytest.approx(towards, abs=0.6 * scale)
    assert abs(in_blender[name]["front"][0] - right) < 12.0 * scale
