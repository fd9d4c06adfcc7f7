"""The upload page's form: several photos with their sides, the recipe, and a job made again with other settings."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.core import transitions
from jobs.models import Job, State
from ml.recipe import LIMITS, MAX_PHOTOS
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db


def send(user: User, photo: bytes, count: int = 1, json_wanted: bool = False, **more: Any) -> Any:
    photos = [SimpleUploadedFile(f"lamp-{index}.png", photo) for index in range(count)]
    accept = "application/json" if json_wanted else "text/html"
    form = {"photo": photos, "quality": "draft", **more}
    return signed_in(user).post(reverse("jobs:upload"), form, headers={"accept": accept})


def test_several_photos_keep_their_order_and_sides(owner: User, photo: bytes) -> None:
    send(owner, photo, count=3, side=["front", "auto", "back"])
    job = Job.objects.get()
    assert [each.original_name for each in job.photos.all()] == ["lamp-0.png", "lamp-1.png", "lamp-2.png"]
    assert job.recipe["sides"] == ["front", "auto", "back"]


def test_more_photos_than_one_model_takes_are_refused(owner: User, photo: bytes) -> None:
    answer = send(owner, photo, count=MAX_PHOTOS + 1)
    assert answer.status_code == 400
    assert not Job.objects.exists()


def test_the_page_names_the_next_address_to_its_script(owner: User, photo: bytes) -> None:
    answer = send(owner, photo, json_wanted=True)
    assert (answer.status_code, answer.json()["page"]) == (201, Job.objects.get().get_absolute_url())


def test_a_refusal_reaches_the_script_as_a_sentence(owner: User) -> None:
    answer = send(owner, b"no picture", json_wanted=True)
    assert answer.status_code == 415
    assert "not a photo that can be read" in answer.json()["errors"][0]["detail"]


def test_what_is_folded_away_reaches_the_recipe(owner: User, photo: bytes) -> None:
    send(
        owner, photo, faces="7000", height_mm="42.5", background="#ffffff", formats=["glb", "stl"], keep_background="on"
    )
    recipe = Job.objects.get().recipe_object()
    assert (recipe.faces, recipe.height_mm, recipe.background) == (7000, 42.5, "#ffffff")
    assert (recipe.formats, recipe.remove_background) == (("glb", "stl"), False)


def test_an_empty_option_is_as_the_quality_has_it(owner: User, photo: bytes) -> None:
    send(owner, photo, faces="", threshold="", texture_size="")
    recipe = Job.objects.get().recipe_object()
    assert (recipe.faces, recipe.threshold, recipe.texture_size) == (None, None, None)


@pytest.mark.parametrize("name", ["faces", "grid", "height_mm", "threshold", "frame_count", "frame_size"])
def test_a_number_beyond_its_limit_is_told_and_nothing_is_made(owner: User, photo: bytes, name: str) -> None:
    answer = send(owner, photo, json_wanted=True, **{name: str(LIMITS[name][1] + 1)})
    assert answer.status_code == 400
    assert f"{LIMITS[name][1]:g}" in answer.json()["errors"][0]["detail"]
    assert not Job.objects.exists()


def test_a_form_without_a_photo_says_so(owner: User) -> None:
    assert signed_in(owner).post(reverse("jobs:upload"), {"quality": "draft"}).status_code == 400


def test_the_page_tells_the_limits_of_the_recipe(owner: User) -> None:
    shown = signed_in(owner).get(reverse("jobs:upload")).content.decode()
    assert f'max="{LIMITS["faces"][1]}"' in shown


def test_a_job_is_made_again_with_its_settings_and_photos(owner: User, submit: Callable[..., Job]) -> None:
    job = submit(quality="high", faces=1234)
    answer = signed_in(owner).get(reverse("jobs:upload"), {"again": str(job.pk)})
    assert 'value="1234"' in answer.content.decode()
    (waiting,) = answer.context["upload_data"]["earlier"]
    assert signed_in(owner).get(waiting["url"]).content[:4] == b"\x89PNG"


def test_nobody_else_gets_at_the_photo_of_a_job(job: Job, stranger: User, staff: User, client: Client) -> None:
    photo, again = reverse("jobs:photo", args=[job.pk, 0]), f"{reverse('jobs:upload')}?again={job.pk}"
    for user in (stranger, staff):
        assert signed_in(user).get(photo).status_code == 404
        assert signed_in(user).get(again).status_code == 404
    assert client.get(photo).status_code == 302


@pytest.mark.parametrize("named", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_job_that_is_not_there_cannot_be_made_again(owner: User, named: str) -> None:
    assert signed_in(owner).get(reverse("jobs:upload"), {"again": named}).status_code == 404


def test_a_photo_that_the_job_does_not_have_is_404(job: Job, owner: User) -> None:
    assert signed_in(owner).get(reverse("jobs:photo", args=[job.pk, 1])).status_code == 404


def test_a_running_job_tells_when_its_stages_began(job: Job, owner: User) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token is not None
    transitions.report_progress(job.pk, token, "cutout", 0.1, new_stage=True)
    answer = signed_in(owner).get(job.get_absolute_url())
    assert list(answer.context["stage_data"]["starts"]) == ["cutout"]


def test_a_remix_shows_only_its_own_stages(job: Job, owner: User, submit: Callable[..., Job]) -> None:
    child = submit(title="Child")
    Job.objects.filter(pk=child.pk).update(parent=job)
    stages = [stage.name for stage in signed_in(owner).get(child.get_absolute_url()).context["stages"]]
    assert stages == ["surface", "mesh", "texture", "views", "export"]


def test_a_failed_job_offers_other_settings(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    shown = signed_in(owner).get(job.get_absolute_url()).content.decode()
    assert f"{reverse('jobs:upload')}?again={job.pk}" in shown


def test_the_first_page_shows_what_was_published_and_nothing_else(client: Client, submit: Callable[..., Job]) -> None:
    for title in ("Shown", "Kept"):
        in_state(submit(title=title), State.SUCCEEDED)
    Job.objects.filter(title="Shown").update(published_at=timezone.now())
    shown = client.get(reverse("home")).content.decode()
    assert ("Shown" in shown, "Kept" in shown) == (True, False)
    assert "Shown" in signed_in(Job.objects.first().owner).get("/").content.decode()  # type: ignore[union-attr]


@pytest.mark.parametrize(("published", "shown"), [(0, 0), (3, 3), (4, 4), (6, 4), (9, 8)])
def test_the_showcase_has_no_row_that_is_half_empty(client: Client, owner: User, published: int, shown: int) -> None:
    done = {"owner": owner, "state": State.SUCCEEDED, "finished_at": timezone.now(), "published_at": timezone.now()}
    Job.objects.bulk_create(Job(title="Shown", **done) for _ in range(published))
    assert len(client.get(reverse("home")).context["published"]) == shown


def test_every_sample_is_there(client: Client) -> None:
    shown = client.get(reverse("home")).context["samples"]
    assert len(shown) >= 3
    for sample in shown:
        assert finders.find(sample["file"]) is not None


def test_what_the_scripts_need_is_plain_json(owner: User) -> None:
    data = signed_in(owner).get(reverse("jobs:upload")).context["upload_data"]
    assert json.loads(json.dumps(data))["max_photos"] == MAX_PHOTOS
