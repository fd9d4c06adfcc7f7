"""The warm process: what it answers over its line."""

from __future__ import annotations

import json
import threading
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from ml import files
from ml.recipe import Recipe
from ml.serve import engine_server
from tests.ml.conftest import SMALL, encoded, mushroom


def asked(photos: list[bytes], out_dir: Path, recipe: Recipe = SMALL, **more: Any) -> list[dict[str, Any]]:
    """Every message that a run sends."""
    ours, theirs = Pipe()
    run = threading.Thread(target=engine_server.serve, args=(theirs,))
    run.start()
    request = {"photos": len(photos), "recipe": recipe.to_dict(), "out_dir": str(out_dir), **more}
    for message in (json.dumps(request).encode(), *photos):
        ours.send_bytes(message)
    said = [json.loads(ours.recv_bytes())]
    while not said[-1].keys() & {"done", "refused", "error"}:
        said.append(json.loads(ours.recv_bytes()))
    run.join()
    return said


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return asked([encoded(mushroom())], tmp_path_factory.mktemp("served"))


def test_it_tells_of_early_files_between_the_steps(said: list[dict[str, Any]]) -> None:
    assert [each["file"] for each in said if "file" in each] == [files.CUTOUT, files.PREVIEW]
    order = [next(iter(each.items())) for each in said]
    assert order.index(("file", files.CUTOUT)) < order.index(("progress", ["scene", 0.0]))
    assert order.index(("file", files.PREVIEW)) < order.index(("progress", ["mesh", 0.0]))


def test_it_ends_with_files_report_and_engine(said: list[dict[str, Any]]) -> None:
    done = said[-1]["done"]
    assert files.GLB in done["files"]
    assert done["engine"] == done["report"]["engine"] == "compact"


def test_a_refusal_has_its_code_and_leaves_nothing(tmp_path: Path) -> None:
    assert asked([b"not a photo"], tmp_path / "out")[-1]["refused"]["code"] == "unsupported_type"
    assert not (tmp_path / "out").exists()
