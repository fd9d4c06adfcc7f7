"""What strangers see of a model that is shared or published, and what they never see."""

from __future__ import annotations

import io
import zipfile
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
from tests.jobs.http.test_zip_stream import body
from tests.jobs.views.test_result_page import finish

pytestmark = pytest.mark.django_db

PRIVATE = (files.CUTOUT, files.SCENE, files.REPORT)


@pytest.fixture
def doors(job: Job) -> dict[str, str]:
    """The two ways in for strangers: the secret link, and the published page."""
    finish(job)
    poster = job.artifacts.get(name=files.POSTER)
    Path(default_storage.path(str(poster.file))).write_bytes(encoded(picture(), "WEBP"))
    sharing.publish(job)
    return {"shared": sharing.share(job).get_absolute_url(), "public": f"/explore/{job.pk}/"}


BOTH = pytest.mark.parametrize("door", ["shared", "public"])


@BOTH
def test_anybody_sees_the_viewer_and_the_downloads(doors: dict[str, str], client: Client, door: str) -> None:
    text = client.get(doors[door]).content.decode()
    assert f'data-model="{doors[door]}files/mesh.glb"' in text
    assert "Download all as ZIP" in text


@BOTH
def test_nobody_sees_forms_photo_or_recipe(doors: dict[str, str], client: Client, door: str) -> None:
    text = client.get(doors[door]).content.decode()
    for private in ("data-remix", "data-compare", ">Details<", *PRIVATE):
        assert private not in text, private


@BOTH
def test_the_model_is_delivered(doors: dict[str, str], client: Client, door: str) -> None:
    assert client.get(f"{doors[door]}files/mesh.glb").status_code == 200


@BOTH
@pytest.mark.parametrize("name", PRIVATE)
def test_what_shows_the_photo_is_not_delivered(doors: dict[str, str], client: Client, door: str, name: str) -> None:
    assert client.get(f"{doors[door]}files/{name}").status_code == 404


@BOTH
def test_the_zip_holds_what_strangers_may_have(doors: dict[str, str], client: Client, door: str) -> None:
    names = zipfile.ZipFile(io.BytesIO(body(client.get(f"{doors[door]}files.zip")))).namelist()  # type: ignore[arg-type]
    assert "lamp/mesh.glb" in names
    assert not {f"lamp/{name}" for name in PRIVATE} & set(names)


@BOTH
def test_other_sites_are_told_an_absolute_picture(doors: dict[str, str], client: Client, door: str) -> None:
    text = client.get(doors[door]).content.decode()
    assert f'property="og:image" content="{settings.SITE_URL}{doors[door]}picture.jpg"' in text
    assert 'name="twitter:card" content="summary_large_image"' in text


@BOTH
def test_the_picture_is_a_jpeg_of_the_expected_size(doors: dict[str, str], client: Client, door: str) -> None:
    answer = client.get(f"{doors[door]}picture.jpg")
    shown = Image.open(io.BytesIO(answer.content))
    assert (answer["Content-Type"], shown.format, shown.size) == ("image/jpeg", "JPEG", (1200, 630))


@BOTH
def test_a_page_of_a_model_lets_nobody_frame_it(doors: dict[str, str], client: Client, door: str) -> None:
    answer = client.get(doors[door])
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_only_the_embedded_viewer_may_be_framed(doors: dict[str, str], client: Client) -> None:
    answer = client.get(f"{doors['shared']}embed/")
    assert "X-Frame-Options" not in answer
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]


EVERYTHING = ("", "embed/", "files.zip", "picture.jpg", "files/mesh.glb")


@pytest.mark.parametrize("path", EVERYTHING)
def test_a_revoked_link_leads_nowhere(doors: dict[str, str], job: Job, client: Client, path: str) -> None:
    assert client.get(f"{doors['shared']}{path}").status_code == 200
    sharing.revoke(job)
    assert client.get(f"{doors['shared']}{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "files.zip", "picture.jpg", "files/mesh.glb"])
def test_an_unpublished_model_is_gone_for_others(doors: dict[str, str], job: Job, client: Client, path: str) -> None:
    assert client.get(f"{doors['public']}{path}").status_code == 200
    sharing.unpublish(job)
    assert client.get(f"{doors['public']}{path}").status_code == 404


@BOTH
def test_what_a_moderator_hid_is_gone(doors: dict[str, str], job: Job, client: Client, staff: User, door: str) -> None:
    moderation.hide(staff, job, "not ours to show")
    assert client.get(doors[door]).status_code == 404


def test_a_made_up_token_is_404(db: None, client: Client) -> None:
    assert client.get("/s/AAAAAAAAAAAAAAAAAAAAAA/").status_code == 404


def test_search_engines_leave_secret_links_alone(doors: dict[str, str], client: Client) -> None:
    assert 'name="robots" content="noindex"' in client.get(doors["shared"]).content.decode()


def test_a_phones_own_viewer_is_offered_only_what_it_can_fetch(
    doors: dict[str, str], job: Job, owner: User, client: Client
) -> None:
    assert f'data-glb="{doors["shared"]}files/mesh.glb"' in client.get(doors["shared"]).content.decode()
    client.force_login(owner)
    assert "data-glb" not in client.get(job.get_absolute_url()).content.decode()
