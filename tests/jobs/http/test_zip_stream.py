"""A ZIP is complete, as long as announced, and readable by the standard library."""

import asyncio
import hashlib
import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse

from accounts.models import User
from jobs.http.zip_stream import MISSING_LIST, Entry, deliver_bundle, entries_of
from jobs.models import Artifact, Job
from tests.conftest import signed_in
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db


def make_artifact(job: Job, name: str, data: bytes) -> Artifact:
    key = default_storage.save(f"jobs/{job.pk}/run/{name}", ContentFile(data))
    digest = hashlib.sha256(data).hexdigest()
    return Artifact.objects.create(job=job, name=name, file=key, size=len(data), sha256=digest)


def body(response: StreamingHttpResponse) -> bytes:
    """The bytes that a client receives."""

    async def collect() -> bytes:
        return b"".join([chunk async for chunk in response])

    return asyncio.run(collect())


def test_a_bundle_contains_every_file_unchanged(job: Job) -> None:
    contents = {"mesh.glb": bytes(range(256)) * 5000, "mesh.mtl": b"", "report.json": b"{}"}
    files = [make_artifact(job, name, data) for name, data in contents.items()]
    archive = zipfile.ZipFile(io.BytesIO(body(deliver_bundle(entries_of(files, "lamp"), "lamp.zip"))))
    assert archive.testzip() is None
    assert {name: archive.read(f"lamp/{name.replace('mesh', 'lamp')}") for name in contents} == contents


def test_the_content_length_is_known_in_advance(job: Job) -> None:
    files = [make_artifact(job, "mesh.glb", b"g" * 300_000), make_artifact(job, "mesh.mtl", b"")]
    response = deliver_bundle(entries_of(files, "lamp"), "lamp.zip")
    assert int(response["Content-Length"]) == len(body(response))


def test_a_bundle_is_a_download_with_a_name(job: Job) -> None:
    response = deliver_bundle([], "lamp.zip")
    assert response["Content-Disposition"] == 'attachment; filename="lamp.zip"'
    assert zipfile.ZipFile(io.BytesIO(body(response))).namelist() == []


def test_each_model_has_its_own_folder(job: Job) -> None:
    artifact = make_artifact(job, "mesh.glb", b"glTF")
    both = [Entry("a/mesh.glb", artifact), Entry("b/mesh.glb", artifact)]
    names = zipfile.ZipFile(io.BytesIO(body(deliver_bundle(both, "models.zip")))).namelist()
    assert names == ["a/mesh.glb", "b/mesh.glb"]


def test_generated_text_can_be_bundled_with_stored_files(job: Job) -> None:
    entries = [Entry("account.json", b"{}"), Entry("lamp/mesh.glb", make_artifact(job, "mesh.glb", b"glTF"))]
    archive = zipfile.ZipFile(io.BytesIO(body(deliver_bundle(entries, "data.zip"))))
    assert (archive.read("account.json"), archive.read("lamp/mesh.glb")) == (b"{}", b"glTF")


@pytest.mark.parametrize(("limit", "value"), [("ZIP64_LIMIT", 2000), ("ZIP_FILECOUNT_LIMIT", 3)])
def test_the_content_length_of_a_large_bundle_is_correct(
    db: None, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(zipfile, limit, value)
    response = deliver_bundle([Entry(f"{number}.bin", b"x" * 500) for number in range(9)], "large.zip")
    data = body(response)
    assert int(response["Content-Length"]) == len(data)
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


def test_a_missing_file_is_listed_and_the_others_are_delivered(job: Job) -> None:
    artifacts = [make_artifact(job, "mesh.glb", b"glTF"), make_artifact(job, "mesh.obj", b"mtllib mesh.mtl")]
    default_storage.delete(str(artifacts[1].file))
    archive = zipfile.ZipFile(io.BytesIO(body(deliver_bundle(entries_of(artifacts, "lamp"), "lamp.zip"))))
    assert archive.namelist() == ["lamp/lamp.glb", MISSING_LIST]
    assert archive.read(MISSING_LIST) == b"lamp/lamp.obj\n"


def test_a_bundle_of_missing_files_is_a_404(job: Job, owner: User) -> None:
    for artifact in finish(job).artifacts.all():
        default_storage.delete(str(artifact.file))
    assert signed_in(owner).get(f"/jobs/{job.pk}/files.zip").status_code == 404
