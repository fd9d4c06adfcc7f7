"""What is checked before anything is installed."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from scripts.preflight import MIN_PYTHON, ROOT, problems


def test_a_python_that_is_too_old_is_named_with_what_to_run(tmp_path: Path) -> None:
    assert problems((3, 10), tmp_path) == ["Python 3.11 or newer is needed: make run PYTHON=python3.11"]


def test_the_oldest_python_is_the_one_that_the_project_declares(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={MIN_PYTHON[0]}.{MIN_PYTHON[1]}"
    assert problems(MIN_PYTHON, tmp_path) == []


@pytest.mark.parametrize("name", [".", "var", "media"])
def test_a_folder_without_write_access_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "media").mkdir()
    locked = str(tmp_path / name)
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked)  # root may write everywhere
    (message,) = problems(MIN_PYTHON, tmp_path)
    assert message.startswith(f"No permission to write to {locked}.")


def test_it_uses_no_syntax_of_newer_pythons() -> None:
    compile((ROOT / "scripts" / "preflight.py").read_text(), "preflight.py", "exec", dont_inherit=True)
    assert "from __future__" not in (ROOT / "scripts" / "preflight.py").read_text()
