"""Both storages keep the same promises: the local folder, and a bucket of a real S3 server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from jobs.core import storage
from reconsite.core import s3_storage
from reconsite.core.stored import NewFile, PrivateStorage
from tests import s3


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running S3 server."""
    with s3.server(tmp_path_factory.mktemp("s3") / "log") as url:
        yield url


@pytest.fixture(params=["local", "s3"])
def backend(request: pytest.FixtureRequest, address: str, settings: Settings, tmp_path: Path) -> PrivateStorage:
    """An empty storage."""
    is_local = request.param == "local"
    url = f"file://{tmp_path}/files" if is_local else s3.url_of(address, s3.new_bucket(address))
    settings.STORAGES = s3.storages(url)
    return storage.backend()


def new_file(folder: Path, key: str, data: bytes) -> NewFile:
    """A local file that is to be stored."""
    path = folder / key.replace("/", "-")
    path.write_bytes(data)
    return NewFile(path, key, hashlib.sha256(data).hexdigest())


def read(key: str) -> bytes:
    with storage.backend().open(key) as file:
        return bytes(file.read())


def test_it_is_usable(backend: PrivateStorage) -> None:
    assert (backend.problem(), backend.is_available()) == ("", True)
    assert list(backend.keys()) == []


def test_what_is_saved_is_read_again(backend: PrivateStorage) -> None:
    assert backend.save("jobs/a/photo.png", ContentFile(b"picture")) == "jobs/a/photo.png"
    assert read("jobs/a/photo.png") == b"picture"
    assert (backend.exists("jobs/a/photo.png"), backend.exists("jobs/a/other.png")) == (True, False)


def test_a_missing_file_is_not_found(backend: PrivateStorage) -> None:
    with pytest.raises(FileNotFoundError):
        backend.open("jobs/a/photo.png")
    with pytest.raises(FileNotFoundError):
        backend.open_part("jobs/a/photo.png", 0, 9)
    backend.delete("jobs/a/photo.png")
    backend.delete_tree("jobs/a")


def test_local_files_are_moved_in(backend: PrivateStorage, tmp_path: Path) -> None:
    files = [new_file(tmp_path, f"jobs/a/run/{number}.bin", bytes([number]) * 100) for number in range(20)]
    assert backend.move_in(files) == [new.key for new in files]
    assert [read(new.key) for new in files] == [bytes([number]) * 100 for number in range(20)]


def test_a_large_file_arrives_whole(backend: PrivateStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_storage, "PART_BYTES", 5 * 1024 * 1024)  # S3's smallest; before the backend is used
    data = bytes(range(256)) * 50_000  # 12.8 MB: three parts
    new = new_file(tmp_path, "jobs/a/run/mesh.obj", data)
    backend.move_in([new])
    storage.copy_whole(new.key, new.sha256, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data


def test_a_part_of_a_file_is_read_alone(backend: PrivateStorage) -> None:
    backend.save("jobs/a/render.mp4", ContentFile(bytes(range(256))))
    with backend.open_part("jobs/a/render.mp4", 10, 19) as file:
        assert file.read(10) == bytes(range(10, 20))


def test_a_folder_is_deleted_with_everything_in_it(backend: PrivateStorage) -> None:
    for key in ("jobs/a/photo.png", "jobs/a/run/mesh.glb", "jobs/ab/photo.png"):
        backend.save(key, ContentFile(b"x"))
    backend.delete_tree("jobs/a")
    assert list(backend.keys()) == ["jobs/ab/photo.png"]


def test_the_tree_names_folders_and_when_they_changed(backend: PrivateStorage) -> None:
    for key in ("jobs/a/photo.png", "jobs/a/run/mesh.glb", "jobs/b/photo.png", "cutouts/c/cutout.png"):
        backend.save(key, ContentFile(b"x"))
    folders = {folder.name: folder for folder in backend.tree("jobs")}
    assert {name: set(folder.folders) for name, folder in folders.items()} == {"a": {"run"}, "b": set()}
    assert abs(folders["a"].changed_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(backend.tree("nothing")) == []


def test_a_file_that_is_not_what_was_stored_is_not_used(backend: PrivateStorage, tmp_path: Path) -> None:
    backend.save("jobs/a/photo.png", ContentFile(b"damaged"))
    digest = hashlib.sha256(b"whole").hexdigest()
    with pytest.raises(FileNotFoundError, match="damaged"):
        storage.read_whole("jobs/a/photo.png", digest)
    with pytest.raises(FileNotFoundError, match="damaged"):
        storage.copy_whole("jobs/a/photo.png", digest, tmp_path / "copy")
