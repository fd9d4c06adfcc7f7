"""What the page of a finished model shows: files by visitor, viewer, downloads and recipe."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from pytest_django import Settings

from jobs.core import sharing
from jobs.models import Job
from jobs.pages import result
from ml import files
from ml.recipe import Recipe
from tests.jobs.models import CAMERA, FILE_NAMES, finish

pytestmark = pytest.mark.django_db

PUBLIC_NAMES = {files.GLB, files.OBJ, files.MTL, files.POSTER, "render_000.png"}


@pytest.fixture
def finished(job: Job) -> Job:
    return finish(job)


def names(links: result.FileLinks) -> set[str]:
    return {artifact.name for artifact in links.artifacts}


def test_the_owner_gets_every_file(finished: Job) -> None:
    links = result.owner_file_links(finished)
    assert names(links) == set(FILE_NAMES)
    assert links.url(files.SCENE) == reverse("jobs:file", args=[finished.pk, files.SCENE])
    assert not links.is_public


def test_visitors_get_the_public_files_only(finished: Job) -> None:
    for links in (result.shared_file_links(finished, "token"), result.public_file_links(finished)):
        assert names(links) == PUBLIC_NAMES
        assert links.url(files.CUTOUT) is None
        assert links.is_public


def test_each_visitor_gets_urls_of_their_own(finished: Job) -> None:
    assert result.shared_file_links(finished, "token").url(files.GLB) == "/s/token/files/mesh.glb"
    assert result.public_file_links(finished).url(files.GLB) == f"/explore/{finished.pk}/files/mesh.glb"


@pytest.mark.parametrize(("requested", "shown"), [("", "glb"), ("glb", "glb"), ("obj", "obj"), ("exe", "glb")])
def test_the_viewer_shows_the_requested_format_or_the_glb(finished: Job, requested: str, shown: str) -> None:
    viewer = result.model_context(finished, result.owner_file_links(finished), requested)["viewer"]
    assert (viewer["format"], viewer["model_url"].rpartition(".")[2]) == (shown, shown)


def test_the_viewer_shows_the_glb_if_there_is_no_obj(finished: Job) -> None:
    finished.artifacts.get(name=files.OBJ).delete()
    viewer = result.model_context(finished, result.owner_file_links(finished), "obj")["viewer"]
    assert (viewer["format"], viewer["obj_url"]) == ("glb", None)


def test_only_public_files_are_offered_to_the_ar_app_of_a_phone(finished: Job) -> None:
    owner = result.model_context(finished, result.owner_file_links(finished))["viewer"]
    visitor = result.model_context(finished, result.public_file_links(finished))["viewer"]
    assert owner["scene_viewer_url"] is None
    assert visitor["scene_viewer_url"] == visitor["model_url"]


def test_a_download_has_label_purpose_size_and_url(finished: Job) -> None:
    context = result.model_context(finished, result.public_file_links(finished))
    glb = next(download for download in context["downloads"] if download["name"] == "lamp.glb")
    assert (glb["label"], glb["size"]) == ("GLB", len(files.GLB))
    assert glb["purpose"].startswith("one file with its texture")
    assert glb["url"] == f"/explore/{finished.pk}/files/mesh.glb?download=1"


def test_the_owner_also_sees_the_photos_and_the_recipe(finished: Job) -> None:
    context = result.owner_context(finished)
    (photo,) = json.loads(context["shots_json"])
    assert (photo["label"], photo["camera"]) == ("Front", CAMERA | {"target": [0.0, 0.0, 0.0]})
    assert ("Size (mm)", "100") in context["recipe_rows"]


def test_an_azimuth_is_labelled_in_degrees(finished: Job) -> None:
    finished.report["shots"][0]["side"] = "170.0"
    (photo,) = result.owner_context(finished)["shots"]
    assert photo["label"] == "170.0°"


def test_the_page_asks_for_the_photo_that_would_show_most(finished: Job) -> None:
    finished.report["unseen"] = {"share": 0.52, "sides": {"right": 0.11, "back": 0.31, "left": 0.1}}
    missing = result.owner_context(finished)["missing"]
    assert (missing["side"], missing["gain"], missing["share"]) == ("back", 31, 52)
    assert missing["url"] == f"{reverse('jobs:upload')}?again={finished.pk}&add=back"


@pytest.mark.parametrize("unseen", [{}, {"share": 0.2, "sides": {"back": 0.05}}, {"share": 0.2, "sides": {}}])
def test_the_page_asks_for_nothing_that_would_not_help(finished: Job, unseen: dict[str, object]) -> None:
    finished.report["unseen"] = unseen
    assert result.owner_context(finished)["missing"] is None


def test_a_remix_has_no_photos_to_add_to(finished: Job) -> None:
    finished.report["unseen"] = {"share": 0.52, "sides": {"back": 0.31}}
    finished.photos.all().delete()
    assert result.owner_context(finished)["missing"] is None


def test_a_photo_without_its_file_is_left_out(finished: Job) -> None:
    finished.artifacts.get(name=files.CUTOUT).delete()
    assert result.owner_context(finished)["shots"] == []


def test_the_recipe_is_shown_in_words() -> None:
    recipe = Recipe(faces=2000, sides=("front", 170.0), height_mm=42.5, remove_background=False)
    rows = dict(result.recipe_rows(recipe.to_dict()))
    assert (rows["Maximum faces"], rows["Sides"], rows["Size (mm)"]) == ("2000", "front, 170.0", "42.5")
    assert rows["Remove background"] == "no"
    assert "Grid resolution" not in rows


def test_a_setting_of_another_version_is_shown_by_its_name() -> None:
    assert result.recipe_rows({"new": 1}) == [("New", "1")]


def test_the_share_panel_has_link_and_embed_code(finished: Job, settings: Settings) -> None:
    settings.SITE_URL = "https://example.org"
    link = sharing.share(finished)
    context = result.share_context(link)
    assert context["share_url"] == f"https://example.org/s/{link.token}/"
    assert f'src="https://example.org/s/{link.token}/embed/"' in context["embed_code"]
