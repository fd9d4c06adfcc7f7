"""What visitors see of a shared or published model, and what they never see."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from accounts.models import User
from jobs.core import moderation, sharing
from jobs.models import Job
from ml import files
from tests.conftest import encoded, picture
from tests.jobs.downloads import zip_of
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db

PRIVATE = (files.CUTOUT, files.SCENE, files.REPORT)


@pytest.fixture
def urls(job: Job) -> dict[str, str]:
    """The two pages for visitors: share link and published page."""
    finish(job)
    poster = job.artifacts.get(name=files.POSTER)
    Path(default_storage.path(str(poster.file))).write_bytes(encoded(picture(), "WEBP"))
    sharing.publish(job)
    return {"shared": sharing.share(job).get_absolute_url(), "public": f"/explore/{job.pk}/"}


BOTH = pytest.mark.parametrize("visitor", ["shared", "public"])


@BOTH
def test_visitors_see_the_viewer_and_the_downloads(urls: dict[str, str], client: Client, visitor: str) -> None:
    text = client.get(urls[visitor]).content.decode()
    assert f'data-model="{urls[visitor]}files/mesh.glb"' in text
    assert "Download all as ZIP" in text


@BOTH
def test_visitors_do_not_see_forms_photo_or_recipe(urls: dict[str, str], client: Client, visitor: str) -> None:
    text = client.get(urls[visitor]).content.decode()
    for private in ("data-remix", "data-compare", ">Details<", *PRIVATE):
        assert private not in text, private


@BOTH
def test_visitors_can_download_the_model(urls: dict[str, str], client: Client, visitor: str) -> None:
    assert client.get(f"{urls[visitor]}files/mesh.glb").status_code == 200


@BOTH
@pytest.mark.parametrize("name", PRIVATE)
def test_visitors_cannot_download_private_files(urls: dict[str, str], client: Client, visitor: str, name: str) -> None:
    assert client.get(f"{urls[visitor]}files/{name}").status_code == 404


@BOTH
def test_the_zip_contains_only_public_files(urls: dict[str, str], client: Client, visitor: str) -> None:
    names = zip_of(client.get(f"{urls[visitor]}files.zip")).namelist()
    assert "lamp/lamp.glb" in names
    assert not {f"lamp/{name}" for name in PRIVATE} & set(names)


@BOTH
def test_the_open_graph_image_has_an_absolute_url(urls: dict[str, str], client: Client, visitor: str) -> None:
    text = client.get(urls[visitor]).content.decode()
    assert f'property="og:image" content="{settings.SITE_URL}{urls[visitor]}picture.jpg"' in text
    assert 'name="twitter:card" content="summary_large_image"' in text


@BOTH
def test_the_preview_image_is_a_jpeg_of_the_expected_size(urls: dict[str, str], client: Client, visitor: str) -> None:
    response = client.get(f"{urls[visitor]}picture.jpg")
    image = Image.open(io.BytesIO(response.content))
    assert (response["Content-Type"], image.format, image.size) == ("image/jpeg", "JPEG", (1200, 630))


@BOTH
def test_the_page_cannot_be_framed(urls: dict[str, str], client: Client, visitor: str) -> None:
    response = client.get(urls[visitor])
    assert response["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


@BOTH
def test_only_the_embedded_viewer_can_be_framed(urls: dict[str, str], client: Client, visitor: str) -> None:
    response = client.get(f"{urls[visitor]}embed/")
    assert "X-Frame-Options" not in response
    assert "frame-ancestors *" in response["Content-Security-Policy"]
    assert "script-src 'self'" in response["Content-Security-Policy"]


EVERYTHING = ("", "embed/", "files.zip", "picture.jpg", "files/mesh.glb")


@pytest.mark.parametrize("path", EVERYTHING)
def test_a_revoked_link_is_404(urls: dict[str, str], job: Job, client: Client, path: str) -> None:
    assert client.get(f"{urls['shared']}{path}").status_code == 200
    sharing.revoke(job)
    assert client.get(f"{urls['shared']}{path}").status_code == 404


@pytest.mark.parametrize("path", EVERYTHING)
def test_an_unpublished_model_is_404(urls: dict[str, str], job: Job, client: Client, path: str) -> None:
    assert client.get(f"{urls['public']}{path}").status_code == 200
    sharing.unpublish(job)
    assert client.get(f"{urls['public']}{path}").status_code == 404


@BOTH
def test_a_hidden_model_is_404(urls: dict[str, str], job: Job, client: Client, staff: User, visitor: str) -> None:
    moderation.hide(staff, job, "not ours to show")
    assert client.get(urls[visitor]).status_code == 404


def test_a_made_up_token_is_404(db: None, client: Client) -> None:
    assert client.get("/s/AAAAAAAAAAAAAAAAAAAAAA/").status_code == 404


def test_share_links_are_not_indexed(urls: dict[str, str], client: Client) -> None:
    assert 'name="robots" content="noindex"' in client.get(urls["shared"]).content.decode()


def test_the_ar_app_of_a_phone_gets_only_public_urls(
    urls: dict[str, str], job: Job, owner: User, client: Client
) -> None:
    assert f'data-glb="{urls["shared"]}files/mesh.glb"' in client.get(urls["shared"]).content.decode()
    client.force_login(owner)
    assert "data-glb" not in client.get(job.get_absolute_url()).content.decode()
