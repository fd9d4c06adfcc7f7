"""`python -m ml`: files and exit 0, or one clear line and exit 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ml import files
from ml.__main__ import main
from ml.recipe import QUALITIES, Quality

DRAFT = ["--engine", "compact", "--quality", "draft"]


@pytest.fixture
def photo(tmp_path: Path, mushroom_png: bytes) -> Path:
    path = tmp_path / "mushroom.png"
    path.write_bytes(mushroom_png)
    return path


def only_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_it_makes_a_model_and_prints_the_report_as_json(photo: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ml", str(photo), "--out", str(tmp_path / "out"), "--json", *DRAFT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["recipe"]["quality"] == "draft"
    made = {each.name for each in (tmp_path / "out").iterdir()}
    assert {each.name for each in files.FILES} <= made
    assert len([name for name in made if name.startswith("render_")]) == 30


def test_without_json_it_says_where_the_files_are(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUALITIES, "draft", Quality(32, 500, 128, 64, frame_count=1))
    assert main([str(photo), "--out", str(tmp_path / "out"), *DRAFT]) == 0
    assert f"files in {tmp_path / 'out'}" in capsys.readouterr().out


def test_a_missing_photo_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.jpg"), "--out", str(tmp_path / "out")]) == 2
    assert "none.jpg: No such file" in only_line(capsys)


def test_an_unreadable_photo_is_one_line(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo.write_bytes(b"\xff\xd8\xff\xe0 cut off")
    assert main([str(photo), "--out", str(tmp_path / "out")]) == 2
    assert "damaged" in only_line(capsys)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_one_line(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(photo), "--out", str(photo)]) == 2
    assert "is not a folder" in only_line(capsys)


def test_a_folder_below_a_file_is_one_line(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(photo), "--out", str(photo / "below")]) == 2
    assert "is not a folder" in only_line(capsys)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert main([str(photo), "--out", str(tmp_path / "locked")]) == 2
    assert "cannot be written to" in only_line(capsys)


def test_two_photos_are_one_line(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(photo), str(photo), "--out", str(tmp_path / "out")]) == 2
    assert "Only one photo" in only_line(capsys)


@pytest.mark.parametrize("arguments", [[], ["a.jpg"], ["a.jpg", "--out", "o", "--quality", "perfect"]])
def test_a_wrong_command_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
