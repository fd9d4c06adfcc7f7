"""The owner chooses the poster among the turntable images."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from accounts.models import User
from jobs.core import posters
from jobs.models import Job
from ml import files
from reconsite.core.errors import Rejected
from tests.conftest import api_of, encoded, signed_in, stored_files
from tests.jobs.models import add_file, finish

pytestmark = pytest.mark.django_db

COLOURS = ("red", "lime", "blue", "yellow")
"""Of the turntable images at 0, 90, 180 and 270 degrees."""


@pytest.fixture
def model(submit: Callable[..., Job]) -> Job:
    """A finished model with four turntable images of one colour each."""
    job = finish(submit(title="Lamp"))
    job.artifacts.filter(name="render_000.png").delete()
    for number, colour in enumerate(COLOURS):
        add_file(job, files.frame_name(number), encoded(Image.new("RGBA", (64, 64), colour)))
    return job


def poster_of(job: Job) -> Image.Image:
    with default_storage.open(str(job.artifacts.get(name=files.POSTER).file)) as file:
        return Image.open(io.BytesIO(file.read())).convert("RGB")


def looks(job: Job, colour: str) -> bool:
    wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
    found = poster_of(job).getpixel((256, 256))
    assert isinstance(wanted, tuple)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 12 for one, other in zip(wanted, found, strict=True))


@pytest.mark.parametrize(
    ("azimuth", "colour"),
    [(0.0, "red"), (44.0, "red"), (46.0, "lime"), (180.0, "blue"), (-90.0, "yellow"), (359.0, "red"), (-180.0, "blue")],
)
def test_the_nearest_image_becomes_the_poster(model: Job, azimuth: float, colour: str) -> None:
    posters.use_view(model, azimuth)
    assert looks(model, colour)
    assert poster_of(model).size == (512, 512)


def test_the_row_describes_the_new_file(model: Job) -> None:
    before = model.artifacts.get(name=files.POSTER)
    posters.use_view(model, 90.0)
    after = model.artifacts.get(name=files.POSTER)
    assert after.sha256 != before.sha256
    assert after.size == default_storage.size(str(after.file))
    changed = Job.objects.get(pk=model.pk)
    assert changed.size == model.size + after.size - before.size
    assert changed.updated_at > model.updated_at


def test_the_old_file_goes_after_the_commit(
    model: Job, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    old = str(model.artifacts.get(name=files.POSTER).file)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        posters.use_view(model, 90.0)
    assert old not in stored_files()
    assert len([name for name in stored_files() if "poster" in name]) == 1


def test_a_job_without_images_has_no_poster_to_change(job: Job) -> None:
    with pytest.raises(Rejected):
        posters.use_view(job, 0.0)


def test_owner_changes_it_by_page_and_api(model: Job, owner: User) -> None:
    page = signed_in(owner).post(f"{model.get_absolute_url()}poster/", {"azimuth": "-90"}, follow=True)
    assert "Poster changed" in page.content.decode()
    assert looks(model, "yellow")
    assert api_of(owner).post(f"/api/v1/jobs/{model.pk}/poster/", {"azimuth": 90}).status_code == 200
    assert looks(model, "lime")
    signed_in(owner).post(f"{model.get_absolute_url()}poster/", {"azimuth": "nan"})
    assert looks(model, "red")


def test_nobody_else_changes_it(model: Job, stranger: User, staff: User) -> None:
    digest = model.artifacts.get(name=files.POSTER).sha256
    for user in (stranger, staff):
        assert signed_in(user).post(f"{model.get_absolute_url()}poster/", {"azimuth": "90"}).status_code == 404
        assert api_of(user).post(f"/api/v1/jobs/{model.pk}/poster/", {"azimuth": 90}).status_code == 404
    assert Client().post(f"{model.get_absolute_url()}poster/").status_code == 302
    assert api_of(None).post(f"/api/v1/jobs/{model.pk}/poster/", {"azimuth": 90}).status_code == 401
    assert model.artifacts.get(name=files.POSTER).sha256 == digest


def test_browsers_ask_for_the_poster_again(model: Job, owner: User) -> None:
    response = signed_in(owner).get(f"{model.get_absolute_url()}files/{files.POSTER}")
    assert response["Cache-Control"] == "private, no-cache"


def test_a_damaged_image_does_not_become_the_poster(model: Job) -> None:
    model.artifacts.filter(name="render_000.png").delete()
    add_file(model, "render_000.png", b"not a picture")
    before = model.artifacts.get(name=files.POSTER).sha256
    with pytest.raises(Rejected, match="damaged"):
        posters.use_view(model, 0.0)
    assert model.artifacts.get(name=files.POSTER).sha256 == before
