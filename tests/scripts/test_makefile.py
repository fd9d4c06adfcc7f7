"""`make test` and `make test-slow` together run every test, and neither runs what the other does."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts.preflight import ROOT

TESTS = ROOT / "tests"


def commands(*arguments: str) -> list[str]:
    """The commands that make would run to test, with everything installed."""
    fresh = [f"--assume-old={stamp}" for stamp in ("var/.ready", "var/.dev")]
    done = subprocess.run(
        ["make", "--dry-run", *fresh, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [" ".join(line.split()) for line in done.stdout.splitlines() if " -m pytest " in line]


def defines_tests(path: Path) -> bool:
    """Whether a file has functions that pytest would take for tests if it looked into the file."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_every_test_is_either_fast_or_slow() -> None:
    (fast,), (slow, on_postgresql) = commands("test"), commands("test-slow")
    assert fast.replace('-m "not slow"', "") == slow.replace("-m slow", ""), "both runs look at the same files"
    assert fast.endswith('-m "not slow"')
    assert slow.endswith("-m slow")
    assert " -m scripts.postgresql " in on_postgresql  # some of the fast tests, once more
    assert commands("test-all") == [fast, slow, on_postgresql]


def test_the_web_layer_leaves_out_only_slow_tests_and_real_workers() -> None:
    (web,) = commands("test-web")
    assert '-m "not slow and not worker" tests/accounts' in web


def test_pytest_looks_into_every_file_with_tests() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert options["testpaths"] == ["tests"]
    assert "python_files" not in options
    assert "--ignore" not in options["addopts"]
    overlooked = [path for path in TESTS.rglob("*.py") if not path.name.startswith("test_") and defines_tests(path)]
    assert overlooked == []


def test_every_folder_of_tests_belongs_to_one_layer() -> None:
    layers = " ".join(line for target in ("test-web", "test-ml", "test-browser") for line in commands(target)).split()
    folders = [f"tests/{path.parent.name}" for path in TESTS.glob("*/__init__.py")]
    assert sorted(word for word in layers if word.startswith("tests/")) == sorted(folders)


@pytest.mark.parametrize("target", ["test", "test-web", "test-ml", "test-browser"])
def test_a_narrowed_run_takes_slow_tests_too(target: str) -> None:
    (command,) = commands(target, "TESTS=tests/ml/mesh", "K=closed and not open")
    assert command == '.venv/bin/python -m pytest -k "closed and not open" tests/ml/mesh'


def test_ci_runs_lint_and_both_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make lint", "make test", "make test-slow"]
