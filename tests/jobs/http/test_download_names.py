"""Downloads are called after the model, and an OBJ and its MTL refer to each other by these names."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import trimesh
from django.test import RequestFactory

from jobs.http.delivery import deliver
from jobs.http.download_names import download_name, slug_of
from jobs.http.zip_stream import approximate_size, deliver_bundle, entries_of
from jobs.models import Artifact, Job
from ml import files
from tests.jobs.downloads import content_of, zip_of
from tests.jobs.models import add_file

pytestmark = pytest.mark.django_db

OBJ = b"# Reconsite\nmtllib mesh.mtl\no model\nusemtl model\ns 1\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n"
OBJ += b"# mtllib mesh.mtl\n" * 100
MTL = b"# Reconsite\nnewmtl model\nKd 1 1 1\nmap_Kd mesh_texture.png\n"


@pytest.fixture
def artifacts(job: Job) -> list[Artifact]:
    job.title = "Große Kugel"
    job.save()
    contents = {files.OBJ: OBJ, files.MTL: MTL, files.TEXTURE: PNG, files.STL: b"stl", files.VIDEO: b"mp4"}
    return [add_file(job, name, content) for name, content in contents.items()]


def _png() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(buffer, "PNG")
    return buffer.getvalue()


PNG = _png()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Große Kugel", "grosse-kugel"),
        ("Ça va, œuf?", "ca-va-oeuf"),
        ("Чашка", "chashka"),
        ("灯", "deng"),
        ("../x", "x"),
        ("???", "model"),
        ("🤖", "robot"),
        ("x" * 100, "x" * 60),
    ],
)
def test_titles_are_transliterated(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_the_title_takes_the_place_of_mesh() -> None:
    assert download_name(files.OBJ, "lamp") == "lamp.obj"
    assert download_name(files.TEXTURE, "lamp") == "lamp_texture.png"
    assert download_name(files.VIDEO, "lamp") == "lamp-render.mp4"


def get(artifact: Artifact, query: str = "?download=1", **headers: str) -> Any:
    return deliver(RequestFactory().get(f"/{query}", headers=headers), artifact)


def test_every_download_has_the_name_of_the_model(artifacts: list[Artifact]) -> None:
    names = [get(artifact)["Content-Disposition"].split('"')[1] for artifact in artifacts]
    stem = "grosse-kugel"
    assert names == [f"{stem}.obj", f"{stem}.mtl", f"{stem}_texture.png", f"{stem}.stl", f"{stem}-render.mp4"]


def test_a_downloaded_obj_refers_to_the_downloaded_mtl(artifacts: list[Artifact]) -> None:
    obj, mtl = (get(artifact) for artifact in artifacts[:2])
    text, material = content_of(obj), content_of(mtl)
    assert text.startswith(b"# Reconsite\nmtllib grosse-kugel.mtl\no grosse-kugel\nusemtl grosse-kugel\ns 1\nv ")
    assert text.endswith(OBJ[OBJ.index(b"v 0 0 0") :])
    assert material == b"# Reconsite\nnewmtl grosse-kugel\nKd 1 1 1\nmap_Kd grosse-kugel_texture.png\n"
    assert [int(response["Content-Length"]) for response in (obj, mtl)] == [len(text), len(material)]


def test_the_viewer_gets_the_files_as_they_are(artifacts: list[Artifact]) -> None:
    assert content_of(get(artifacts[0], "")) == OBJ


def test_a_renamed_file_is_sent_again_after_the_model_was_renamed(artifacts: list[Artifact]) -> None:
    etag = get(artifacts[0])["ETag"]
    assert get(artifacts[0], **{"if-none-match": etag}).status_code == 304
    artifacts[0].job.title = "Ball"
    assert get(artifacts[0], **{"if-none-match": etag}).status_code == 200


def test_an_obj_of_an_earlier_version_keeps_its_material(job: Job) -> None:
    old = add_file(job, files.OBJ, b"mtllib mesh.mtl\nv 0 0 0\nusemtl surface\n")
    mtl = add_file(job, files.MTL, b"newmtl surface\nmap_Kd mesh_texture.png\n")
    assert content_of(get(old)) == b"mtllib lamp.mtl\nv 0 0 0\nusemtl surface\n"
    assert content_of(get(mtl)) == b"newmtl surface\nmap_Kd lamp_texture.png\n"


def test_a_bundle_can_be_unpacked_and_opened(artifacts: list[Artifact], tmp_path: Path) -> None:
    response = deliver_bundle(entries_of(artifacts, "grosse-kugel"), "grosse-kugel.zip")
    zip_of(response).extractall(tmp_path)
    loaded: Any = trimesh.load(tmp_path / "grosse-kugel" / "grosse-kugel.obj", force="mesh")
    assert loaded.visual.material.image.getpixel((0, 0)) == (255, 0, 0)


def test_the_size_of_a_bundle_is_announced_exactly_and_shown_nearly(artifacts: list[Artifact]) -> None:
    response = deliver_bundle(entries_of(artifacts, "grosse-kugel"), "grosse-kugel.zip")
    length = int(response["Content-Length"])
    assert length == len(content_of(response))
    assert abs(approximate_size(artifacts, "grosse-kugel") - length) < 200
