"""Fetching from a hub that serves a tiny checkpoint: whole, broken, wrong, and not at all."""

from __future__ import annotations

import hashlib
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from ml import engines
from ml.core.weights import FetchError
from ml.engines.triposr import checkpoint, fetch
from ml.engines.triposr.engine import FILE, installed
from ml.engines.triposr.fetch import Published

from .conftest import DATA
from .hub import Hub, serve

CHUNK = 1 << 16


@pytest.fixture
def published(tiny_checkpoint: Path) -> Published:
    data = tiny_checkpoint.read_bytes()
    return Published("someone/tiny", hashlib.sha256(data).hexdigest(), len(data))


@pytest.fixture
def hub(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A running hub; the weights' folder is empty, the client writes small pieces and does not wait between retries."""
    shutil.copy(DATA / "tiny_config.yaml", tiny_checkpoint.with_name("config.yaml"))
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    with serve(tiny_checkpoint.parent) as running:
        yield running


def left_in(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "models" / "triposr").rglob("*") if path.is_file())


def test_it_fetches_checks_and_converts(hub: Hub, published: Published, tmp_path: Path) -> None:
    path = fetch.fetch(published=published, endpoint=hub.url, precision="bfloat16")
    model = checkpoint.load(path)
    assert (model.precision, model.source_hash) == ("bfloat16", published.sha256)
    assert left_in(tmp_path) == [FILE]
    assert engines.choose("auto").name == "triposr"


def test_a_mirror_is_named_in_the_environment(hub: Hub, published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    fetch.fetch(published=published)
    assert installed()


def test_installed_weights_are_not_downloaded_again(hub: Hub, published: Published) -> None:
    first = fetch.fetch(published=published, endpoint=hub.url)
    hub.files.clear()
    assert fetch.fetch(published=published, endpoint=hub.url) == first


def test_an_interrupted_download_resumes_where_it_stopped(hub: Hub, published: Published) -> None:
    hub.cut_at = published.bytes // 2
    with pytest.raises(FetchError, match="run the same command to resume"):
        fetch.fetch(published=published, endpoint=hub.url)
    assert not installed()
    hub.cut_at = None
    hub.requests.clear()
    fetch.fetch(published=published, endpoint=hub.url)
    assert hub.requests[1:] == [("model.ckpt", published.bytes // 2 // CHUNK * CHUNK)]
    assert installed()


def test_a_wrong_hash_is_rejected_and_nothing_is_kept(hub: Hub, published: Published, tmp_path: Path) -> None:
    hub.files["model.ckpt"] = hub.files["model.ckpt"][:-1] + b"!"
    with pytest.raises(FetchError, match="is not the published checkpoint"):
        fetch.fetch(published=published, endpoint=hub.url)
    assert left_in(tmp_path) == []
    assert engines.choose("auto").name == "compact"


def test_a_full_disk_is_reported_before_the_download(
    hub: Hub, published: Published, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 1000))
    with pytest.raises(FetchError, match="not enough disk space"):
        fetch.fetch(published=published, endpoint=hub.url)
    assert (hub.requests, left_in(tmp_path)) == ([], [])


def test_without_a_network_it_says_so_and_auto_keeps_compact(hub: Hub, published: Published) -> None:
    with pytest.raises(FetchError, match=r"cannot be reached at http://127\.0\.0\.1:9\. Check the network"):
        fetch.fetch(published=published, endpoint="http://127.0.0.1:9")
    assert not installed()
    assert engines.choose("auto").name == "compact"


def test_a_mirror_without_the_file_is_reported(hub: Hub, published: Published) -> None:
    del hub.files["model.ckpt"]
    with pytest.raises(FetchError, match="cannot be reached at"):
        fetch.fetch(published=published, endpoint=hub.url)


def test_a_local_file_needs_no_hub(hub: Hub, published: Published, tiny_checkpoint: Path) -> None:
    fetch.fetch(tiny_checkpoint, published=published)
    assert (hub.requests, installed(), tiny_checkpoint.exists()) == ([], True, True)


def test_a_local_file_with_another_hash_is_rejected_and_kept(hub: Hub, tiny_checkpoint: Path) -> None:
    with pytest.raises(FetchError, match="is not the published checkpoint"):
        fetch.fetch(tiny_checkpoint)
    assert tiny_checkpoint.exists()
    assert not installed()


def test_the_command_ends_with_one_line(hub: Hub, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch.main(["--file", str(tiny_checkpoint.with_name("none.ckpt"))]) == 1
    assert "none.ckpt" in capsys.readouterr().err
