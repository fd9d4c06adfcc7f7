"""`python -m ml`: files and exit code 0, or one clear line and exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ml import files
from ml.__main__ import main
from ml.recipe import QUALITIES, Quality
from tests.ml.conftest import encoded, mushroom

DRAFT = ["--engine", "compact", "--quality", "draft"]
CHOSEN = ["--sides", "front", "--frame-count", "2", "--frame-size", "64", "--elevation", "-5"]
MESHES = (files.GLB, files.OBJ, files.STL, files.PLY, files.THREEMF)


@pytest.fixture
def photo(tmp_path: Path, mushroom_png: bytes) -> Path:
    path = tmp_path / "mushroom.png"
    path.write_bytes(mushroom_png)
    return path


def only_line(capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photo, a draft made from it in a separate process (`out`), and the printed report."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "mushroom.png").write_bytes(encoded(mushroom()))
    command = [sys.executable, "-m", "ml", str(folder / "mushroom.png"), "--out", str(folder / "out"), "--json", *DRAFT]
    done = subprocess.run([*command, *CHOSEN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "printed.json").write_text(done.stdout)
    return folder


def recipe_in(folder: Path) -> dict[str, Any]:
    recipe: dict[str, Any] = json.loads((folder / files.REPORT).read_text())["recipe"]
    return recipe


def test_the_model_is_written_and_the_report_printed_as_json(first: Path) -> None:
    assert json.loads((first / "printed.json").read_text()) == json.loads((first / "out" / files.REPORT).read_text())
    written = {path.name for path in (first / "out").iterdir()}
    assert {file.name for file in files.result_files()} <= written
    assert len([name for name in written if name.startswith("render_")]) == 2


def test_the_options_are_stored_in_the_recipe(first: Path) -> None:
    recipe = recipe_in(first / "out")
    assert (recipe["quality"], recipe["frame_count"], recipe["elevation"]) == ("draft", 2, -5)
    assert (recipe["sides"], recipe["faces"]) == (["front"], QUALITIES["draft"].faces)


def test_an_earlier_report_reproduces_the_same_bytes(first: Path, tmp_path: Path) -> None:
    report = str(first / "out" / files.REPORT)
    assert main([str(first / "mushroom.png"), "--out", str(tmp_path), "--recipe", report]) == 0
    different = [name for name in MESHES if (tmp_path / name).read_bytes() != (first / "out" / name).read_bytes()]
    assert different == []


def test_a_remix_keeps_the_scene_and_applies_the_new_options(first: Path, tmp_path: Path) -> None:
    changes = ["--quality", "draft", "--frame-count", "1", "--height-mm", "42", "--formats", "glb,stl"]
    assert main(["--remix", str(first / "out"), "--out", str(tmp_path), *changes]) == 0
    assert (tmp_path / files.SCENE).read_bytes() == (first / "out" / files.SCENE).read_bytes()
    assert recipe_in(tmp_path)["height_mm"] == 42
    assert not (tmp_path / files.OBJ).exists()


def test_the_layout_of_an_earlier_report_is_kept_and_different_weights_give_a_warning(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = json.loads((first / "out" / files.REPORT).read_text())
    assert earlier["unwrap"] == "xatlas"
    (tmp_path / "report.json").write_text(json.dumps(earlier | {"unwrap": "box", "weights_hash": "others"}))
    remixed = ["--remix", str(first / "out"), "--out", str(tmp_path / "out"), "--formats", "glb"]
    assert main([*remixed, "--recipe", str(tmp_path / "report.json")]) == 0
    assert json.loads((tmp_path / "out" / files.REPORT).read_text())["unwrap"] == "box"
    assert "made with different weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quality", "perfect"], "quality must be one of"),
        (["--grid", "9"], "grid must be a whole number between 32 and 384"),
        (["--faces", "many"], "faces must be a whole number"),
        (["--elevation", "nan"], "elevation must be between -60 and 80"),
        (["--sides", "below"], "sides must be one of"),
        (["--sides", "front,back"], "More sides than photos"),
        (["--background", "red"], "background must be"),
        (["--formats", "glb,fbx"], "formats must be one of"),
        (["--remix", "earlier"], "no other photos can be given"),
        (["--remix", "earlier", "--engine", "compact"], "engine cannot be changed"),
    ],
)
def test_an_invalid_option_prints_one_line(
    photo: Path, tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(photo), "--out", str(tmp_path / "out"), *arguments]) == 2
    assert message in only_line(capsys)


def test_a_missing_argument_prints_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path / "out")]) == 2
    assert "Give at least one photo" in only_line(capsys)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"recipe": 1}', '{"recipe": {}, "unwrap": "by hand", "weights_hash": ""}']
)
def test_a_file_that_is_not_a_report_prints_one_line(
    photo: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.json").write_text(content)
    assert main([str(photo), "--out", str(tmp_path / "out"), "--recipe", str(tmp_path / "other.json")]) == 2
    assert "is not the report.json" in only_line(capsys)


def test_a_remix_of_an_empty_folder_prints_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--remix", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert only_line(capsys)


def test_without_json_the_output_names_the_folder(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUALITIES, "draft", Quality(32, 500, 128, 64, frame_count=1))
    assert main([str(photo), "--out", str(tmp_path / "out"), *DRAFT]) == 0
    assert f"files to {tmp_path / 'out'}" in capsys.readouterr().out


def test_a_photo_that_does_not_exist_prints_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.jpg"), "--out", str(tmp_path / "out")]) == 2
    assert "none.jpg: No such file" in only_line(capsys)


def test_an_unreadable_photo_prints_one_line(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo.write_bytes(b"\xff\xd8\xff\xe0 cut off")
    assert main([str(photo), "--out", str(tmp_path / "out")]) == 2
    assert "damaged" in only_line(capsys)
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_is_a_file_prints_one_line(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(photo), "--out", str(photo)]) == 2
    assert "is not a folder" in only_line(capsys)


def test_an_output_folder_below_a_file_prints_one_line(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(photo), "--out", str(photo / "below")]) == 2
    assert "is not a folder" in only_line(capsys)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_folder_without_write_access_prints_one_line(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert main([str(photo), "--out", str(tmp_path / "locked")]) == 2
    assert "cannot be written to" in only_line(capsys)


def test_too_many_photos_print_one_line(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(photo)] * 6 + ["--out", str(tmp_path / "out")]) == 2
    assert "at most 5 photos" in only_line(capsys)


@pytest.mark.parametrize("arguments", [[], ["a.jpg"], ["a.jpg", "--out", "o", "--colour", "red"]])
def test_a_usage_error_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2
