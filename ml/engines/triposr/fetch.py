"""Fetch the published weights: `python -m ml.engines.triposr.fetch`, or from a file or a mirror.

The checkpoint is downloaded through huggingface_hub (a second call resumes the first), its SHA-256 is
compared with the published one, and what the network needs of it is written in the precision that this machine runs
best. `HF_ENDPOINT` names a mirror.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml
from tqdm import tqdm

from ml.core.weights import FetchError
from ml.engines.triposr import checkpoint
from ml.engines.triposr.checkpoint import CheckpointError, Model
from ml.engines.triposr.engine import FILE, weights_file
from ml.engines.triposr.precision import best_precision
from ml.engines.triposr.sizes import Sizes

CHECKPOINT, CONFIG = "model.ckpt", "config.yaml"


@dataclass(frozen=True)
class Published:
    """What is downloaded, and how it is known to be the right thing."""

    repository: str = "stabilityai/TripoSR"
    sha256: str = "429e2c6b22a0923967459de24d67f05962b235f79cde6b032aa7ed2ffcd970ee"
    bytes: int = 1_677_246_742


def fetch(
    local: Path | None = None,
    folder: Path | None = None,
    *,
    published: Published | None = None,
    precision: str | None = None,
    endpoint: str | None = None,
) -> Path:
    """The path of the converted weights, made from `local` (a `model.ckpt`) or a download unless they are there.

    `precision` other than that of the weights that are there converts again. Raises FetchError.
    """
    published, precision = published or Published(), precision or best_precision()
    path = folder / FILE if folder else weights_file()
    if _ready(path, precision):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if local:
            return _install(local, _config_beside(local), path, published, precision)
        return _from_hub(path, published, precision, endpoint)
    except OSError as error:
        raise FetchError(_disk_error(error, path.parent)) from error
    except CheckpointError as error:
        raise FetchError(f"The checkpoint cannot be used. {error}") from error


def _ready(path: Path, precision: str) -> bool:
    try:
        return checkpoint.load(path).precision == precision
    except (OSError, ValueError):
        return False


def _config_beside(local: Path) -> Path | None:
    """The `config.yaml` beside a local checkpoint; without one it must have the published sizes."""
    config = local.with_name(CONFIG)
    return config if config.is_file() else None


def _from_hub(path: Path, published: Published, precision: str, endpoint: str | None) -> Path:
    downloads = path.parent / "download"
    _check_space(path.parent, published.bytes - _bytes_below(downloads))
    config = _download(published, CONFIG, downloads, endpoint)
    local = _download(published, CHECKPOINT, downloads, endpoint)
    try:
        _install(local, config, path, published, precision)
    except (FetchError, CheckpointError):
        shutil.rmtree(downloads, ignore_errors=True)
        raise
    shutil.rmtree(downloads, ignore_errors=True)
    return path


def _download(published: Published, name: str, folder: Path, endpoint: str | None) -> Path:
    """One file with a progress bar; a partial download of the same version is resumed.

    huggingface_hub's own `hf_hub_download` starts over after a cut (2.x), so its parts are put together here.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import http_get

    endpoint = endpoint or os.environ.get("HF_ENDPOINT")
    try:
        remote = get_hf_file_metadata(hf_hub_url(published.repository, name, endpoint=endpoint), endpoint=endpoint)
    except Exception as error:
        raise FetchError(_unreachable(published, endpoint)) from error
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.{(remote.etag or 'unknown')[:16]}.part"
    try:
        part.touch()
        with part.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            http_get(remote.location, file, resume_size=file.tell(), expected_size=remote.size, displayed_filename=name)
    except OSError:
        raise
    except Exception as error:
        raise FetchError(f"The download of {name} was interrupted; run the same command to resume it.") from error
    return part.replace(folder / name)


def _install(local: Path, config: Path | None, path: Path, published: Published, precision: str) -> Path:
    """Check a checkpoint and write what the network needs of it."""
    found = _sha256(local)
    if found != published.sha256:
        raise FetchError(f"{local} is not the published checkpoint: its SHA-256 is {found}, not {published.sha256}.")
    sizes = Sizes.from_config(yaml.safe_load(config.read_text())) if config else Sizes()
    tensors = checkpoint.read(local, sizes)
    _check_space(path.parent, sum(tensor.nbytes for tensor in tensors.values()) // (1 if precision == "float32" else 2))
    checkpoint.save(path, Model(checkpoint.convert(tensors, sizes, precision), sizes, precision, found))
    return path


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file, tqdm(total=path.stat().st_size, unit="B", unit_scale=True, desc="checking") as bar:
        while part := file.read(1 << 22):
            digest.update(part)
            bar.update(len(part))
    return digest.hexdigest()


def _check_space(folder: Path, needed: int) -> None:
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _disk_error(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"There is not enough disk space in {folder}: TripoSR needs 3.5 GB while it is fetched, 0.9 GB after."
    return f"The weights could not be fetched: {error}"


def _unreachable(published: Published, endpoint: str | None) -> str:
    host = endpoint or "huggingface.co"
    return (
        f"{published.repository} cannot be reached at {host}. Check the network, name a mirror in HF_ENDPOINT, "
        f"or download {CHECKPOINT} elsewhere and give its path with --file."
    )


def main(arguments: list[str] | None = None) -> int:
    """Command line: fetch what is missing and print its path."""
    parser = argparse.ArgumentParser(
        prog="python -m ml.engines.triposr.fetch", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--file", type=Path, help="a model.ckpt that is here already")
    parser.add_argument("--folder", type=Path, help="where the weights go (default: triposr in MODELS_DIR)")
    parser.add_argument("--precision", choices=("float32", "bfloat16", "float16"), help="default: what runs best here")
    options = parser.parse_args(arguments)
    try:
        path = fetch(options.file, options.folder, precision=options.precision)
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
