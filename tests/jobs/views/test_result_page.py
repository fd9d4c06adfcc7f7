"""The owner's page of a finished model and its actions, which nobody else can use."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from jobs.core import sharing
from jobs.models import Conversion, Job
from ml import files
from ml.notes import note, notes_to_json
from ml.photo.cutout import LARGEST
from reconsite.core.errors import MESSAGES
from tests.conftest import signed_in
from tests.jobs.downloads import zip_of
from tests.jobs.models import FILE_NAMES, add_file, finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(job: Job) -> Job:
    return finish(job)


def page(job: Job, user: User, query: str = "") -> str:
    response = signed_in(user).get(f"{job.get_absolute_url()}{query}")
    assert response.status_code == 200
    return response.content.decode()


def post(job: Job, user: User | None, action: str, **data: Any) -> Any:
    return signed_in(user).post(f"{job.get_absolute_url()}{action}/", data)


ACTIONS = ("rename", "remix", "convert", "share", "revoke", "publish", "unpublish")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stranger_gets_404_for_every_action(finished: Job, stranger: User, action: str) -> None:
    assert post(finished, stranger, action).status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_staff_get_404_for_every_action(finished: Job, staff: User, action: str) -> None:
    assert post(finished, staff, action).status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_anonymous_visitors_must_sign_in(finished: Job, action: str) -> None:
    response = post(finished, None, action)
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_staff_see_the_result_without_the_owners_forms(finished: Job, staff: User) -> None:
    text = page(finished, staff)
    assert "data-viewer" in text
    assert "data-remix" not in text


def test_the_page_shows_size_recipe_and_timings(finished: Job, owner: User) -> None:
    text = page(finished, owner)
    for fact in ("60 × 40 × 100 mm", "1.5 s", "Size (mm)"):
        assert fact in text, fact


def test_the_printer_card_says_whether_it_stands_and_what_is_hard_to_print(finished: Job, owner: User) -> None:
    mesh = finished.report["mesh"] | {"genus": 2, "stands": True, "tilt_degrees": 12.4, "thinnest_wall_mm": 1.25}
    Job.objects.update(report=finished.report | {"mesh": mesh | {"overhang_share": 0.1}})
    text = page(finished, owner)
    for fact in ("up to a tilt of 12°", "Holes through it</dt><dd>2", "about 1.3 mm", "10% of the surface"):
        assert fact in text, fact
    Job.objects.update(report=finished.report | {"mesh": mesh | {"stands": False}})
    assert "no, it falls over" in page(finished, owner)


def test_each_note_says_what_to_do_and_links_to_it(finished: Job, owner: User) -> None:
    notes = [
        note("blurred"),
        note("several_objects", count=2, outcome=LARGEST),
        note("coarser_grid"),
        note("not_painted"),
    ]
    Job.objects.update(report=finished.report | {"notes": notes_to_json(notes)})
    text = page(finished, owner)
    assert [entry.message for entry in notes if escape(entry.message) not in text] == []
    upload = reverse("jobs:upload")
    for link in (f'href="{upload}">Use', f'href="{upload}?again={finished.pk}">Adjust', 'href="#remix-settings"'):
        assert link in text, link


def test_notes_on_the_uploaded_file_are_shown_too(finished: Job, owner: User) -> None:
    finished.photos.update(notes=notes_to_json([note("animated")]))
    assert note("animated").message in page(finished, owner)


def test_the_comparison_slider_has_the_camera_of_the_photo(finished: Job, owner: User) -> None:
    assert "&quot;distance&quot;: 1.9" in page(finished, owner)


def test_the_viewer_loads_the_obj_on_request(finished: Job, owner: User) -> None:
    assert f'data-model="{finished.get_absolute_url()}files/mesh.obj"' in page(finished, owner, "?format=obj")


@pytest.mark.parametrize("query", ["", "?format=glb", "?format=exe"])
def test_the_viewer_loads_the_glb_otherwise(finished: Job, owner: User, query: str) -> None:
    assert f'data-model="{finished.get_absolute_url()}files/mesh.glb"' in page(finished, owner, query)


def test_all_files_are_downloaded_as_one_zip(finished: Job, owner: User) -> None:
    response = signed_in(owner).get(f"{finished.get_absolute_url()}files.zip")
    assert sorted(zip_of(response).namelist()) == sorted(f"lamp/{name.replace('mesh', 'lamp')}" for name in FILE_NAMES)


def test_a_stranger_gets_no_zip(finished: Job, stranger: User) -> None:
    assert signed_in(stranger).get(f"{finished.get_absolute_url()}files.zip").status_code == 404


def test_a_job_without_files_has_no_zip(job: Job, owner: User) -> None:
    assert signed_in(owner).get(f"{job.get_absolute_url()}files.zip").status_code == 404


def test_the_owner_renames_a_model(finished: Job, owner: User) -> None:
    post(finished, owner, "rename", title="Red lamp")
    assert "<h1>Red lamp</h1>" in page(finished, owner)


def test_an_empty_title_is_rejected_with_a_message(finished: Job, owner: User) -> None:
    response = signed_in(owner).post(f"{finished.get_absolute_url()}rename/", {"title": " "}, follow=True)
    assert escape(MESSAGES["title_missing"]) in response.content.decode()
    assert "<h1>Lamp</h1>" in response.content.decode()


def test_a_published_model_is_made_private_again(finished: Job, owner: User) -> None:
    post(finished, owner, "publish")
    assert "Make private" in page(finished, owner)
    post(finished, owner, "unpublish")
    assert "Make private" not in page(finished, owner)


def test_a_share_link_is_created_shown_and_revoked(finished: Job, owner: User) -> None:
    post(finished, owner, "share")
    link = sharing.active_link(finished)
    assert link
    assert f"/s/{link.token}/embed/" in page(finished, owner)
    post(finished, owner, "revoke")
    assert link.token not in page(finished, owner)


def test_an_active_job_cannot_be_shared(job: Job, owner: User) -> None:
    response = signed_in(owner).post(f"{job.get_absolute_url()}share/", follow=True)
    assert "Only a finished model can be shared" in response.content.decode()


REMIX = {"quality": "high", "height_mm": "55", "formats": ["glb", "stl"], "frames_show": "mesh", "transparent": "on"}


def test_a_remix_is_a_child_with_the_settings_of_the_form(finished: Job, owner: User) -> None:
    response = post(finished, owner, "remix", **REMIX, faces="20000", threshold="", texture_size="512")
    child = finished.remixes.get()
    assert response["Location"] == child.get_absolute_url()
    recipe = child.recipe_object()
    assert (recipe.quality, recipe.faces, recipe.texture_size, recipe.height_mm) == ("high", 20_000, 512, 55.0)
    assert (recipe.threshold, recipe.formats, recipe.background) == (None, ("glb", "stl"), "transparent")


def test_a_remix_can_have_a_coloured_background(finished: Job, owner: User) -> None:
    post(finished, owner, "remix", **{**REMIX, "transparent": ""}, color="#ff8800")
    assert finished.remixes.get().recipe_object().background == "#ff8800"


def test_a_double_click_creates_one_remix(finished: Job, owner: User) -> None:
    key = str(uuid.uuid4())
    first = post(finished, owner, "remix", **REMIX, idempotency_key=key)
    second = post(finished, owner, "remix", **REMIX, idempotency_key=key)
    assert first["Location"] == second["Location"]
    assert finished.remixes.count() == 1


@pytest.mark.parametrize(
    "wrong", [{"faces": "7"}, {"height_mm": "0"}, {"formats": ["exe"]}, {"color": "red", "transparent": ""}]
)
def test_a_remix_with_an_invalid_setting_is_rejected(finished: Job, owner: User, wrong: dict[str, Any]) -> None:
    response = post(finished, owner, "remix", **{**REMIX, **wrong})
    assert response.status_code == 400
    assert "notice-error" in response.content.decode()
    assert not finished.remixes.exists()


def test_all_versions_link_to_each_other(finished: Job, owner: User) -> None:
    post(finished, owner, "remix", **REMIX)
    child = finish(finished.remixes.get())
    assert child.get_absolute_url() in page(finished, owner)
    assert finished.get_absolute_url() in page(child, owner)


def test_make_again_links_to_a_form_with_the_same_settings(finished: Job, owner: User) -> None:
    Job.objects.filter(pk=finished.pk).update(recipe={**finished.recipe, "faces": 9000})
    address = f"/new/?again={finished.pk}"
    assert address in page(finished, owner)
    assert 'value="9000"' in signed_in(owner).get(address).content.decode()


def test_many_versions_need_few_queries(finished: Job, owner: User, django_assert_max_num_queries: Any) -> None:
    client = signed_in(owner)
    client.get(finished.get_absolute_url())  # the first visit also records the session
    for _ in range(3):
        post(finished, owner, "remix", **REMIX)
    with django_assert_max_num_queries(10):
        client.get(finished.get_absolute_url())


def test_the_owner_creates_a_format_that_was_not_asked_for(finished: Job, owner: User) -> None:
    assert "Create STL" in page(finished, owner)
    assert "Create OBJ" not in page(finished, owner)
    assert post(finished, owner, "convert", format="stl")["Location"].endswith("#files")
    waiting = page(finished, owner)
    assert 'data-converting="stl"' in waiting
    assert "Create STL" not in waiting
    Conversion.objects.update(failed_at=timezone.now())
    assert "It could not be created just now." in page(finished, owner)
    add_file(finished, files.STL)
    complete = page(finished, owner)
    assert "Create STL" not in complete
    assert "STL</span>" in complete


def test_a_format_that_does_not_exist_is_rejected_with_a_notice(finished: Job, owner: User) -> None:
    response = signed_in(owner).post(f"{finished.get_absolute_url()}convert/", {"format": "exe"}, follow=True)
    assert escape(MESSAGES["format_missing"]) in response.content.decode()
    assert not Conversion.objects.exists()


def test_only_the_owner_is_offered_other_formats(finished: Job, staff: User, owner: User) -> None:
    assert "Create STL" not in page(finished, staff)
    finished.artifacts.filter(name=files.SCENE).delete()
    assert "Create STL" not in page(finished, owner)
