"""The engine and the format printed in docs/extending.md work from upload to download, through the registries alone."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from jobs.models import Job, State
from jobs.work import runner
from ml import engine_registry, engines, formats
from ml.recipe import Recipe
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "extending.md"
TINY = {"grid": "32", "faces": "500", "texture_size": "512", "frame_count": "2", "frame_size": "64"}


def code_in_docs(path: str) -> str:
    """The example that is headed by a comment with this path."""
    [code] = re.findall(rf"```python\n# {re.escape(path)}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    return str(code)


def entry_in_docs(path: str, module: ModuleType) -> dict[str, Any]:
    """The printed line of a registry, evaluated where it belongs."""
    entry: dict[str, Any] = eval("{" + code_in_docs(path) + "}", vars(module))
    return entry


@pytest.fixture(autouse=True)
def extended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's two modules, and its two entries in the registries. Nothing else."""
    for name in ("ml.engines.ball", "ml.export.xyz"):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(code_in_docs(name.replace(".", "/") + ".py"), vars(module))
    for key, value in entry_in_docs("ml/engine_registry.py, in ENGINES", engine_registry).items():
        monkeypatch.setitem(engine_registry.ENGINES, key, value)
    for key, value in entry_in_docs("ml/formats.py, in FORMATS", formats).items():
        monkeypatch.setitem(formats.FORMATS, key, value)


def body(response: Any) -> bytes:
    """All bytes of a response that is streamed asynchronously."""

    async def read() -> bytes:
        return b"".join([part async for part in response.streaming_content])

    return asyncio.run(read())


def upload(client: Client, photo: bytes, **fields: Any) -> Job:
    """Send the form of the upload page."""
    response = client.post(reverse("jobs:upload"), {"photo": SimpleUploadedFile("lamp.png", photo), **TINY, **fields})
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    return job


def test_the_form_offers_the_engine_and_the_format(owner: User) -> None:
    page = signed_in(owner).get(reverse("jobs:upload")).content.decode()
    assert '<option value="ball">Ball: for tests</option>' in page
    assert re.search(r'name="formats" value="xyz"[^>]*checked', page)


def test_a_photo_becomes_a_downloaded_file(owner: User, photo: bytes, tmp_path: Path) -> None:
    client = signed_in(owner)
    job = upload(client, photo, engine="ball", formats=["xyz"])
    runner.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.engine, job.failure_detail) == (State.SUCCEEDED, "ball", "")

    url = reverse("jobs:file", args=[job.pk, "mesh.xyz"])
    page = client.get(job.get_absolute_url()).content.decode()
    assert f"{url}?download=1" in page
    assert "a point cloud with colours" in page
    assert "mesh.stl" not in page

    download = client.get(url, {"download": "1"})
    assert download["Content-Type"] == "text/plain"
    assert download["Content-Disposition"].startswith("attachment")
    points = np.loadtxt(body(download).decode().splitlines())
    assert points.shape[1] == 6
    assert np.allclose(np.linalg.norm(points[:, :3] - (0.0, 0.0, 50.0), axis=1), 50.0, atol=2.0)

    with default_storage.open(str(job.artifacts.get(name="scene.npz").file)) as file:
        (tmp_path / "scene.npz").write_bytes(file.read())
    assert type(engines.load_scene(tmp_path / "scene.npz")).__name__ == "BallScene"


def test_the_recipe_accepts_both_and_auto_ignores_the_engine() -> None:
    assert Recipe(engine="ball", formats=("xyz",)).formats == ("xyz",)
    assert "xyz" in Recipe().formats
    assert engines.choose("ball").name == "ball"
    assert engines.choose("auto").name != "ball"
