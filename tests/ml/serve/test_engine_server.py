"""The warm engine process: the messages it sends to its client."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from ml import files
from ml.errors import SharedEngineLost
from ml.recipe import Recipe
from ml.serve import engine_server
from tests.ml.conftest import SMALL, encoded, mushroom


def messages_for(photos: list[bytes], out_dir: Path, recipe: Recipe = SMALL, **more: Any) -> list[dict[str, Any]]:
    """Every message that a run sends."""
    ours, theirs = Pipe()
    run = threading.Thread(target=engine_server.serve, args=(theirs,))
    run.start()
    request = {"photos": len(photos), "recipe": recipe.to_dict(), "out_dir": str(out_dir), **more}
    for part in (json.dumps(request).encode(), *photos):
        ours.send_bytes(part)
    messages = [json.loads(ours.recv_bytes())]
    while not messages[-1].keys() & {"done", "refused", "lost", "error"}:
        messages.append(json.loads(ours.recv_bytes()))
    run.join()
    return messages


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return messages_for([encoded(mushroom())], tmp_path_factory.mktemp("served"))


def test_early_files_are_announced_between_the_stages(messages: list[dict[str, Any]]) -> None:
    assert [message["file"] for message in messages if "file" in message] == [files.CUTOUT, files.PREVIEW]
    order = [next(iter(message.items())) for message in messages]
    assert order.index(("file", files.CUTOUT)) < order.index(("progress", ["scene", 0.0]))
    assert order.index(("file", files.PREVIEW)) < order.index(("progress", ["mesh", 0.0]))


def test_the_last_message_holds_files_report_and_engine(messages: list[dict[str, Any]]) -> None:
    done = messages[-1]["done"]
    assert files.GLB in done["files"]
    assert done["engine"] == done["report"]["engine"] == "compact"


def test_a_rejected_photo_is_reported_with_its_code_and_leaves_no_file(tmp_path: Path) -> None:
    assert messages_for([b"not a photo"], tmp_path / "out")[-1]["refused"]["code"] == "unsupported_type"
    assert not (tmp_path / "out").exists()


def test_the_loss_of_the_shared_network_is_no_failure_of_the_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: Any, **__: Any) -> None:
        raise SharedEngineLost("The scene server ended.")

    monkeypatch.setattr("ml.pipeline.reconstruct.reconstruct", lose)
    assert messages_for([b""], tmp_path)[-1] == {"lost": "The scene server ended."}


def test_a_warm_engine_has_loaded_nothing_that_a_usual_job_does_without(u2netp: Path) -> None:
    """rembg takes 0.5 s and 80 MB, OpenUSD 0.2 s and 60 MB."""
    code = "import sys; from ml.serve import engine_server; engine_server.warm_up(); "
    code += "sys.exit(bool({'rembg', 'numba', 'pxr'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
