"""The owner's page of a finished model, and the acts that it offers; strangers find no door."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from jobs.core import sharing
from jobs.models import Artifact, Job, State
from ml import files
from tests.conftest import in_state, signed_in
from tests.jobs.http.test_zip_stream import body

pytestmark = pytest.mark.django_db

NAMES = (files.GLB, files.OBJ, files.MTL, files.POSTER, files.CUTOUT, files.SCENE, files.REPORT, "render_000.png")
CAMERA = {"elevation": 0.0, "azimuth": 0.0, "distance": 1.9, "fov": 40.0}
REPORT = {
    "engine": "compact",
    "mesh": {"faces": 10_000, "size_mm": [40.0, 60.0, 100.0], "watertight": True, "parts": 1},
    "recipe": {"quality": "draft", "height_mm": 100.0},
    "stages": [{"name": "scene", "seconds": 1.5, "peak_mb": 10.0}],
    "shots": [{"file": files.CUTOUT, "side": "front", "camera": CAMERA}],
}


def add_file(job: Job, name: str) -> None:
    key = default_storage.save(f"jobs/{job.pk}/run/{name}", ContentFile(name.encode()))
    Artifact.objects.create(job=job, name=name, file=key, size=len(name), sha256="0" * 64)


def finish(job: Job) -> Job:
    """A finished job with small files in place of a model's."""
    in_state(job, State.SUCCEEDED)
    Job.objects.filter(pk=job.pk).update(report=REPORT)
    for name in NAMES:
        add_file(job, name)
    job.refresh_from_db()
    return job


@pytest.fixture
def finished(job: Job) -> Job:
    return finish(job)


def page(job: Job, user: User, query: str = "") -> str:
    answer = signed_in(user).get(f"{job.get_absolute_url()}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def post(job: Job, user: User | None, act: str, **data: Any) -> Any:
    return signed_in(user).post(f"{job.get_absolute_url()}{act}/", data)


ACTS = ("rename", "remix", "share", "revoke", "publish", "unpublish")


@pytest.mark.parametrize("act", ACTS)
def test_a_stranger_finds_no_act(finished: Job, stranger: User, act: str) -> None:
    assert post(finished, stranger, act).status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_staff_act_through_the_admin_alone(finished: Job, staff: User, act: str) -> None:
    assert post(finished, staff, act).status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_who_is_not_signed_in_is_asked_to(finished: Job, act: str) -> None:
    answer = post(finished, None, act)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_staff_see_the_result_without_its_owners_forms(finished: Job, staff: User) -> None:
    text = page(finished, staff)
    assert "data-viewer" in text
    assert "data-remix" not in text


def test_the_page_names_facts_recipe_and_timings(finished: Job, owner: User) -> None:
    text = page(finished, owner)
    for fact in ("40 × 60 × 100 mm", "1.5 s", "Height (mm)"):
        assert fact in text, fact


def test_the_compare_slider_has_the_photos_camera(finished: Job, owner: User) -> None:
    assert "&quot;distance&quot;: 1.9" in page(finished, owner)


def test_the_viewer_loads_the_obj_when_asked(finished: Job, owner: User) -> None:
    assert f'data-model="{finished.get_absolute_url()}files/mesh.obj"' in page(finished, owner, "?format=obj")


@pytest.mark.parametrize("wanted", ["", "?format=glb", "?format=exe"])
def test_the_viewer_loads_the_glb_otherwise(finished: Job, owner: User, wanted: str) -> None:
    assert f'data-model="{finished.get_absolute_url()}files/mesh.glb"' in page(finished, owner, wanted)


def test_everything_comes_as_one_zip(finished: Job, owner: User) -> None:
    answer = signed_in(owner).get(f"{finished.get_absolute_url()}files.zip")
    archive = zipfile.ZipFile(io.BytesIO(body(answer)))
    assert sorted(archive.namelist()) == sorted(f"lamp/{name}" for name in NAMES)


def test_a_stranger_gets_no_zip(finished: Job, stranger: User) -> None:
    assert signed_in(stranger).get(f"{finished.get_absolute_url()}files.zip").status_code == 404


def test_a_job_without_files_has_no_zip(job: Job, owner: User) -> None:
    assert signed_in(owner).get(f"{job.get_absolute_url()}files.zip").status_code == 404


def test_the_owner_renames_it(finished: Job, owner: User) -> None:
    post(finished, owner, "rename", title="Red lamp")
    assert "<h1>Red lamp</h1>" in page(finished, owner)


def test_a_name_of_nothing_is_refused_in_words(finished: Job, owner: User) -> None:
    answer = signed_in(owner).post(f"{finished.get_absolute_url()}rename/", {"title": " "}, follow=True)
    assert "Enter a name for the model" in answer.content.decode()
    assert "<h1>Lamp</h1>" in answer.content.decode()


def test_publishing_can_be_taken_back(finished: Job, owner: User) -> None:
    post(finished, owner, "publish")
    assert "Make private" in page(finished, owner)
    post(finished, owner, "unpublish")
    assert "Make private" not in page(finished, owner)


def test_a_link_is_made_shown_and_revoked(finished: Job, owner: User) -> None:
    post(finished, owner, "share")
    link = sharing.active_link(finished)
    assert link
    assert f"/s/{link.token}/embed/" in page(finished, owner)
    post(finished, owner, "revoke")
    assert link.token not in page(finished, owner)


def test_a_job_under_way_cannot_be_shared(job: Job, owner: User) -> None:
    answer = signed_in(owner).post(f"{job.get_absolute_url()}share/", follow=True)
    assert "Only a finished model can be shared" in answer.content.decode()


REMIX = {"quality": "high", "height_mm": "55", "formats": ["glb", "stl"], "frames_show": "mesh", "transparent": "on"}


def test_a_remix_is_a_child_with_the_wishes_of_the_form(finished: Job, owner: User) -> None:
    answer = post(finished, owner, "remix", **REMIX, faces="20000", threshold="", texture_size="512")
    child = finished.remixes.get()
    assert answer["Location"] == child.get_absolute_url()
    made = child.recipe_object()
    assert (made.quality, made.faces, made.texture_size, made.height_mm) == ("high", 20_000, 512, 55.0)
    assert (made.threshold, made.formats, made.background) == (None, ("glb", "stl"), "transparent")


def test_a_remix_may_have_a_coloured_background(finished: Job, owner: User) -> None:
    post(finished, owner, "remix", **{**REMIX, "transparent": ""}, color="#ff8800")
    assert finished.remixes.get().recipe_object().background == "#ff8800"


def test_a_double_click_makes_one_remix(finished: Job, owner: User) -> None:
    key = str(uuid.uuid4())
    first = post(finished, owner, "remix", **REMIX, idempotency_key=key)
    second = post(finished, owner, "remix", **REMIX, idempotency_key=key)
    assert first["Location"] == second["Location"]
    assert finished.remixes.count() == 1


@pytest.mark.parametrize(
    "wrong", [{"faces": "7"}, {"height_mm": "0"}, {"formats": ["exe"]}, {"color": "red", "transparent": ""}]
)
def test_a_remix_out_of_range_is_said_and_makes_nothing(finished: Job, owner: User, wrong: dict[str, Any]) -> None:
    answer = post(finished, owner, "remix", **{**REMIX, **wrong})
    assert answer.status_code == 400
    assert "notice-error" in answer.content.decode()
    assert not finished.remixes.exists()


def test_parent_and_remix_name_each_other(finished: Job, owner: User) -> None:
    post(finished, owner, "remix", **REMIX)
    child = finish(finished.remixes.get())
    assert child.get_absolute_url() in page(finished, owner)
    assert finished.get_absolute_url() in page(child, owner)


def test_make_again_leads_to_a_form_with_the_same_settings(finished: Job, owner: User) -> None:
    Job.objects.filter(pk=finished.pk).update(recipe={**finished.recipe, "faces": 9000})
    address = f"/new/?again={finished.pk}"
    assert address in page(finished, owner)
    assert 'value="9000"' in signed_in(owner).get(address).content.decode()


def test_many_versions_need_no_more_queries(finished: Job, owner: User, django_assert_max_num_queries: Any) -> None:
    client = signed_in(owner)
    client.get(finished.get_absolute_url())  # the first one writes down that the session is in use
    for _ in range(3):
        post(finished, owner, "remix", **REMIX)
    with django_assert_max_num_queries(8):
        client.get(finished.get_absolute_url())
