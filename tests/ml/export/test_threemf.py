"""3MF, read back by the 3MF consortium's own library."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from ml import files
from ml.export import threemf
from ml.texture.bake import TexturedMesh
from tests.ml.landmarks import HEIGHT_MM, LANDMARKS, in_mm_z_up, loaded, nearest

lib3mf = pytest.importorskip("lib3mf", reason="lib3mf has no build for this machine")


@pytest.fixture(scope="module")
def printed(toy_folder: Path) -> trimesh.Trimesh:
    """The 3MF as the consortium's own library reads it."""
    model = lib3mf.Wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromFile(str(toy_folder / files.THREEMF))
    assert reader.GetWarningCount() == 0
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    [item] = iterated(model.GetBuildItems())
    [mesh] = iterated(model.GetMeshObjects())
    assert item.GetObjectResourceID() == mesh.GetResourceID()
    assert mesh.IsManifoldAndOriented()
    vertices = np.array([list(vertex.Coordinates) for vertex in mesh.GetVertices()])
    faces = np.array([list(face.Indices) for face in mesh.GetTriangleIndices()])
    [group] = iterated(model.GetColorGroups())
    palette = {number: color_of(group.GetColor(number)) for number in group.GetAllPropertyIDs()}
    corner = [[palette[number] for number in entry.PropertyIDs] for entry in mesh.GetAllTriangleProperties()]
    return trimesh.Trimesh(vertices, faces, process=False, face_attributes={"corner": np.array(corner)})


def iterated(iterator: Any) -> list[Any]:
    found = []
    while iterator.MoveNext():
        current = (
            "GetCurrent" if hasattr(iterator, "GetCurrent") else next(n for n in dir(iterator) if "GetCurrent" in n)
        )
        found.append(getattr(iterator, current)())
    return found


def color_of(color: Any) -> tuple[float, float, float]:
    return color.Red / 255.0, color.Green / 255.0, color.Blue / 255.0


lib3mf = pytest.importorskip("lib3mf", reason="lib3mf has no build for this machine")


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_the_3mf_has_the_photos_side_to_the_front_and_its_colours(
    printed: trimesh.Trimesh, toy: TexturedMesh, landmark: str
) -> None:
    point, color = LANDMARKS[landmark]
    _, face, distance = nearest(printed, in_mm_z_up(point, toy.mesh.vertices))
    assert distance < 0.6
    corner = np.asarray(printed.face_attributes["corner"])
    assert np.allclose(corner[face].mean(axis=0), color, atol=0.06)


def test_the_3mf_stands_on_zero_in_millimetres(printed: trimesh.Trimesh) -> None:
    assert np.allclose(printed.bounds[:, 2], [0.0, HEIGHT_MM], atol=1e-3)
    assert printed.volume > 0


def test_trimesh_reads_the_3mf_too(toy_folder: Path, printed: trimesh.Trimesh) -> None:
    assert np.allclose(loaded(toy_folder / files.THREEMF).bounds, printed.bounds, atol=1e-4)


def test_each_colour_is_stored_once_and_the_package_is_reproducible(tmp_path: Path) -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    colors = np.array([[255, 0, 0], [255, 0, 0], [0, 0, 255], [255, 0, 0]], np.uint8)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32)
    for name in ("one.3mf", "two.3mf"):
        threemf.write(tmp_path / name, vertices, colors, faces, "model")
    assert (tmp_path / "one.3mf").read_bytes() == (tmp_path / "two.3mf").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.3mf") as archive:
        text = archive.read(threemf.MODEL).decode()
    assert text.count("<m:color ") == 2
    assert text.count("<triangle ") == 4
    assert 'color="#FF0000"' in text
